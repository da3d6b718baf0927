"""Making one cell: draw, train at the protocol's budget, judge after each epoch, and say what the images are like."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.augment.augmenter import Augmenter
from bench.core.augmentation import Augmentation
from bench.core.data_cell import Cost, DataCell, Epoch, Settings
from bench.core.errors import BenchError, DiskError
from bench.core.images import ImageSet
from bench.core.track import Track
from bench.core.training_run import TrainingData, TrainingRun
from bench.pipelines.data_board.court import Court
from bench.pipelines.data_board.images import Drawn, draw_images, real_shots
from bench.pipelines.data_board.plan import Task
from bench.pipelines.data_board.strips import strip_of
from bench.pipelines.learned.learned_augmenters import spent_learning
from bench.pipelines.learned.spent import Spent
from bench.pipelines.training.augmentation import open_augmenter
from bench.store.atomic import lock_folder
from bench.store.data_cells import cells_folder, find_cell, write_cell
from bench.store.machine import library_versions
from bench.training.mixing import Synthetic
from bench.training.recipe import LABEL_SMOOTHING, SCHEDULE, UNAUGMENTED, WEIGHT_DECAY

Material = tuple[np.ndarray, np.ndarray, Synthetic | None]


@dataclass(frozen=True)
class Group:
    """Cells that share what is learned or drawn, so that one process makes them one after another."""

    track: Track
    tasks: tuple[Task, ...]
    data_root: Path

    @property
    def lock(self) -> Path:
        """The folder that whoever makes these cells holds."""
        making = cells_folder(self.data_root, self.track.name).parent / "making"
        return making / self.tasks[0].group.removeprefix("sha256:")[:16]


@dataclass(frozen=True)
class Outcome:
    """What became of a group: how many cells were made, and why others could not be, by their id."""

    made: int
    failed: dict[str, str]


def make_group(group: Group) -> Outcome:
    """Make the cells of a group that are not there; each is on the disk before the next begins.

    Where another process makes the same group, it is waited for, and its cells are found. DiskError where the disk
    takes no more: it would not take the next cell either.
    """
    folder, made, failed = cells_folder(group.data_root, group.track.name), 0, {}
    with lock_folder(group.lock, wait=True):
        for task in group.tasks:
            try:
                if find_cell(folder, task.settings) is None:
                    write_cell(folder, make_cell(group.track, task.settings, data_root=group.data_root))
                    made += 1
            except DiskError:
                raise
            except BenchError as error:
                failed[task.settings.id] = str(error)
    return Outcome(made, failed)


def make_cell(track: Track, settings: Settings, *, data_root: Path) -> DataCell:
    """One cell from its settings; equal settings give equal numbers, the cost aside. Errors as generate and train."""
    real = real_shots(track, settings.protocol.shots, settings.trial, data_root=data_root)
    drawn = draw_images(track, settings, real, data_root=data_root)
    run = run_of(track, settings, real, drawn)
    court = Court.of(track, run, data_root=data_root)
    start = time.process_time()
    images, labels, synthetic = _material(run, real, drawn, court)
    augment = open_augmenter(run, images, labels, data_root=data_root, quiet=True)
    taught = spent_learning(run, data_root=data_root)
    # What it took to learn counts by itself, and as much where it was found.
    start = start if taught is None else time.process_time()
    curve = _fit(run, (images, labels, synthetic), augment, court, epochs=settings.protocol.epochs)
    learned, made = (drawn.learned, drawn.drawn) if drawn else (Spent(), Spent())
    learned += taught or Spent()
    return DataCell(
        settings=settings,
        run=run,
        sets={name: (one.images.digest, len(one.images)) for name, one in court.sets.items()},
        curve=curve,
        made=court.made(drawn) if drawn else None,
        cost=Cost(
            learning=learned.seconds,
            drawing=made.seconds,
            training=time.process_time() - start,
            evaluations=(learned + made).evaluations,
        ),
        strip=strip_of(run, real, drawn, court, data_root=data_root) if settings.trial == 0 else None,
        versions=library_versions(),
    )


def run_of(track: Track, settings: Settings, real: ImageSet, drawn: Drawn | None) -> TrainingRun:
    """The training record: the protocol's budget, and the row's own data, mixing and augmentation."""
    protocol = settings.protocol
    parts = [real, *([drawn.images] if drawn else [])]
    mix = protocol.mix if drawn else None
    seen = len(real) if mix is not None else sum(len(part) for part in parts)
    return TrainingRun(
        track=track.name,
        arm="mixed" if drawn else "real",
        arch=protocol.arch,
        data=tuple(TrainingData(name=part.name, digest=part.digest, images=len(part)) for part in parts),
        steps=protocol.steps,
        epochs=round(protocol.steps * protocol.batch / seen, 6),
        batch=protocol.batch,
        learning_rate=protocol.learning_rate,
        weight_decay=WEIGHT_DECAY,
        label_smoothing=LABEL_SMOOTHING,
        schedule=SCHEDULE if settings.augment else SCHEDULE + UNAUGMENTED,
        image_size=track.image_size or min(real.read(0).size),
        seed=settings.trial,
        classes=tuple(one.id for one in track.classes),
        augment=Augmentation.model_validate(settings.augment) if settings.augment else None,
        mix=mix,
    )


def _material(run: TrainingRun, real: ImageSet, drawn: Drawn | None, court: Court) -> Material:
    images, labels = court.pixels(real), real.labels
    if drawn is None:
        return images, labels, None
    if run.mix is not None:
        return images, labels, Synthetic(court.pixels(drawn.images), drawn.of, run.mix)
    return np.concatenate([images, court.pixels(drawn.images)]), np.concatenate([labels, drawn.images.labels]), None


def _fit(
    run: TrainingRun, material: Material, augment: Augmenter | None, court: Court, *, epochs: int
) -> tuple[Epoch, ...]:
    """Train, and judge after each of so many equal parts of the steps."""
    # It brings timm with it, which planning does without.
    from bench.training.classifier import fit

    assert run.steps is not None
    ends = {max(1, round(run.steps * part / epochs)) for part in range(1, epochs + 1)}
    curve: list[Epoch] = []

    def watch(network: object, step: int) -> None:
        if step in ends:
            curve.append(court.epoch(network, step))

    images, labels, synthetic = material
    fit(run, images, labels, augment=augment, synthetic=synthetic, watch=watch, quiet=True)
    return tuple(curve)
