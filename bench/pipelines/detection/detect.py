"""Asking detectors: what they find on a track's sets, as prediction files; those that still hold are reused."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bench.core.boxes import BoxedImages, Boxes
from bench.core.detections import Detections
from bench.core.model_ref import ModelRef
from bench.core.predictions import PredictionHeader
from bench.core.registry import look_up
from bench.core.track import Track
from bench.engines import ENGINES
from bench.models.detector import Detector, open_detector
from bench.models.setting import Setting
from bench.pipelines.detection.box_sets import open_boxes
from bench.pipelines.scoring.environment import library_versions
from bench.pipelines.tracks import sets_to_score
from bench.store.detections import write_detections
from bench.store.parts import same_question
from bench.store.predictions import readable_header

PACKAGES = ("numpy", "pillow", "safetensors", "timm", "torch", "torchvision")
Task = tuple[int, str, Track, str, int | None, Path]


def detect(
    models: Sequence[str],
    track: Track,
    *,
    sets: Sequence[str] | None = None,
    data_root: Path,
    limit: int | None = None,
    workers: int | None = None,
    quiet: bool = False,
) -> list[Path]:
    """Prediction files of each detector on each set (default: every set that is ready), model by model.

    `limit`: at most that many images a set, marked in the file as not for publication. What is found does not
    depend on `workers`. UsageError for an unknown model or set; DataError for absent or damaged data or weights.
    """
    names = list(sets or sets_to_score(track, data_root=data_root))
    for text in models:
        open_detector(text, _setting(track, data_root))
    tasks: list[Task] = [
        (at, text, track, name, limit, data_root)
        for at, (text, name) in enumerate((text, name) for text in models for name in names)
    ]
    run = look_up(ENGINES, "local", kind="engine")
    found: dict[int, Path] = {}
    with tqdm(total=len(tasks), desc="detect", unit="set", disable=quiet or None, leave=False) as bar:
        for at, path in run("bench.pipelines.detection.detect:detect_task", tasks, workers=workers):
            found[at] = path
            bar.update()
    return [found[at] for at in range(len(tasks))]


def detect_task(task: Task) -> tuple[int, Path]:
    """One detector on one set, in whatever process: its place, and the file."""
    at, text, track, name, limit, data_root = task
    detector = open_detector(text, _setting(track, data_root))
    whole = open_boxes(track, name, data_root=data_root)
    images = whole.first(limit)
    header = _header(detector, track, name, images, limited=len(images) < len(whole))
    path = detections_path(data_root, track, detector.model, name, images.digest)
    found = readable_header(path)
    if found is None or not same_question(found, header):
        write_detections(path, Detections(header, tuple(images.ids), _asked(detector, images)))
    return at, path


def detections_path(data_root: Path, track: Track, model: str, name: str, digest: str) -> Path:
    """Where the detections of `model` on a set of this digest are kept."""
    folder = data_root / "predictions" / track.name / ModelRef.parse(model).slug
    return folder / f"{name}-{digest.removeprefix('sha256:')[:12]}.parquet"


def _asked(detector: Detector, images: BoxedImages) -> Boxes:
    find = detector.load()
    told = [find(images.read(i)) for i in range(len(images))]
    return Boxes(
        image=np.repeat(np.arange(len(images)), [len(scores) for *_, scores in told]),
        corners=np.concatenate([corners for corners, *_ in told]),
        label=np.concatenate([labels for _, labels, _ in told]),
        score=np.concatenate([scores for *_, scores in told]),
    )


def _setting(track: Track, data_root: Path) -> Setting:
    return Setting(classes=track.classes, data_root=data_root)


def _header(detector: Detector, track: Track, name: str, images: BoxedImages, *, limited: bool) -> PredictionHeader:
    return PredictionHeader(
        kind="boxes",
        track=track.name,
        set=name,
        dataset_digest=images.digest,
        classes_digest=track.classes_digest,
        model=detector.model,
        preprocessing=detector.preprocessing,
        versions=library_versions(PACKAGES),
        limited=limited,
        weights=detector.weights,
        title=detector.title,
        declaration=detector.declaration,
    )
