"""`submit`: predict where needed, score, file the card, and say listed or rejected and why."""

from collections.abc import Sequence
from pathlib import Path

from bench.core.errors import UsageError
from bench.core.score import ScoreCard
from bench.core.track import Track
from bench.pipelines.predict import Means, predict
from bench.pipelines.score import Role, score
from bench.store.cards import read_card, write_card
from bench.store.paths import leaderboards_folder

FILES = (".parquet",)


def submit(
    models: Sequence[str | Path],
    *,
    track: Track,
    data_root: Path,
    board_dir: Path | None = None,
    role: Role = "submitted",
    title: str | None = None,
    limit: int | None = None,
    means: Means = Means(),  # noqa: B008 (frozen)
    quiet: bool = False,
) -> list[ScoreCard]:
    """The cards of models (`source:name`) and prediction files, filed under `<board_dir>/<track>/results/`.

    A card's `state` is `listed` or `rejected`, its `reason` says why. A rejected card never takes the
    place of a listed one. Errors as `predict` and `score` have them.
    """
    texts = [str(model) for model in models]
    given = [Path(text) for text in texts if text.endswith(FILES)]
    asked = [text for text in texts if not text.endswith(FILES)]
    if title is not None and len(texts) > 1 and asked:
        raise UsageError(f"--title {title!r} names one model, got {len(texts)}; submit them one by one")
    made = predict(asked, track, data_root=data_root, limit=limit, means=means, quiet=quiet) if asked else []
    cards = score([*made, *given], track=track, data_root=data_root, role=role, title=title)
    folder = (board_dir or leaderboards_folder()) / track.name / "results"
    return [_file(judge(card, track), folder) for card in cards]


def judge(card: ScoreCard, track: Track) -> ScoreCard:
    """The card as `listed`, or as `rejected` with the first reason against it and the remedy."""
    why_not = _objection(card, track)
    reason = why_not or f"complete on {', '.join(card.sets)}"
    return card.model_copy(update={"state": "rejected" if why_not else "listed", "reason": reason})


def _objection(card: ScoreCard, track: Track) -> str | None:
    if card.limited:
        return "a limited run is for trials only; submit again without --limit"
    required = [name for name, spec in track.sets.items() if not spec.optional]
    missing = [name for name in required if name not in card.sets]
    if missing:
        return f"no answers on {', '.join(missing)}; predict every required set of the track"
    run = card.declaration.training
    if run is None:
        silent = "standard models are trained on real data only, this one does not say on what; train it here"
        return silent if card.role == "standard" else None
    seen = {part.digest: part.name for part in run.data}
    for name, one in card.sets.items():
        if one.dataset_digest in seen:
            return f"was trained on the set {name}; train it without {seen[one.dataset_digest]}"
    if card.role == "standard" and run.arm != "real":
        return f"standard models are trained on real data only, this one on the arm {run.arm}"
    return None


def _file(card: ScoreCard, folder: Path) -> ScoreCard:
    path = folder / f"{card.slug}.json"
    if card.state == "listed" or not path.is_file() or read_card(path).state != "listed":
        write_card(folder, card)
    return card
