"""Cards of WILDS methods on the disk: one JSON file a method, `leaderboards/<track>/results/<slug>.json`."""

import json
from pathlib import Path

from bench.core.errors import DataError, UsageError
from bench.core.record import parse
from bench.core.wilds_card import WildsCard
from bench.store.atomic import write_json


def write_wilds_card(folder: Path, card: WildsCard) -> Path:
    """File `card` as `<slug>.json` in `folder`; the path. Equal cards give equal bytes."""
    path = folder / f"{card.slug}.json"
    write_json(path, card.model_dump(mode="json"))
    return path


def read_wilds_cards(folder: Path) -> tuple[WildsCard, ...]:
    """All cards of `folder`, sorted by slug; a damaged one is a DataError, a folder that is absent has none."""
    return tuple(sorted(map(_read, folder.glob("*.json")), key=lambda card: card.slug))


def _read(path: Path) -> WildsCard:
    try:
        card = parse(WildsCard, json.loads(path.read_bytes()), where=str(path))
    except (ValueError, RecursionError, OSError) as error:
        raise DataError(f"{path}: not JSON ({str(error)[:80]}); evaluate the method again") from None
    except UsageError as error:
        raise DataError(f"{error}; evaluate the method again") from None
    if path.stem != card.slug:
        raise DataError(f"{path}: holds the card {card.slug!r}; a card's file is named after its slug")
    return card
