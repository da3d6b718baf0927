"""The ranks of a board: who can be told from whom, from the answers of all models on the same images."""

import base64
from dataclasses import dataclass

import numpy as np

from bench.core.errors import DataError
from bench.core.leaderboard import Ranking
from bench.core.score import ScoreCard
from bench.metrics.ranks import Answers, rank_intervals, separated, separated_unpaired, tie_bands

CONFIDENCE = 0.95
PAIRED = "paired by image (Bonett-Price variance, sets summed), Holm over all ordered pairs of models"
UNPAIRED = "accuracies alone (independent binomial errors), Holm over all ordered pairs of models"


@dataclass(frozen=True)
class Ranks:
    """For each model, in the order best first: interval of ranks, tie band, and whether it ties with the first."""

    ranking: Ranking
    intervals: tuple[tuple[int, int], ...]
    bands: tuple[int, ...]
    ties_first: tuple[bool, ...]

    @classmethod
    def of(cls, better: np.ndarray, *, paired: bool) -> "Ranks":
        """From `better` [models, models] of models in the board's order."""
        first, last = rank_intervals(better)
        bands = tie_bands(better, range(len(better)))
        ties = ~better[0] if len(better) else np.zeros(0, dtype=bool)
        ranking = Ranking(
            method=PAIRED if paired else UNPAIRED,
            confidence=CONFIDENCE,
            pairs=len(better) * (len(better) - 1),
            paired=paired,
            bands=int(bands.max(initial=0)),
            tied=int(ties.sum()),
        )
        intervals = tuple(zip(first.tolist(), last.tolist(), strict=True))
        return cls(ranking, intervals, tuple(bands.tolist()), tuple(ties.tolist()))


def ranks_of_cards(cards: list[ScoreCard], sets: tuple[str, ...]) -> Ranks:
    """The ranks of `cards`, best first, by their mean accuracy over `sets`; DataError for bits that do not fit."""
    return Ranks.of(separated([answers(cards, name) for name in sets], confidence=CONFIDENCE), paired=True)


def ranks_of_accuracies(shares: np.ndarray, n: np.ndarray) -> Ranks:
    """The ranks of models of which accuracies alone are known: `shares` [models, sets] best first, `n` [sets]."""
    return Ranks.of(separated_unpaired(shares, n, confidence=CONFIDENCE), paired=False)


def answers(cards: list[ScoreCard], name: str) -> Answers:
    """The correctness bits of all `cards` on one set; DataError naming the card whose bits are not its accuracy."""
    n = cards[0].sets[name].n
    rows = []
    for card in cards:
        score = card.sets[name]
        if score.n != n:
            raise DataError(f"{card.slug}: {score.n} images on {name}, {cards[0].slug} has {n}; score both again")
        try:
            bits = base64.b64decode(score.correct, validate=True)
        except ValueError:
            bits = b""
        if len(bits) != -(-n // 8) or int.from_bytes(bits).bit_count() != round(score.top1 * n):
            raise DataError(f"{card.slug}: the bits of {name} do not give its top-1 of {score.top1:g}; score it again")
        rows.append(bits)
    return Answers.packed(rows, n=n)
