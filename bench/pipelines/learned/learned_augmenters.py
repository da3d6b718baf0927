"""Augmenters that are networks: trained on a run's own images before it, kept, and used by every run on such data."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.core.digests import digest_json
from bench.core.gflow_settings import GflowSettings, ReleasedSettings
from bench.core.record import Record
from bench.core.training_run import TrainingRun
from bench.pipelines.learned.spent import FILE, Spent, accounted, read_spent, spent_on


def learned_augmenter(
    settings: Record, run: TrainingRun, pixels: np.ndarray, labels: np.ndarray, *, data_root: Path
) -> Callable[..., Any]:
    """What a network learned from images uint8 [n, h, w] or [n, h, w, c] does to images float32 [b, c, h, w] in 0..1.

    It lies in `<data root>/augmenters/`, where its training goes on after a kill. DataError where it is damaged.
    """
    import torch

    from bench.pipelines.learned.trainer import trainer

    _, learn = LEARNERS[type(settings)]
    images = torch.from_numpy(pixels).float() / 255
    images = images.permute(0, 3, 1, 2).contiguous() if images.ndim == 4 else images[:, None]
    folder = _folder(settings, run, data_root)
    with trainer(folder) as fit, accounted(folder):
        return learn(settings, images, torch.from_numpy(labels), classes=len(run.classes), fit=fit)


def spent_learning(run: TrainingRun, *, data_root: Path) -> Spent | None:
    """What the run's augmentation took to learn before the run, now or ever; None where it learns nothing."""
    if run.augment is None:
        return None
    said = run.augment.parameters
    if "state" in said:
        return read_spent(spent_on(data_root, Path(str(said["state"])).stem))
    for settings, (name, _) in LEARNERS.items():
        if name == run.augment.name:
            own = settings.model_validate({key: said[key] for key in settings.model_fields})
            return read_spent(_folder(own, run, data_root) / FILE)
    return None


def _folder(settings: Record, run: TrainingRun, data_root: Path) -> Path:
    data = [part.model_dump() for part in run.data]
    digest = digest_json([settings.model_dump(), data, run.mix is None, run.fraction, run.image_size, run.classes])
    return data_root / "augmenters" / f"{LEARNERS[type(settings)][0]}-{digest[7:23]}"


def _learn_gflow(settings: GflowSettings, images: Any, labels: Any, *, classes: int, fit: Any) -> Callable[..., Any]:
    from bench.synthesis.gflow.learn import completed, learn_policy

    policy = learn_policy(settings, images, labels, classes=classes, fit=fit)
    return lambda given, of, keep: completed(policy, given, of, keep=keep, generator=_generator()).clamp(0, 1)


def _learn_released(
    settings: ReleasedSettings, images: Any, labels: Any, *, classes: int, fit: Any
) -> Callable[..., Any]:
    from bench.synthesis.gflow.released import learn_released, redrawn

    model = learn_released(settings, images, labels, classes=classes, fit=fit)
    return lambda given: redrawn(model, given, _generator())


def _generator() -> Any:
    """Seeded by torch's global one, which the trainer seeds by step."""
    import torch

    return torch.Generator().manual_seed(int(torch.randint(2**62, ())))


LEARNERS: dict[type[Record], tuple[str, Callable[..., Any]]] = {
    GflowSettings: ("gflow", _learn_gflow),
    ReleasedSettings: ("gflow-released", _learn_released),
}
"""By the kind of their settings: the augmentation, which names the folder too, and what trains it."""
