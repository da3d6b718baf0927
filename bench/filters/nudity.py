"""`nudity`: the detector of the package `nudenet`, which brings its weights and asks no server.

It finds private parts of people in photographs; it says nothing about violence, hate or drawings.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from PIL import Image
from pydantic import Field

from bench.core.errors import UsageError
from bench.core.record import Record, parse
from bench.filters.rule import Candidate, Judgement, Tools

EXPLICIT = frozenset(
    ("FEMALE_BREAST_EXPOSED", "FEMALE_GENITALIA_EXPOSED", "MALE_GENITALIA_EXPOSED", "BUTTOCKS_EXPOSED", "ANUS_EXPOSED")
)


class Parameters(Record):
    """`below`: images with a detection at or above this confidence are rejected."""

    below: float = Field(default=0.5, gt=0, le=1)


class Nudity:
    """Rejects an image with an explicit detection. Score: the highest confidence of one, 0 where there is none."""

    complaint = "shows nudity to the detector"

    def __init__(self, parameters: Mapping[str, float | int | str | bool], tools: Tools) -> None:
        self._below = parse(Parameters, dict(parameters), where="filter nudity").below
        if find_spec("nudenet") is None:
            raise UsageError('filter nudity needs the package nudenet: pip install "imagenet-g-bench[safety]"')

    def judge(self, candidates: Sequence[Candidate], kept: Sequence[Candidate]) -> list[Judgement]:
        """One judgement a candidate."""
        scores = nudity_scores(candidate.image for candidate in candidates)
        return [Judgement(score >= self._below, score) for score in scores]


def nudity_scores(images: Iterable[Image.Image]) -> list[float]:
    """The highest confidence of an explicit detection in each image, 0 where there is none."""
    detect = _detector().detect
    return [max(map(_confidence, detect(_blue_first(image))), default=0.0) for image in images]


@cache
def _detector() -> Any:
    from nudenet import NudeDetector

    return NudeDetector()


def _confidence(found: Mapping[str, Any]) -> float:
    return float(found["score"]) if found["class"] in EXPLICIT else 0.0


def _blue_first(image: Image.Image) -> np.ndarray:
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])
