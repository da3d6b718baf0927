"""`predict`: what models answer on a track's sets, as prediction files; those that still hold are reused.

Images are read once for all models, a block at a time, in the order of their ids.
"""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bench.core.errors import BenchError
from bench.core.images import ImageSet
from bench.core.model_ref import ModelRef
from bench.core.predictions import Answers, PredictionHeader, Predictions, answers_of, joined
from bench.core.track import Track
from bench.models.classifier import Classifier
from bench.models.door import open_model
from bench.pipelines.tracks import open_set, sets_to_score
from bench.store.predictions import read_predictions, write_predictions

BLOCK = 1024
PACKAGES = ("numpy", "pillow", "safetensors", "scikit-learn", "timm", "torch")


def predict(
    models: Sequence[str],
    track: Track,
    *,
    sets: Sequence[str] | None = None,
    data_root: Path,
    limit: int | None = None,
    workers: int | None = None,
    device: str = "auto",
    quiet: bool = False,
) -> list[Path]:
    """Prediction files of each model on each set (default: every set that is ready), model by model.

    `limit`: at most that many images a set, marked in the file as not for publication. UsageError for
    an unknown model or set; DataError for data or weights that are absent or damaged.
    """
    refs = [ModelRef.parse(text) for text in models]
    opened = [open_model(ref, classes=track.classes, device=device, data_root=data_root) for ref in refs]
    files: dict[tuple[int, str], Path] = {}
    names = list(sets or sets_to_score(track, data_root=data_root))
    for name in names:
        whole = open_set(track, name, data_root=data_root)
        images = whole.first(limit)
        ready = [
            (_path(data_root, ref, images, name, track), _header(model, track, name, images, len(images) < len(whole)))
            for ref, model in zip(refs, opened, strict=True)
        ]
        todo = [index for index, (path, header) in enumerate(ready) if not _holds(path, header)]
        answers = _ask([opened[index] for index in todo], images, workers=workers, quiet=quiet)
        for index, given in zip(todo, answers, strict=True):
            path, header = ready[index]
            write_predictions(path, Predictions(header, tuple(sorted(images.ids)), given))
        files |= {(index, name): path for index, (path, _) in enumerate(ready)}
    return [files[index, name] for index in range(len(refs)) for name in names]


def _ask(models: Sequence[Classifier], images: ImageSet, *, workers: int | None, quiet: bool) -> list[Answers]:
    """Every model's answers, rows in the order of sorted ids."""
    if not models:
        return []
    rows = np.argsort(np.array(images.ids), kind="stable")
    found: list[list[Answers]] = [[] for _ in models]
    total = len(rows) * len(models)
    with tqdm(total=total, desc=f"predict {images.name}", unit="image", disable=quiet or None, leave=False) as bar:
        for start in range(0, len(rows), BLOCK):
            block = [images.read(int(row)) for row in rows[start : start + BLOCK]]
            for answers, model in zip(found, models, strict=True):
                with np.errstate(divide="ignore"):
                    scores = np.log(model.probabilities(block, workers=workers))
                answers.append(answers_of(scores, kept=images.kept))
                bar.update(len(block))
    return [joined(answers) for answers in found]


def _header(model: Classifier, track: Track, name: str, images: ImageSet, limited: bool) -> PredictionHeader:
    return PredictionHeader(
        track=track.name,
        set=name,
        dataset_digest=images.digest,
        classes_digest=track.classes_digest,
        kept_digest=images.kept_digest,
        model=model.model,
        preprocessing=model.preprocessing,
        versions=_versions(),
        limited=limited,
        weights=model.weights,
        title=model.title,
        declaration=model.declaration,
    )


def _path(data_root: Path, ref: ModelRef, images: ImageSet, name: str, track: Track) -> Path:
    folder = data_root / "predictions" / track.name / ref.slug
    return folder / f"{name}-{images.digest.removeprefix('sha256:')[:12]}.parquet"


def _holds(path: Path, header: PredictionHeader) -> bool:
    """Is there a whole file about the same model, images and classes? Library versions may differ."""
    if not path.is_file():
        return False
    try:
        found = read_predictions(path).header
    except BenchError:
        return False
    return found.model_copy(update={"versions": header.versions}) == header


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
