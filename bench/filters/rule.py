"""What every rule of this shelf is: candidates in, one judgement each out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from PIL import Image

from bench.core.images import ImageSet
from bench.core.manifest import Item

Probabilities = Callable[[Sequence[Image.Image]], np.ndarray]


class Candidate(NamedTuple):
    """A drawn image and what is known of it; `item.sha256` and `item.phash` are still empty."""

    item: Item
    image: Image.Image


class Judgement(NamedTuple):
    """`score` is the rule's own number: what it compares with its threshold."""

    rejected: bool
    score: float


@dataclass(frozen=True)
class Tools:
    """What the pipeline hands in, because a shelf imports no other.

    `classifier(model, weights)`: images to probabilities [n, C] over `class_ids`, from weights of that digest;
    `real_images(name)`: a real image set; `device`: where a rule's own network runs.
    """

    class_ids: tuple[str, ...]
    classifier: Callable[[str, str], Probabilities]
    real_images: Callable[[str], ImageSet]
    device: str


class Rule(Protocol):
    """`complaint` ends the sentence "image … " when a version is refused because of it."""

    complaint: str

    def __init__(self, parameters: Mapping[str, float | int | str | bool], tools: Tools) -> None: ...

    def judge(self, candidates: Sequence[Candidate], kept: Sequence[Candidate]) -> list[Judgement]:
        """One judgement a candidate; both lists are of one batch, in the order of their slots.

        A judgement depends on these arguments and on the recipe alone: whoever draws the batch again, on any
        worker, must come to the same.
        """
        ...
