"""What every model source gives: a classifier whose answer to an image depends on that image alone."""

import os
import threading
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
    """Loaded weights. `parallel`: how many chunks may be asked at once; `session`: held while they are asked.

    `backend`: what computes, with its version; `notice`: what its user should know, or None. Both are
    settled by the first question.
    """

    parallel: int
    backend: str
    notice: str | None

    def session(self) -> AbstractContextManager[None]:
        """Whatever must be set in this process meanwhile, and put back after."""
        ...

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels uint8 [chunk, h, w] or [chunk, h, w, 3] to scores [chunk, C]: logits or log-probabilities.

        One thread, so that sums have one order.
        """
        ...


@dataclass(frozen=True)
class Classifier:
    """A model that is ready to answer; `load` is called once, at the first question.

    `weights`: `sha256:…` of its file. Every chunk has `chunk` images (the last one is padded) and is
    computed by one thread, so that order, neighbours and number of workers cannot change a bit. Another
    `chunk` may let a library choose another kernel: that changes probabilities in their last digits.
    """

    model: str
    title: str
    weights: str
    declaration: Declaration
    prepare: Preprocessing
    classes: int
    load: Callable[[], Network]
    chunk: int = CHUNK

    @property
    def preprocessing(self) -> dict[str, str | int | float]:
        """How images are made ready, in the words of the score card."""
        return self.prepare.card

    @cached_property
    def network(self) -> Network:
        """The loaded weights; the first call reads them."""
        return self.load()

    @cached_property
    def _gate(self) -> threading.BoundedSemaphore:
        return threading.BoundedSemaphore(self.network.parallel)

    def probabilities(self, images: Sequence[Any], *, workers: int | None = None) -> np.ndarray:
        """float32 [n, C] for PIL images; at most `workers` chunks at once (default: one a core).

        DataError when a score is not finite or not one a class.
        """
        chunks = [images[start : start + self.chunk] for start in range(0, len(images), self.chunk)]
        if not chunks:
            return np.zeros((0, self.classes), dtype=np.float32)
        crew = min(self.network.parallel, workers or cores(), len(chunks))
        with self.network.session(), ThreadPoolExecutor(crew) as pool:
            return np.concatenate(list(pool.map(lambda chunk: self.answer(self.prepare.pixels(chunk)), chunks)))

    def answer(self, pixels: np.ndarray) -> np.ndarray:
        """Probabilities float32 [m, C] of prepared pixels uint8 [m, h, w] or [m, h, w, 3], m at most `chunk`.

        Within the network's `session`, from any thread. Errors as `probabilities` has them.
        """
        asked = len(pixels)
        padded = np.concatenate([pixels, *[pixels[-1:]] * (self.chunk - asked)])
        with self._gate:
            scores = np.asarray(self.network(padded), dtype=np.float64)
        if scores.shape != (self.chunk, self.classes):
            raise DataError(f"{self.model}: answers for {scores.shape[-1]} classes, the track has {self.classes}")
        if np.isnan(scores).any() or (scores == np.inf).any():
            raise DataError(f"{self.model}: a score is not a finite number; its weights are damaged")
        return softmax(scores)[:asked].astype(np.float32)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities [n, C] of scores [n, C], in their precision."""
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
