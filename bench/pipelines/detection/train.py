"""Fitting a detector on one arm of a detection track; saved as classifiers are, with the same record."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from bench.core.boxes import BoxedImages, Boxes
from bench.core.digests import digest_bytes
from bench.core.training_run import TrainingRun
from bench.models.preprocessing import CHANNELS
from bench.pipelines.detection.plan import NAIVE
from bench.store.runs import TrainedRun, read_unfinished, write_run, write_unfinished

KEPT_PIXELS = 200_000_000  # of decoded images that are kept in memory


def fit_detector_run(
    run: TrainingRun, parts: Sequence[BoxedImages], *, data_root: Path, quiet: bool = False
) -> TrainedRun:
    """Fit the network that `run` names to the images of `parts`, and keep it. Errors as `train`."""
    from bench.augment.naive_boxes import naive
    from bench.models.detector_network import detector_network, first_label
    from bench.training.detector import Examples, fit_detector
    from bench.training.fitting import Checkpoints, pack

    mode = "L" if parts[0].read(0).mode in ("L", "1") else "RGB"
    kinds = (run.schedule or "").partition("naive augmentation: ")[2].split(", ")
    fitted = fit_detector(
        run,
        partial(detector_network, run.arch, classes=len(run.classes), channels=CHANNELS[mode], size=run.image_size),
        Examples(_reader(parts, mode), _joined(parts), sum(map(len, parts))),
        first_label=first_label(run.arch),
        augment=partial(naive, kinds=kinds) if run.arm == NAIVE else None,
        checkpoints=Checkpoints(
            saved=read_unfinished(data_root, run), save=lambda state: write_unfinished(data_root, run, state)
        ),
        quiet=quiet,
    )
    model = pack(fitted.state, _said(run, mode))
    trained = TrainedRun(
        run=run,
        file="model.safetensors",
        weights=digest_bytes(model),
        parameters=fitted.parameters,
        seconds=round(fitted.seconds, 3),
    )
    write_run(data_root, trained, model)
    return trained


def _reader(parts: Sequence[BoxedImages], mode: str):
    """A function of an image's place among all parts: its pixels, uint8; small collections are decoded once."""
    places = [(part, row) for part in parts for row in range(len(part))]

    def read(at: int) -> np.ndarray:
        part, row = places[at]
        image = part.read(row)
        return np.asarray(image if image.mode == mode else image.convert(mode))

    pixels = sum(int(part.sizes.prod(axis=1).sum()) for part in parts) * CHANNELS[mode]
    if pixels > KEPT_PIXELS:
        return read
    kept: dict[int, np.ndarray] = {}
    return lambda at: kept[at] if at in kept else kept.setdefault(at, read(at))


def _joined(parts: Sequence[BoxedImages]) -> Boxes:
    """The truth of all parts, images counted through."""
    starts = np.cumsum([0, *map(len, parts)])[:-1]
    crowds = [np.zeros(len(one.truth), dtype=bool) if one.truth.crowd is None else one.truth.crowd for one in parts]
    return Boxes(
        image=np.concatenate([part.truth.image + start for part, start in zip(parts, starts, strict=True)]),
        corners=np.concatenate([part.truth.corners for part in parts]),
        label=np.concatenate([part.truth.label for part in parts]),
        crowd=np.concatenate(crowds),
    )


def _said(run: TrainingRun, mode: str) -> dict[str, str]:
    """What the model file says of itself, so that it can be asked wherever it is copied to."""
    seed = f", seed {run.seed}" if run.seed else ""
    return {
        "arch": run.arch,
        "title": f"{run.arch}, {run.arm}, {run.steps} steps{seed}",
        "classes": json.dumps(run.classes),
        "training": run.model_dump_json(),
        "mode": mode,
        "size": str(run.image_size),
    }
