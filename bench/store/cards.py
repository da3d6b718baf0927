"""Score cards on the disk: one JSON file a model, `leaderboards/<track>/results/<slug>.json`."""

import json
from pathlib import Path
from typing import Any, TypeVar

from bench.core.detection_score import DetectionCard
from bench.core.errors import DataError, UsageError
from bench.core.record import parse
from bench.core.score import Card, ScoreCard
from bench.store.atomic import write_json

FORMAT = 1
CARDS: dict[str, Any] = {"classification": ScoreCard, "detection": DetectionCard}
"""The task of a track -> what its cards are."""

C = TypeVar("C", bound=Card)


def write_card(folder: Path, card: Card) -> Path:
    """File `card` as `<slug>.json` in `folder`; the path. Equal cards give equal bytes."""
    path = folder / f"{card.slug}.json"
    write_json(path, card.model_dump(mode="json"))
    return path


def read_card(path: Path, kind: type[C] = ScoreCard) -> C:
    """The card in `path`; a damaged, renamed or newer one, or one of another kind, is a DataError."""
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise DataError(f"{path}: no such score card") from None
    except (ValueError, RecursionError, OSError) as error:
        raise DataError(f"{path}: not JSON ({error}); score the model again") from None
    found = data.get("format") if isinstance(data, dict) else None
    if found != FORMAT:
        raise DataError(f"{path}: score card format {found!r:.40}, this software reads {FORMAT}; update it")
    task = str(data.get("kind", "classification"))
    if CARDS.get(task, kind) is not kind:
        raise DataError(f"{path}: is a card of the task {task}; this verb or track is about another")
    try:
        card = parse(kind, data, where=str(path))
    except UsageError as error:
        raise DataError(str(error)) from None
    if path.stem != card.slug:
        raise DataError(f"{path}: holds the card {card.slug!r}; a card's file is named after its slug")
    return card


def read_cards(folder: Path, kind: type[C] = ScoreCard) -> tuple[C, ...]:
    """All cards of `folder`, sorted by slug; a folder that is absent has none."""
    return tuple(sorted((read_card(path, kind) for path in folder.glob("*.json")), key=lambda card: card.slug))
