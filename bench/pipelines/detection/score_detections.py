"""`score` on a detection track: from prediction files, or COCO results, to cards. Runs nobody's code."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.core.boxes import BoxedImages
from bench.core.detection_score import DetectionCard, DetectionScore
from bench.core.detections import Detections
from bench.core.errors import DataError, UsageError
from bench.core.model_ref import slug_of
from bench.core.predictions import PredictionHeader
from bench.core.registry import unknown
from bench.core.score import Declaration
from bench.core.track import Track
from bench.pipelines.detection.box_sets import open_boxes
from bench.pipelines.detection.score_boxes import score_boxes
from bench.pipelines.scoring.environment import environment
from bench.store.coco_results import JSON, read_coco_results
from bench.store.detections import read_detections

Part = tuple[PredictionHeader, DetectionScore]


def score_detections(
    files: Sequence[Path], *, track: Track, data_root: Path, role: Any, given: Any
) -> list[DetectionCard]:
    """One card a model, in the order in which the models first appear; `given` and errors as in `score`."""
    opened: dict[str, BoxedImages] = {}
    parts: dict[str, dict[str, Part]] = {}
    for path in files:
        found = detections_for(path, track, opened, given, data_root=data_root)
        header = found.header
        known = parts.setdefault(header.model, {})
        if header.set in known:
            raise UsageError(f"{path}: {header.model} answers the set {header.set!r} in another file too; give one")
        if any(other.weights != header.weights for other, _ in known.values()):
            raise DataError(f"{path}: {header.model} has other weights than in its other files; predict again")
        try:
            known[header.set] = (header, score_boxes(found, opened[header.set], classes=track.classes))
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
    return [_card(track, known, role, given) for known in parts.values()]


def detections_for(
    path: Path, track: Track, opened: dict[str, BoxedImages], given: Any, *, data_root: Path
) -> Detections:
    """The detections in a file of ours or in COCO results, with their set opened."""
    if path.suffix != JSON:
        found = read_detections(path)
        check_header(found.header, track, path)
        _open(found.header.set, track, opened, data_root)
        return found
    model, name = named(path, track)
    of_set = given.set or name
    if of_set is None:
        raise UsageError(
            f"{path}: COCO results do not say what they are about; add --set ({', '.join(track.sets)}), or name the"
            " file MODEL-SET.json"
        )
    images = _open(of_set, track, opened, data_root)
    boxes = read_coco_results(path, images, classes=len(track.classes))
    header = PredictionHeader(
        kind="boxes",
        track=track.name,
        set=of_set,
        dataset_digest=images.digest,
        classes_digest=track.classes_digest,
        model=given.model or model,
        preprocessing={},
        versions={},
        bound=False,
    )
    return Detections(header, tuple(images.ids), boxes)


def named(path: Path, track: Track) -> tuple[str, str | None]:
    """The model and the set that a file's name tells: `MODEL-SET.json`, or `SET.json` in a folder of the model's."""
    for name in track.sets:
        if path.stem == name:
            return f"file:{path.absolute().parent.name}", name
        if path.stem.endswith((f"-{name}", f"_{name}")):
            return f"file:{path.stem[: -len(name) - 1]}", name
    return f"file:{path.stem}", None


def _open(name: str, track: Track, opened: dict[str, BoxedImages], data_root: Path) -> BoxedImages:
    if name not in opened:
        opened[name] = open_boxes(track, name, data_root=data_root)
    return opened[name]


def check_header(header: PredictionHeader, track: Track, path: Path) -> None:
    """DataError where a file is about another track, set or class list."""
    if header.track != track.name:
        raise DataError(f"{path}: predictions for the track {header.track!r}, not {track.name!r}")
    if header.set not in track.sets:
        raise DataError(f"{path}: {unknown(header.set, known=track.sets, kind=f'set of track {track.name}')}")
    if header.classes_digest != track.classes_digest:
        raise DataError(
            f"{path}: answers for the class list {header.classes_digest[:19]}…,"
            f" the track {track.name} has {track.classes_digest[:19]}…; predict again"
        )


def _card(track: Track, parts: dict[str, Part], role: Any, given: Any) -> DetectionCard:
    ordered = {name: parts[name][1] for name in track.sets if name in parts}
    headers = [header for header, _ in parts.values()]
    first = headers[0]
    bound = all(header.bound for header in headers)
    return DetectionCard(
        model=first.model,
        slug=slug_of(first.model),
        title=given.title or first.title or first.model,
        track=track.name,
        role=role,
        declaration=(first.declaration or Declaration()).completed_by(given.declaration),
        preprocessing=first.preprocessing,
        sets=ordered,
        environment=environment(first.versions),
        state="scored",
        reason=f"scored on {', '.join(ordered)}",
        flags=() if bound else ("scored from COCO results, which are not bound to a dataset by their digest",),
        limited=any(header.limited for header in headers),
    )
