"""`zero-shot-table`: our cards beside He et al.'s published table."""

import json
from pathlib import Path

from bench.core.errors import BenchError, DataError
from bench.core.record import parse
from bench.core.zero_shot import QuotedTable, ZeroShotCard
from bench.reports import zero_shot_table
from bench.store.atomic import write_json
from bench.store.documents import read_yaml_lines
from bench.store.paths import datasets_folder, leaderboards_folder

BOARD = "zero-shot"


def file_card(card: ZeroShotCard, *, board_dir: Path | None = None) -> Path:
    """File the card in `leaderboards/zero-shot/results/`; the path."""
    path = _results(board_dir) / f"{card.slug}.json"
    write_json(path, card.model_dump(mode="json"))
    return path


def table(*, board_dir: Path | None = None) -> str:
    """The board in Markdown: the cards that are filed, and the published table, quoted."""
    cards = [_read(path) for path in sorted(_results(board_dir).glob("*.json"))]
    return zero_shot_table.render(cards, published())


def published() -> QuotedTable:
    """He et al.'s table 1."""
    path = datasets_folder() / "published" / "he-2023-zero-shot.yaml"
    data, lines = read_yaml_lines(path)
    return parse(QuotedTable, data, where=str(path), lines=lines)


def _results(board_dir: Path | None) -> Path:
    return (board_dir or leaderboards_folder()) / BOARD / "results"


def _read(path: Path) -> ZeroShotCard:
    try:
        return parse(ZeroShotCard, json.loads(path.read_bytes()), where=str(path))
    except (ValueError, RecursionError, OSError) as error:
        raise DataError(f"{path}: not JSON ({str(error)[:80]}); run zero-shot again") from None
    except BenchError as error:
        raise DataError(f"{error}; run zero-shot again") from None
