"""Effective robustness of a cell: points above what the track's standard models have at its accuracy."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.core.data_cell import DataCell
from bench.core.score import ScoreCard
from bench.core.track import Track
from bench.metrics.robustness import RobustnessFit, effective_robustness, fit_line
from bench.store.cards import read_cards

LEAST = 3  # models that make a line
TRANSFORM = "logit"


@dataclass(frozen=True)
class Lines:
    """One line for each shifted set of the headline, over the standard models of the track's own board."""

    in_distribution: str
    fits: dict[str, RobustnessFit]

    @classmethod
    def of(cls, track: Track, folder: Path, cell: DataCell) -> "Lines | None":
        """From the listed standard cards in `folder`; None where too few were scored on the images of `cell`."""
        cards = [card for card in read_cards(folder, ScoreCard) if card.role == "standard" and card.state == "listed"]
        names = (track.in_distribution, *track.headline.sets)
        cards = [
            card
            for card in cards
            if all(name in card.sets and card.sets[name].dataset_digest == cell.sets[name][0] for name in names)
        ]
        if len(cards) < LEAST:
            return None
        share = {name: np.array([card.sets[name].top1 for card in cards]) for name in names}
        n = {name: cell.sets[name][1] for name in names}
        inside = track.in_distribution
        fits = {
            name: fit_line(share[inside], share[name], transform=TRANSFORM, n_x=n[inside], n_y=n[name])
            for name in track.headline.sets
        }
        return cls(inside, fits)

    def above(self, accuracy: Mapping[str, float]) -> float:
        """Mean over the shifted sets of accuracy less that of the line."""
        inside = accuracy[self.in_distribution]
        return float(
            np.mean([effective_robustness(fit, inside, accuracy[name]).value for name, fit in self.fits.items()])
        )

    def extrapolates(self, accuracy: Mapping[str, float]) -> bool:
        """Is the accuracy in distribution beyond those of the models in the lines?"""
        low, high = next(iter(self.fits.values())).x_range
        return not low <= accuracy[self.in_distribution] <= high
