"""`score`: from prediction files to score cards. Joins by image id, runs nobody's code, loads no model."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bench.core.detection_score import DetectionCard
from bench.core.errors import DataError, UsageError
from bench.core.images import ImageSet
from bench.core.model_ref import slug_of
from bench.core.predictions import PredictionHeader, Predictions
from bench.core.score import Declaration, Score, ScoreCard
from bench.core.track import Track
from bench.pipelines.detection.score_detections import check_header, score_detections
from bench.pipelines.scoring.environment import environment
from bench.pipelines.scoring.provenance import flags
from bench.pipelines.scoring.score_set import score_set
from bench.pipelines.track_files import load_track
from bench.pipelines.tracks import open_set
from bench.store.coco_results import JSON
from bench.store.foreign_predictions import CSV, by_file_name, read_csv, wilds_split
from bench.store.predictions import read_header, read_predictions

Role = Literal["standard", "arm", "submitted"]
Part = tuple[PredictionHeader, Score]


@dataclass(frozen=True)
class Given:
    """What the user says about the models, because their files do not: `set` and `model` of CSV files, and
    title and declaration of the card."""

    set: str | None = None
    model: str | None = None
    title: str | None = None
    declaration: Declaration = field(default_factory=Declaration)


def track_of(files: Sequence[Path | str]) -> Track:
    """The shipped track that the first Parquet file names; UsageError where none does."""
    for path in map(Path, files):
        if path.suffix not in (CSV, JSON):
            return load_track(read_header(path).track)
    raise UsageError("a CSV or JSON does not say what it is about; add --track TRACK and --set SET")


def score(
    files: Sequence[Path | str],
    *,
    track: Track,
    data_root: Path,
    role: Role = "submitted",
    given: Given = Given(),
) -> list[ScoreCard] | list[DetectionCard]:
    """One card a model, in the order in which the models first appear among `files`.

    DataError for predictions of another track, dataset or class list, and for ids or answers that
    do not fit the set; UsageError for a set that is answered twice by one model.
    """
    if track.task == "detection":
        paths = [Path(path) for path in files]
        return score_detections(paths, track=track, data_root=data_root, role=role, given=given)
    opened: dict[str, ImageSet] = {}
    parts: dict[str, dict[str, Part]] = {}
    for path in map(Path, files):
        predictions = read_for(path, track, opened, given, data_root=data_root)
        header = predictions.header
        known = parts.setdefault(header.model, {})
        if header.set in known:
            raise UsageError(f"{path}: {header.model} answers the set {header.set!r} in another file too; give one")
        if any(other.weights != header.weights for other, _ in known.values()):
            raise DataError(f"{path}: {header.model} has other weights than in its other files; predict again")
        known[header.set] = (header, score_set(predictions, opened[header.set], classes=len(track.classes)))
    return [_card(track, known, role, given) for known in parts.values()]


def score_on(
    predictions: Predictions, images: ImageSet, *, track: Track, path: Path, only: Collection[str] | None = None
) -> ScoreCard:
    """A card of one set; `only`: of the images with these ids alone."""
    check_header(predictions.header, track, path)
    part = score_set(predictions, images, classes=len(track.classes), only=only)
    return _card(track, {predictions.header.set: (predictions.header, part)}, "submitted", Given())


def read_for(path: Path, track: Track, opened: dict[str, ImageSet], given: Given, *, data_root: Path) -> Predictions:
    """The predictions in a file of ours or in a CSV, with their set opened; errors as `score` has them."""
    if path.suffix != CSV:
        predictions = read_predictions(path)
        check_header(predictions.header, track, path)
        _open(predictions.header.set, track, opened, data_root)
        return predictions
    name = given.set or wilds_split(path)
    if name is None:
        raise UsageError(f"{path}: a CSV does not say what it is about; add --set SET ({', '.join(track.sets)})")
    images = _open(name, track, opened, data_root)
    ids, answers = read_csv(path, sorted(images.ids))
    model = given.model or f"file:{path.stem}"
    header = PredictionHeader(
        track=track.name,
        set=name,
        dataset_digest=images.digest,
        classes_digest=track.classes_digest,
        model=model,
        preprocessing={},
        versions={},
        bound=False,
    )
    return Predictions(header, by_file_name(ids, images.ids), answers)


def _open(name: str, track: Track, opened: dict[str, ImageSet], data_root: Path) -> ImageSet:
    if name not in opened:
        opened[name] = open_set(track, name, data_root=data_root)
    return opened[name]


def _card(track: Track, parts: dict[str, Part], role: Role, given: Given) -> ScoreCard:
    ordered = {name: parts[name][1] for name in track.sets if name in parts}
    headers = [header for header, _ in parts.values()]
    first = headers[0]
    declaration = (first.declaration or Declaration()).completed_by(given.declaration)
    return ScoreCard(
        model=first.model,
        slug=slug_of(first.model),
        title=given.title or first.title or first.model,
        track=track.name,
        role=role,
        declaration=declaration,
        preprocessing=first.preprocessing,
        sets=ordered,
        environment=environment(first.versions),
        state="scored",
        reason=f"scored on {', '.join(ordered)}",
        flags=flags(track, ordered, declaration, bound=all(header.bound for header in headers)),
        limited=any(header.limited for header in headers),
    )
