"""From what was asked of `train` to the record of the run and the images that go in."""

from pathlib import Path
from typing import Any, Literal

import numpy as np

from bench.core.digests import derive_seed
from bench.core.errors import UsageError
from bench.core.images import ImageSet
from bench.core.record import Record
from bench.core.registry import unknown
from bench.core.track import Track
from bench.core.training_run import TrainingData, TrainingRun
from bench.pipelines.detection.plan import settle_detector
from bench.pipelines.tracks import open_training_set
from bench.pipelines.training.augmentation import settle_augmentation
from bench.training.recipe import LABEL_SMOOTHING, SCHEDULE, UNAUGMENTED, WEIGHT_DECAY

ARMS = {"real": ("real",), "synthetic": ("synthetic",), "mixed": ("real", "synthetic")}
SCIKIT = "sklearn:"


class Plan(Record):
    """What was asked for: the options of `train`, as data, so that another process can be handed them.

    `repeat`: where `ratio` asks for more generated images than there are, they are used several times over.
    """

    arm: str
    arch: str | None = None
    seed: int = 0
    match: Literal["steps", "epochs"] = "steps"
    steps: int | None = None
    ratio: float | None = None
    fraction: float = 1.0
    augment: str | None = None
    mix: float | None = None
    repeat: bool = False


def settle_plan(track: Track, plan: Plan, *, data_root: Path) -> tuple[TrainingRun, list[Any]]:
    """The complete record of the run, and its images by ingredient. Errors as `train` has them."""
    if track.task == "detection":
        return settle_detector(track, plan, data_root=data_root)
    _check(track, plan)
    assert track.budget is not None
    augment = settle_augmentation(plan.augment, mirror=track.budget.mirror) if plan.augment else None
    parts = _ingredients(track, plan, data_root=data_root)
    run = TrainingRun(
        track=track.name,
        arm=plan.arm,
        arch=plan.arch or track.budget.arch,
        data=tuple(TrainingData(name=part.name, digest=part.digest, images=len(part)) for part in parts),
        image_size=track.image_size or min(parts[0].read(0).size),
        fraction=plan.fraction,
        seed=plan.seed,
        classes=tuple(item.id for item in track.classes),
        augment=augment,
        mix=plan.mix,
    )
    return run if run.arch.startswith(SCIKIT) else _budgeted(run, track, plan, data_root=data_root), parts


def share(images: ImageSet, fraction: float) -> ImageSet:
    """The same share of every class, at least one image; a smaller share is a part of a larger one."""
    if fraction == 1:
        return images
    chosen: list[int] = []
    for label in np.unique(images.labels):
        rows = np.flatnonzero(images.labels == label).tolist()
        ranked = sorted(rows, key=lambda row: (derive_seed("share", images.ids[row]), images.ids[row]))
        chosen += ranked[: max(1, round(fraction * len(rows)))]
    return images.pick(np.array(sorted(chosen)))


def _check(track: Track, plan: Plan) -> None:
    if plan.arm not in ARMS:
        raise UsageError(unknown(plan.arm, known=ARMS, kind="arm"))
    if track.budget is None:
        raise UsageError(f"track {track.name} has no training budget: it scores models and trains none")
    if plan.ratio is not None and (plan.arm != "mixed" or not plan.ratio > 0):
        raise UsageError(f"--ratio {plan.ratio:g}: expected a number above 0, and --arm mixed")
    if plan.mix is not None and (plan.arm != "mixed" or not 0 <= plan.mix <= 1):
        raise UsageError(f"--mix-probability {plan.mix:g}: expected a probability from 0 to 1, and --arm mixed")
    if not 0 < plan.fraction <= 1:
        raise UsageError(f"--fraction {plan.fraction:g}: expected a share above 0 and at most 1")
    if plan.steps is not None and plan.steps < 1:
        raise UsageError(f"--steps {plan.steps}: expected at least 1")
    arch = plan.arch or track.budget.arch
    if arch.startswith(SCIKIT) and (plan.steps is not None or plan.match == "epochs"):
        raise UsageError(f"{arch} is not fitted by steps: leave --steps and --match out")
    given = [name for name, one in (("augment", plan.augment), ("mix-probability", plan.mix)) if one is not None]
    if arch.startswith(SCIKIT) and given:
        raise UsageError(f"{arch} is not fitted by steps, and sees each image once: leave --{given[0]} out")


def _ingredients(track: Track, plan: Plan, *, data_root: Path) -> list[ImageSet]:
    parts = [open_training_set(track, name, data_root=data_root) for name in ARMS[plan.arm]]
    if plan.ratio is not None:
        real, generated = parts
        if plan.repeat:
            real = share(real, plan.fraction)
            return [real, *_repeated(generated, round(plan.ratio * len(real)))]
        wanted = round(plan.ratio * len(real))
        if wanted > len(generated):
            raise UsageError(
                f"--ratio {plan.ratio:g}: needs {wanted} generated images, {generated.name} has {len(generated)};"
                f" give at most {len(generated) / len(real):g}"
            )
        parts = [real, share(generated, wanted / len(generated))]
    return [share(part, plan.fraction) for part in parts]


def _repeated(images: ImageSet, wanted: int) -> list[ImageSet]:
    """About `wanted` images: the whole set as often as it goes in, and a share of it."""
    times, rest = divmod(wanted, len(images))
    return [images] * times + ([share(images, rest / len(images))] if rest else [])


def _budgeted(run: TrainingRun, track: Track, plan: Plan, *, data_root: Path) -> TrainingRun:
    """The record with its budget. The real arm is what others are matched to: there both matches are one run."""
    assert track.budget is not None
    # Images that are mixed in take the place of real ones: an epoch is over when those have been seen.
    n = run.data[0].images if run.mix is not None else sum(part.images for part in run.data)
    match = "steps" if run.arm == "real" else plan.match
    steps = plan.steps or track.budget.steps
    if match == "epochs":
        real = share(open_training_set(track, "real", data_root=data_root), plan.fraction)
        steps = round(steps * n / len(real))
    budget = {
        "match": match,
        "steps": steps,
        "epochs": round(steps * track.budget.batch / n, 6),
        "batch": track.budget.batch,
        "learning_rate": track.budget.learning_rate,
        "weight_decay": WEIGHT_DECAY,
        "label_smoothing": LABEL_SMOOTHING,
        "schedule": SCHEDULE if run.augment else SCHEDULE + UNAUGMENTED,
    }
    return TrainingRun.model_validate(run.model_dump() | budget)
