"""`zero-shot-table`: our cards beside He et al.'s published table."""

from pathlib import Path

from bench.core.record import parse
from bench.core.zero_shot import QuotedTable, ZeroShotCard
from bench.reports import zero_shot_table
from bench.store.documents import read_yaml_lines
from bench.store.paths import datasets_folder, leaderboards_folder
from bench.store.zero_shot_cards import read_zero_shot_cards, write_zero_shot_card

BOARD = "zero-shot"


def file_card(card: ZeroShotCard, *, board_dir: Path | None = None) -> Path:
    """File the card in `leaderboards/zero-shot/results/`; the path."""
    return write_zero_shot_card(_results(board_dir), card)


def table(*, board_dir: Path | None = None) -> str:
    """The board in Markdown: the cards that are filed, and the published table, quoted."""
    return zero_shot_table.render(read_zero_shot_cards(_results(board_dir)), published())


def published() -> QuotedTable:
    """He et al.'s table 1."""
    path = datasets_folder() / "published" / "he-2023-zero-shot.yaml"
    data, lines = read_yaml_lines(path)
    return parse(QuotedTable, data, where=str(path), lines=lines)


def _results(board_dir: Path | None) -> Path:
    return (board_dir or leaderboards_folder()) / BOARD / "results"
