"""`submit`: predict where needed, score, file the card, and say listed or rejected and why."""

from collections.abc import Sequence
from pathlib import Path

from bench.core.errors import BenchError, DataError, UsageError
from bench.core.model_ref import slug_of
from bench.core.score import Declaration, ScoreCard
from bench.core.track import Track
from bench.models import MODEL_SOURCES
from bench.pipelines.detection.score_detections import named
from bench.pipelines.scoring.environment import environment
from bench.pipelines.scoring.predict import Means, predict
from bench.pipelines.scoring.score import Given, Role, score
from bench.store.cards import CARDS, read_card, write_card
from bench.store.coco_results import JSON
from bench.store.foreign_predictions import CSV
from bench.store.paths import leaderboards_folder
from bench.store.predictions import read_header

FILES = (".parquet", CSV, JSON)


def submit(
    models: Sequence[str | Path],
    *,
    track: Track,
    data_root: Path,
    board_dir: Path | None = None,
    role: Role = "submitted",
    given: Given = Given(),  # noqa: B008 (frozen)
    limit: int | None = None,
    means: Means = Means(),  # noqa: B008 (frozen)
    quiet: bool = False,
) -> list[ScoreCard]:
    """The cards of models (`source:name`) and prediction files, filed under `<board_dir>/<track>/results/`.

    A card's `state` is `listed` or `rejected`, its `reason` says why, also for files that are damaged or about
    something else. A rejected card never takes the place of a listed one. Errors as `predict` has them.
    """
    texts = [str(model) for model in models]
    asked = [text for text in texts if not text.endswith(FILES) or text.partition(":")[0] in MODEL_SOURCES]
    files = [Path(text) for text in texts if text not in asked]
    if given.title is not None and len(texts) > 1 and asked:
        raise UsageError(f"--title {given.title!r} names one model, got {len(texts)}; submit them one by one")
    made = predict(asked, track, data_root=data_root, limit=limit, means=means, quiet=quiet) if asked else []
    cards = score(made, track=track, data_root=data_root, role=role, given=given)
    for group in _by_model(files, track, given).values():
        try:
            cards += score(group, track=track, data_root=data_root, role=role, given=given)
        except DataError as error:
            cards.append(_refused(group, track, role, given, error))
    folder = (board_dir or leaderboards_folder()) / track.name / "results"
    return [_file(judge(card, track), folder) for card in cards]


def judge(card: ScoreCard, track: Track) -> ScoreCard:
    """The card as `listed`, or as `rejected` with the first reason against it and the remedy."""
    why_not = _objection(card, track)
    reason = why_not or f"complete on {', '.join(card.sets)}"
    return card.model_copy(update={"state": "rejected" if why_not else "listed", "reason": reason})


def _objection(card: ScoreCard, track: Track) -> str | None:
    if card.state == "rejected":
        return card.reason
    if card.limited:
        return "a limited run is for trials only; submit again without --limit"
    required = [name for name, spec in track.sets.items() if not spec.optional]
    missing = [name for name in required if name not in card.sets]
    if missing:
        return f"no answers on {', '.join(missing)}; predict every required set of the track"
    run = card.declaration.training
    seen = {one.digest: one.name for one in card.declaration.data if one.digest}
    seen |= {part.digest: part.name for part in run.data} if run else {}
    for name, one in card.sets.items():
        if one.dataset_digest in seen:
            return f"was trained on the set {name}; train it without {seen[one.dataset_digest]}"
    if card.role != "standard":
        return None
    if run is None:
        return "standard models are trained on real data only, this one does not say on what; train it here"
    if run.arm != "real":
        return f"standard models are trained on real data only, this one on the arm {run.arm}"
    if run.augment and run.augment.name != "standard":
        return f"standard models are trained without robustness interventions, this one with {run.augment.name}"
    return None


def _by_model(files: Sequence[Path], track: Track, given: Given) -> dict[str, list[Path]]:
    groups: dict[str, list[Path]] = {}
    for path in files:
        groups.setdefault(_model_in(path, track, given), []).append(path)
    return groups


def _model_in(path: Path, track: Track, given: Given) -> str:
    if path.suffix not in (CSV, JSON):
        try:
            return read_header(path).model
        except DataError:
            pass
    return given.model or (named(path, track)[0] if path.suffix == JSON else f"file:{path.stem}")


def _refused(files: Sequence[Path], track: Track, role: Role, given: Given, error: DataError) -> ScoreCard:
    """The card of a submission that could not be scored. It tells nobody where the files lay."""
    model, reason = _model_in(files[0], track, given), str(error)
    for path in files:
        reason = reason.replace(str(path), path.name)
    shown = "".join(letter if letter.isprintable() else "?" for letter in model)[:200]
    return CARDS[track.task](
        model=shown,
        slug=slug_of(model),
        title=given.title or shown,
        track=track.name,
        role=role,
        declaration=Declaration().completed_by(given.declaration),
        preprocessing={},
        sets={},
        environment=environment({}),
        state="rejected",
        reason="".join(letter if letter.isprintable() else "?" for letter in reason)[:2000],
    )


def _file(card: ScoreCard, folder: Path) -> ScoreCard:
    path = folder / f"{card.slug}.json"
    before = _card_at(path, type(card))
    if before is not None and before.model != card.model:
        raise DataError(f"{path}: is the card of {before.model}; {card.model} cannot take its place, rename the model")
    if card.state == "listed" or before is None or before.state != "listed":
        write_card(folder, card)
    return card


def _card_at(path: Path, kind: type[ScoreCard]) -> ScoreCard | None:
    try:
        return read_card(path, kind) if path.is_file() else None
    except BenchError:
        # A damaged card is replaced by a whole one.
        return None
