"""From detection cards to a `DetectionBoard`: every number that it shows, computed here and nowhere else."""

import numpy as np

from bench import __version__
from bench.core.detection_board import (
    DetectionBoard,
    DetectionColumn,
    DetectionRow,
    QuotedTable,
    TableRow,
    check_one_truth,
)
from bench.core.detection_score import DetectionCard
from bench.core.errors import DataError
from bench.core.track import Track
from bench.metrics.image_bootstrap import drawn_interval
from bench.metrics.ranks import separated_draws
from bench.pipelines.boards.board import tie_sentence
from bench.pipelines.boards.commands import of_card
from bench.pipelines.boards.parts import check_whole, columns_of
from bench.pipelines.boards.ranks import Ranks

PAIRED = "paired by image (bootstrap of AP at 0.5 over the same resamples), Holm over all ordered pairs of models"


def detection_board(track: Track, cards: tuple[DetectionCard, ...]) -> DetectionBoard:
    """The board of `cards` (listed ones), best mean AP at 0.5 over the headline sets first.

    DataError for no cards, cards of different data or truth, and a card without a headline set.
    """
    check_whole(track, cards)
    check_one_truth(cards)
    ordered = sorted(cards, key=lambda card: (-shifted_precision(track, card), card.slug))
    values = np.array([shifted_precision(track, card) for card in ordered])
    draws = np.stack([_draws(track, card) for card in ordered])
    ranks = Ranks.of(separated_draws(values, draws), paired=True)
    ranking = ranks.ranking.model_copy(update={"method": PAIRED})
    rows = [_row(track, card, index, ranks, draws[index]) for index, card in enumerate(ordered)]
    return DetectionBoard(
        track=track.name,
        title=track.title,
        question=track.question,
        summary=f"{_summary(track, ordered)} {tie_sentence(ranks)}".strip(),
        software=__version__,
        class_names={one.id: one.name for one in track.classes},
        columns=tuple(
            DetectionColumn(**said, boxes=score.boxes, labels_digest=score.labels_digest)
            for said, score in columns_of(track, cards)
        ),
        rows=tuple(rows),
        ranking=ranking,
        table=_table(track, ordered),
        notes=_notes(track, ordered),
    )


def shifted_precision(track: Track, card: DetectionCard) -> float:
    """The headline: unweighted mean of AP at 0.5 over the headline sets, a fraction."""
    return float(np.mean([card.sets[name].ap50 for name in track.headline.sets]))


def _draws(track: Track, card: DetectionCard) -> np.ndarray:
    """float64 [resamples]: the headline of each resample; the sets' images are drawn independently."""
    drawn = [card.sets[name].drawn().astype(np.float64) for name in track.headline.sets]
    if len({len(one) for one in drawn}) != 1:
        raise DataError(f"{card.slug}: its sets have different numbers of resamples; score it again")
    return np.mean(drawn, axis=0)


def _row(track: Track, card: DetectionCard, index: int, ranks: Ranks, drawn: np.ndarray) -> DetectionRow:
    run = card.declaration.training
    low, high = drawn_interval(shifted_precision(track, card), drawn)
    return DetectionRow(
        rank=index + 1,
        rank_interval=ranks.intervals[index],
        band=ranks.bands[index],
        ties_first=ranks.ties_first[index],
        slug=card.slug,
        title=card.title,
        model=card.model,
        role=card.role,
        arch=card.declaration.arch,
        arm=run.arm if run else "unknown",
        seed=run.seed if run else 0,
        parameters=card.declaration.parameters,
        shifted=shifted_precision(track, card),
        shifted_interval=(round(low, 12), round(high, 12)),
        cells=card.sets,
        command=of_card(track, card),
    )


def _summary(track: Track, ordered: list[DetectionCard]) -> str:
    best = ordered[0]
    inside = best.sets[track.in_distribution].ap50
    return (
        f"{best.title} has the highest mean AP@0.5 under shift, {100 * shifted_precision(track, best):.1f} %;"
        f" in distribution it has {100 * inside:.1f} %."
    )


def _notes(track: Track, ordered: list[DetectionCard]) -> tuple[str, ...]:
    notes = []
    runs = [card.declaration.training for card in ordered if card.declaration.training]
    if runs and len({run.seed for run in runs}) == 1:
        notes.append(
            "Each arm was trained with one seed: intervals are over images, and say which of two trained models is"
            " better, not which of two recipes."
        )
    notes += [f"{card.title}: {flag}." for card in ordered for flag in card.flags]
    if track.published:
        notes.append(
            f"Rows marked as quoted are from: {track.published.source}. Ours have another detector and budget; what"
            " they share is the data and the metric."
        )
    return tuple(notes)


def _table(track: Track, ordered: list[DetectionCard]) -> QuotedTable | None:
    if track.published is None:
        return None
    heads = tuple(track.published.columns)
    rows = [
        TableRow(title=one.title, quoted=True, figures={head: one.figures.get(head) for head in heads})
        for one in track.published.rows
    ]
    for card in ordered:
        told = {head: _figure(card, place) for head, place in track.published.columns.items()}
        run = card.declaration.training
        name = track.published.arms.get(run.arm, run.arm) if run else "submitted"
        rows.append(TableRow(title=f"{card.title} ({name})", quoted=False, figures=told))
    return QuotedTable(source=track.published.source, columns=heads, rows=tuple(rows))


def _figure(card: DetectionCard, place: str) -> float | None:
    """`SET.FIGURE` of a card; None for a head that we have no figure for."""
    name, _, figure = place.rpartition(".")
    score = card.sets.get(name)
    return None if score is None else float(getattr(score, figure))
