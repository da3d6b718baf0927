"""What every model source gives: a classifier whose answer to an image depends on that image alone."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from bench.core.errors import DataError
from bench.core.score import Declaration
from bench.models.preprocessing import Preprocessing

CHUNK = 64


class Network(Protocol):
    """Loaded weights. `parallel`: how many chunks may be asked at once; `session`: held while they are asked."""

    parallel: int

    def session(self) -> AbstractContextManager[None]:
        """Whatever must be set in this process meanwhile, and put back after."""
        ...

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels uint8 [CHUNK, h, w] or [CHUNK, h, w, 3] to scores [CHUNK, C]: logits or log-probabilities.

        One thread, so that sums have one order.
        """
        ...


@dataclass(frozen=True)
class Classifier:
    """A model that is ready to answer; `load` is called once, at the first question.

    `weights`: `sha256:…` of its file. Every chunk has CHUNK images (the last one is padded) and is
    computed by one thread, so that batch size, order and number of workers cannot change a bit.
    """

    model: str
    title: str
    weights: str
    declaration: Declaration
    prepare: Preprocessing
    classes: int
    load: Callable[[], Network]

    @property
    def preprocessing(self) -> dict[str, str | int | float]:
        """How images are made ready, in the words of the score card."""
        return self.prepare.card

    @cached_property
    def _network(self) -> Network:
        return self.load()

    def probabilities(self, images: Sequence[Any], *, workers: int | None = None) -> np.ndarray:
        """float32 [n, C] for PIL images; at most `workers` chunks at once (default: one a core).

        DataError when a score is not finite or not one a class.
        """
        chunks = [images[start : start + CHUNK] for start in range(0, len(images), CHUNK)]
        if not chunks:
            return np.zeros((0, self.classes), dtype=np.float32)
        network = self._network
        crew = min(network.parallel, workers or _cores(), len(chunks))
        with network.session(), ThreadPoolExecutor(crew) as pool:
            return np.concatenate(list(pool.map(lambda chunk: self._answer(network, chunk), chunks)))

    def _answer(self, network: Network, chunk: Sequence[Any]) -> np.ndarray:
        pixels = self.prepare.pixels([*chunk, *[chunk[-1]] * (CHUNK - len(chunk))])
        scores = np.asarray(network(pixels), dtype=np.float64)
        if scores.shape != (CHUNK, self.classes):
            raise DataError(f"{self.model}: answers for {scores.shape[-1]} classes, the track has {self.classes}")
        if np.isnan(scores).any() or (scores == np.inf).any():
            raise DataError(f"{self.model}: a score is not a finite number; its weights are damaged")
        return softmax(scores)[: len(chunk)].astype(np.float32)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities [n, C] of scores [n, C], in their precision."""
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
