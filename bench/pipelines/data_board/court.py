"""What judges every cell alike: the evaluation sets, ready to be answered, and the track's oracle for the images."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bench.core.data_cell import Epoch, Made
from bench.core.images import ImageSet
from bench.core.track import Track
from bench.core.training_run import TrainingRun
from bench.metrics.frechet import frechet_distance
from bench.models.preprocessing import Preprocessing
from bench.pipelines.data_board.images import Drawn
from bench.pipelines.tracks import open_set, open_training_set
from bench.pipelines.training.train import preprocessing_of

DIGITS = 6  # enough to compare, few enough to be the same after another summation order
LEAST = 2  # images on each side of a distance


@dataclass(frozen=True)
class Judged:
    """A set, and its images as a network reads them: uint8 [n, h, w] or [n, h, w, c]."""

    images: ImageSet
    pixels: np.ndarray

    def accuracy(self, logits: np.ndarray) -> float:
        """Top-1, a fraction: the best of the classes that compete is one of those that are right."""
        kept = np.arange(logits.shape[1]) if self.images.kept is None else np.array(self.images.kept)
        answers = kept[logits[:, kept].argmax(axis=1)]
        return float(np.mean([answer in self.images.right(row) for row, answer in enumerate(answers.tolist())]))


@dataclass(frozen=True)
class Court:
    """The in-distribution set and those of the headline, prepared once for all cells of a process."""

    track: Track
    prepare: Preprocessing
    sets: dict[str, Judged]

    @classmethod
    def of(cls, track: Track, run: TrainingRun, *, data_root: Path) -> "Court":
        """The sets of a track as the networks of `run` read them; DataError for one that is not here."""
        prepare = preprocessing_of(run, [open_training_set(track, "real", data_root=data_root)])
        names = dict.fromkeys((track.in_distribution, *track.headline.sets))
        opened = {name: open_set(track, name, data_root=data_root) for name in names}
        return cls(track, prepare, {name: Judged(one, _pixels(prepare, one)) for name, one in opened.items()})

    def epoch(self, network: Any, step: int) -> Epoch:
        """The network's accuracy on every set, after `step` steps."""
        from bench.training.answers import logits_on

        return Epoch(
            step=step,
            accuracy={name: one.accuracy(logits_on(network, one.pixels)) for name, one in self.sets.items()},
        )

    def pixels(self, images: ImageSet) -> np.ndarray:
        """Images as the networks read them."""
        return _pixels(self.prepare, images)

    def made(self, drawn: Drawn) -> Made:
        """What the images are and how the oracle finds them; nothing of the latter on a track without one."""
        frechet = consistency = None
        if self._oracle is not None:
            logits, features = self._oracle.read([drawn.images.read(i) for i in range(len(drawn.images))])
            consistency = float((logits.argmax(axis=1) == drawn.images.labels).mean())
            if len(features) >= LEAST:
                frechet = round(frechet_distance(features, self._reference), DIGITS)
        return Made(
            reference=drawn.reference,
            recipe_digest=drawn.recipe_digest,
            content_digest=drawn.images.digest,
            images=len(drawn.images),
            frechet=frechet,
            consistency=consistency,
        )

    @cached_property
    def _oracle(self) -> Any:
        if self.track.oracle is None:
            return None
        from bench.models.oracle import open_oracle

        return open_oracle(self.track.oracle)

    @cached_property
    def _reference(self) -> np.ndarray:
        """The oracle's features of the in-distribution test images."""
        images = self.sets[self.track.in_distribution].images
        return self._oracle.features([images.read(i) for i in range(len(images))])


def _pixels(prepare: Preprocessing, images: ImageSet) -> np.ndarray:
    return prepare.pixels([images.read(i) for i in range(len(images))])
