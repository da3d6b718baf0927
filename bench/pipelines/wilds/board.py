"""The board of a WILDS dataset: filed cards beside the published rows, rendered to its folder."""

from pathlib import Path

from bench import __version__
from bench.core.record import Record
from bench.core.registry import look_up
from bench.core.wilds import Spread, WildsTrack
from bench.core.wilds_board import WildsBoard, WildsColumn, WildsRow, check_same_data
from bench.core.wilds_card import WildsCard
from bench.reports import WILDS_PRESSES
from bench.store.atomic import write_text
from bench.store.paths import leaderboards_folder
from bench.store.wilds_cards import read_wilds_cards


class WildsPublished(Record):
    """Where a board was written, and how many rows on it are evaluated here and quoted."""

    track: str
    page: str
    evaluated: int
    quoted: int
    notes: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{self.track}: {self.evaluated} evaluated here, {self.quoted} quoted"]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes), f"page: {self.page}"])


def publish_wilds(track: WildsTrack, *, board_dir: Path | None = None, out: Path | None = None) -> WildsPublished:
    """Write `<board_dir>/<track>/…` from the cards there and the published rows; the same cards give the same bytes."""
    folder = (board_dir or leaderboards_folder()).resolve() / track.name
    board = wilds_board(track, read_wilds_cards(folder / "results"))
    target = out.resolve() if out else folder
    for path in WILDS_PRESSES:
        text = look_up(WILDS_PRESSES, path, kind="press")(board)
        if not (target / path).is_file() or (target / path).read_text(encoding="utf-8") != text:
            write_text(target / path, text)
    quoted = sum(row.quoted for row in board.rows)
    return WildsPublished(
        track=track.name,
        page=str(target / "index.html"),
        evaluated=len(board.rows) - quoted,
        quoted=quoted,
        notes=board.notes,
    )


def wilds_board(track: WildsTrack, cards: tuple[WildsCard, ...]) -> WildsBoard:
    """The board of `cards` and of the track's published rows; DataError for cards on different data."""
    check_same_data(cards)
    columns = _columns(track, [*(_spreads(track, card) for card in cards), *(row.results for row in track.published)])
    evaluated = [_of_card(card, columns) for card in cards]
    quoted = [
        WildsRow(
            method=row.method,
            quoted=True,
            source=row.source,
            remark=row.remark,
            algorithm=row.algorithm,
            cells=tuple(row.results.get(column.split, {}).get(column.metric) for column in columns),
        )
        for row in track.published
    ]
    rows = sorted([*evaluated, *quoted], key=lambda row: (-_first(row), row.quoted, row.method))
    return WildsBoard(
        track=track.name,
        title=track.title,
        question=track.question,
        replicate=track.replicate,
        replicates=len(track.replicates),
        columns=columns,
        rows=tuple(rows),
        notes=(*track.notes, *_notes(track, rows)),
        licence=track.licence,
        software=f"imagenet-g-bench {__version__}",
    )


def _spreads(track: WildsTrack, card: WildsCard) -> dict[str, dict[str, Spread]]:
    return {split: {metric: card.spread(split, metric) for metric in track.metrics} for split in card.values}


def _columns(track: WildsTrack, spreads: list[dict[str, dict[str, Spread]]]) -> tuple[WildsColumn, ...]:
    """The figures that some row has; the headline's split first, then those under shift, then the others."""
    order = sorted(track.evaluated, key=lambda name: (name != track.headline.split, not track.splits[name].shifted))
    return tuple(
        WildsColumn(
            split=split,
            metric=metric,
            title=f"{track.splits[split].title}: {figure.title}",
            percent=figure.percent,
            headline=(split, metric) == (track.headline.split, track.headline.metric),
            shifted=track.splits[split].shifted,
        )
        for split in order
        for metric, figure in track.metrics.items()
        if any(metric in row.get(split, {}) for row in spreads)
    )


def _of_card(card: WildsCard, columns: tuple[WildsColumn, ...]) -> WildsRow:
    return WildsRow(
        method=card.title,
        slug=card.slug,
        quoted=False,
        source=f"evaluated here on version {card.version}, {card.replicate} {', '.join(card.replicates)}",
        remark="; ".join(card.notes),
        cells=tuple(card.spread(one.split, one.metric) if one.split in card.values else None for one in columns),
    )


def _first(row: WildsRow) -> float:
    """What the board is sorted by; rows that do not have it come last."""
    return row.cells[0].mean if row.cells and row.cells[0] else float("-inf")


def _notes(track: WildsTrack, rows: list[WildsRow]) -> list[str]:
    few = [row.method for row in rows if row.cells and row.cells[0] and (row.cells[0].n or 99) < len(track.replicates)]
    notes = ["Quoted rows are what their sources say; nobody evaluated them here."]
    if few:
        notes.append(
            f"Fewer than the official {len(track.replicates)} {track.replicate}s: {'; '.join(few)}. Differences to"
            " them may be chance."
        )
    return notes
