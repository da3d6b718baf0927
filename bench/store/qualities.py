"""Quality reports on the disk: `quality.json`, with its page, cards and plots."""

import json
import re
from pathlib import Path

from bench.core.errors import DataError, UsageError
from bench.core.quality import VersionQuality
from bench.core.record import parse
from bench.store.atomic import write_bytes, write_json
from bench.store.paths import quality_folder

QUALITY = "quality.json"


def write_quality(folder: Path, report: VersionQuality, others: dict[str, bytes]) -> None:
    """Write `others` by path, a card for each set, and the report last, which completes it.

    What an older report left there goes.
    """
    if (folder / QUALITY).is_file():
        for left in (folder / QUALITY, *folder.glob("cards/*.json"), *folder.glob("plots/*.*")):
            left.unlink()
    for path, data in others.items():
        write_bytes(folder / path, data)
    for name, card in report.cards.items():
        safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "set"
        write_json(folder / "cards" / f"{safe}.json", card.model_dump(mode="json"))
    write_json(folder / QUALITY, report.model_dump(mode="json"))


def read_qualities(data_root: Path, images: str, content_digest: str) -> tuple[VersionQuality, ...]:
    """The reports that are kept of `images` with this content, sorted by track; those of limited runs are left out."""
    folders = sorted(path.parent for path in quality_folder(data_root, images, "").glob(f"*/{QUALITY}"))
    found = [read_quality(folder) for folder in folders]
    return tuple(
        one
        for one in found
        if one is not None
        and one.content_digest == content_digest
        and not any(card.limited for card in one.cards.values())
    )


def read_quality(folder: Path) -> VersionQuality | None:
    """The report in `folder`, or None; a damaged one is a DataError."""
    path = folder / QUALITY
    try:
        return parse(VersionQuality, json.loads(path.read_bytes()), where=str(path))
    except FileNotFoundError:
        return None
    except (ValueError, UsageError) as error:
        raise DataError(f"{path}: damaged ({str(error)[:160]}); run quality again") from None
