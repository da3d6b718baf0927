"""Cards of the zero-shot protocol on the disk: one JSON file a tuned head, `<board>/results/<slug>.json`."""

import json
from pathlib import Path

from bench.core.errors import DataError, UsageError
from bench.core.record import parse
from bench.core.zero_shot import ZeroShotCard
from bench.store.atomic import write_json


def write_zero_shot_card(folder: Path, card: ZeroShotCard) -> Path:
    """File `card` as `<slug>.json` in `folder`; the path. Equal cards give equal bytes."""
    path = folder / f"{card.slug}.json"
    write_json(path, card.model_dump(mode="json"))
    return path


def read_zero_shot_cards(folder: Path) -> list[ZeroShotCard]:
    """All cards of `folder`, sorted by slug; a damaged one is a DataError, a folder that is absent has none."""
    return [_read(path) for path in sorted(folder.glob("*.json"))]


def _read(path: Path) -> ZeroShotCard:
    try:
        return parse(ZeroShotCard, json.loads(path.read_bytes()), where=str(path))
    except (ValueError, RecursionError, OSError) as error:
        raise DataError(f"{path}: not JSON ({str(error)[:80]}); run zero-shot again") from None
    except UsageError as error:
        raise DataError(f"{error}; run zero-shot again") from None
