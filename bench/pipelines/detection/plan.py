"""From what was asked of `train` on a detection track to the record of the run and the images that go in."""

from pathlib import Path
from typing import Any

from bench.core.boxes import BoxedImages
from bench.core.errors import UsageError
from bench.core.registry import unknown
from bench.core.track import Track
from bench.core.training_run import TrainingData, TrainingRun
from bench.pipelines.detection.box_sets import open_training_boxes
from bench.training.recipe import SCHEDULE, UNAUGMENTED, WEIGHT_DECAY

ARMS = {"real": ("real",), "naive": ("real",), "synthetic": ("synthetic",), "mixed": ("real", "synthetic")}
NAIVE = "naive"
DEFAULT_SIZE = 384


def settle_detector(track: Track, plan: Any, *, data_root: Path) -> tuple[TrainingRun, list[BoxedImages]]:
    """The complete record of the run, and its images by ingredient. Errors as `train` has them.

    Arms are matched by optimizer steps: the augmentation of `naive` and the synthetic images of `mixed` cost no
    more of them.
    """
    _check(track, plan)
    assert track.budget is not None
    parts = [open_training_boxes(track, name, data_root=data_root) for name in ARMS[plan.arm]]
    steps = plan.steps or track.budget.steps
    n = sum(map(len, parts))
    naive = f", naive augmentation: {', '.join(track.budget.naive)}"
    return TrainingRun(
        track=track.name,
        arm=plan.arm,
        arch=plan.arch or track.budget.arch,
        data=tuple(TrainingData(name=part.name, digest=part.digest, images=len(part)) for part in parts),
        steps=steps,
        epochs=round(steps * track.budget.batch / n, 6),
        batch=track.budget.batch,
        learning_rate=track.budget.learning_rate,
        weight_decay=WEIGHT_DECAY,
        schedule=SCHEDULE + (naive if plan.arm == NAIVE else UNAUGMENTED),
        image_size=track.image_size or DEFAULT_SIZE,
        seed=plan.seed,
        classes=track.class_ids,
    ), parts


def _check(track: Track, plan: Any) -> None:
    if plan.arm not in ARMS:
        raise UsageError(unknown(plan.arm, known=ARMS, kind="arm"))
    if track.budget is None:
        raise UsageError(f"track {track.name} has no training budget: it scores models and trains none")
    if plan.arm == NAIVE and not track.budget.naive:
        raise UsageError(f"track {track.name} does not say what naive augmentation is; add budget.naive: [crop, …]")
    if plan.augment is not None:
        raise UsageError(f"--augment {plan.augment} is for classifiers; --arm {NAIVE} augments pictures and boxes")
    if plan.ratio is not None or plan.mix is not None or plan.fraction != 1 or plan.match != "steps":
        raise UsageError(
            "--ratio, --mix-probability, --fraction and --match epochs are for classifiers; a detector takes all"
            " its images"
        )
