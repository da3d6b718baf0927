"""`train`: a classifier on one arm of a track, saved with its record; a run that exists is reused."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from tqdm import tqdm

from bench.core.digests import digest_bytes
from bench.core.errors import DataError
from bench.core.images import ImageSet
from bench.core.registry import look_up
from bench.core.track import Track
from bench.core.training_run import TrainingRun
from bench.engines import ENGINES
from bench.engines.local import default_workers
from bench.models.preprocessing import CHANNELS, Preprocessing
from bench.pipelines.detection.train import fit_detector_run
from bench.pipelines.training.augmentation import in_short, open_augmenter
from bench.pipelines.training.mixing import made_from, sources_of
from bench.pipelines.training.training_plan import SCIKIT, Plan, settle_plan
from bench.store.runs import TrainedRun, find_run, read_unfinished, write_run, write_unfinished
from bench.store.versions import open_version
from bench.training.recipe import MEAN, STD

if TYPE_CHECKING:  # It brings torch with it.
    from bench.training.mixing import Synthetic

Task = tuple[int, Track, Plan, Path]
Fit = tuple[TrainedRun, bytes]
Material = tuple[np.ndarray, np.ndarray, "Synthetic | None"]


def train(
    track: Track,
    arm: str,
    *,
    arch: str | None = None,
    seed: int = 0,
    match: Literal["steps", "epochs"] = "steps",
    steps: int | None = None,
    ratio: float | None = None,
    fraction: float = 1.0,
    augment: str | None = None,
    mix: float | None = None,
    data_root: Path,
    quiet: bool = False,
) -> TrainedRun:
    """Fit one classifier on one core. `ratio`: generated images for each real one (mixed; default: all there are).

    `match="epochs"` trains for as many epochs as the real arm. `fraction`: the share of the arm's
    images, the same for every class. `augment`: `NAME?key=value&…` of `bench/augment/`.
    `mix` (mixed): how probably a real image gives its place to a generated one of the same source, or of its class
    where generated images have no source. UsageError for an unknown arm or architecture and for options that do not
    go together; DataError where training images are missing.
    """
    plan = Plan(
        arm=arm,
        arch=arch,
        seed=seed,
        match=match,
        steps=steps,
        ratio=ratio,
        fraction=fraction,
        augment=augment,
        mix=mix,
    )
    return train_plan(track, plan, data_root=data_root, quiet=quiet)


def train_plan(track: Track, plan: Plan, *, data_root: Path, quiet: bool = False) -> TrainedRun:
    """`train` for one plan."""
    run, parts = settle_plan(track, plan, data_root=data_root)
    if track.task == "detection":
        return find_run(data_root, run) or fit_detector_run(run, parts, data_root=data_root, quiet=quiet)
    return find_run(data_root, run) or _fit(track, run, parts, data_root=data_root, quiet=quiet)


def train_all(
    track: Track, plans: Sequence[Plan], *, data_root: Path, workers: int | None = None, quiet: bool = False
) -> list[TrainedRun]:
    """`train` for each plan, several at once (default: one a core); the runs in the order of `plans`.

    The weights do not depend on `workers`. Errors as `train` has them, before any fit where they can be foreseen.
    """
    # What is finished is found without starting a process.
    runs = [settle_plan(track, plan, data_root=data_root)[0] for plan in plans]
    found = {index: done for index, run in enumerate(runs) if (done := find_run(data_root, run))}
    # The longest first, so that no core waits long at the end.
    todo = sorted((index for index in range(len(runs)) if index not in found), key=lambda i: -(runs[i].steps or 0))
    tasks: list[Task] = [(index, track, plans[index], data_root) for index in todo]
    engine = look_up(ENGINES, "local", kind="engine")
    hidden = True if quiet else None
    with tqdm(total=len(runs), initial=len(found), desc="train", unit="run", disable=hidden, leave=False) as bar:
        for index, done in engine(
            "bench.pipelines.training.train:train_task", tasks, workers=workers or default_workers("cpu")
        ):
            found[index] = done
            bar.update()
    return [found[index] for index in range(len(runs))]


def train_task(task: Task) -> tuple[int, TrainedRun]:
    """One plan, in whatever process: its place among the plans, and its finished run."""
    index, track, plan, data_root = task
    return index, train_plan(track, plan, data_root=data_root, quiet=True)


def _fit(track: Track, run: TrainingRun, parts: list[ImageSet], *, data_root: Path, quiet: bool) -> TrainedRun:
    labels = np.concatenate([part.labels for part in parts])
    absent = sorted(set(range(len(run.classes))) - set(labels.tolist()))
    if absent:
        raise DataError(f"{run.id}: no training image of class {run.classes[absent[0]]!r}")
    prepare = preprocessing_of(run, parts)
    each = [prepare.pixels([part.read(i) for i in range(len(part))]) for part in parts]
    said = _metadata(run, prepare)
    if run.arch.startswith(SCIKIT):
        trained, model = _fit_estimator(run, np.concatenate(each), labels, said)
    elif run.mix is None:
        trained, model = _fit_network(run, (np.concatenate(each), labels, None), said, data_root=data_root, quiet=quiet)
    else:
        synthetic = _mixed_in(track, run.mix, parts, each[1], data_root=data_root)
        material = (each[0], parts[0].labels, synthetic)
        trained, model = _fit_network(run, material, said, data_root=data_root, quiet=quiet)
    write_run(data_root, trained, model)
    return trained


def preprocessing_of(run: TrainingRun, parts: Sequence[ImageSet]) -> Preprocessing:
    """How the run's images are made ready: in the mode of the first real one, at the run's size."""
    mode = "L" if parts[0].read(0).mode in ("L", "1") else "RGB"
    mean, std = (0.0, 1.0) if run.arch.startswith(SCIKIT) else (MEAN, STD)
    channels = CHANNELS[mode]
    return Preprocessing(mode, run.image_size, (mean,) * channels, (std,) * channels, "bicubic")


def _mixed_in(
    track: Track, probability: float, parts: Sequence[ImageSet], pixels: np.ndarray, *, data_root: Path
) -> "Synthetic":
    """The generated images, and which real one each was made from."""
    from bench.training.mixing import Synthetic

    reference = track.synthetic.dataset if track.synthetic else None
    sources = sources_of(open_version(reference, data_root)) if reference else {}
    return Synthetic(pixels, made_from(parts[0], parts[1], sources), probability)


def _fit_network(run: TrainingRun, material: Material, said: dict[str, str], *, data_root: Path, quiet: bool) -> Fit:
    """Of `material`: images, labels, and what is mixed in."""
    from bench.training.classifier import fit
    from bench.training.fitting import Checkpoints, pack

    checkpoints = Checkpoints(
        saved=read_unfinished(data_root, run), save=lambda state: write_unfinished(data_root, run, state)
    )
    pixels, labels, synthetic = material
    augment = open_augmenter(run, pixels, labels, data_root=data_root, quiet=quiet)
    means = {"augment": augment, "synthetic": synthetic, "checkpoints": checkpoints}
    fitted = fit(run, pixels, labels, **means, quiet=quiet)
    model = pack(fitted.state, said)
    return _finished(run, "model.safetensors", model, fitted.parameters, fitted.seconds), model


def _fit_estimator(run: TrainingRun, pixels: np.ndarray, labels: np.ndarray, said: dict[str, str]) -> Fit:
    from bench.training.scikit import fit_estimator, pack_estimator

    fitted = fit_estimator(run, pixels, labels)
    model = pack_estimator(fitted.estimator, said)
    return _finished(run, "model.skops", model, None, fitted.seconds), model


def _finished(
    run: TrainingRun,
    file: Literal["model.safetensors", "model.skops"],
    model: bytes,
    parameters: int | None,
    seconds: float,
) -> TrainedRun:
    return TrainedRun(run=run, file=file, weights=digest_bytes(model), parameters=parameters, seconds=round(seconds, 3))


def _metadata(run: TrainingRun, prepare: Preprocessing) -> dict[str, str]:
    """What the model file says of itself, so that it can be scored wherever it is copied to."""
    return {
        "arch": run.arch,
        "title": _title(run),
        "classes": json.dumps(run.classes),
        "training": run.model_dump_json(),
        **prepare.said,
    }


def _title(run: TrainingRun) -> str:
    parts = [run.arch.removeprefix(SCIKIT), run.arm + (", equal epochs" if run.match == "epochs" else "")]
    parts += [in_short(run.augment)] if run.augment else []
    parts += [f"mixed in {run.mix:g}"] if run.mix is not None else []
    parts += [f"{run.steps} steps"] if run.steps else []
    parts += [f"{100 * run.fraction:g} % of the images"] if run.fraction < 1 else []
    return ", ".join([*parts, *([f"seed {run.seed}"] if run.seed else [])])
