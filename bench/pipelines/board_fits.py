"""The robustness lines of a board: fitted to its standard models, read for every card.

A model never takes part in the line that judges it: a standard model is read off the line of the others
(methods.md 8.6).
"""

from dataclasses import dataclass, field

import numpy as np

from bench.core.leaderboard import EffectiveRobustness, Fit, Transform
from bench.core.score import ScoreCard
from bench.core.track import Track
from bench.metrics.robustness import effective_robustness, fit_line
from bench.metrics.robustness_bootstrap import bootstrap_lines, line_band, robustness_interval

TRANSFORMS: tuple[Transform, ...] = ("linear", "logit")
RESAMPLES = 1000
SEED = 720257663  # the testbed's (methods.md 8.2)
POINTS = 61
DIGITS = 12  # rounding that makes a board the same on machines whose sums differ in the last bit


@dataclass(frozen=True)
class Lines:
    """The standard models' cards, on the shifted sets that all of them have."""

    x_set: str
    sets: tuple[str, ...]
    standard: tuple[ScoreCard, ...]
    outside: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, track: Track, cards: tuple[ScoreCard, ...]) -> "Lines":
        """The lines of every shifted set that all standard models were scored on."""
        standard = tuple(sorted((card for card in cards if card.role == "standard"), key=lambda card: card.slug))
        sets = tuple(name for name in track.shifted if standard and all(name in card.sets for card in standard))
        return cls(x_set=track.in_distribution, sets=sets, standard=standard)

    @property
    def population(self) -> int:
        """Number of standard models."""
        return len(self.standard)

    def fits(self) -> tuple[Fit, ...]:
        """One fit for each shifted set and transform, with points to draw the line and its band."""
        if self.population < 3:
            return ()
        return tuple(self._fit(name, transform) for name in self.sets for transform in TRANSFORMS)

    def robustness(self, card: ScoreCard) -> dict[str, dict[Transform, EffectiveRobustness]]:
        """Effective robustness of one card on every fitted set that it has."""
        others = tuple(one for one in self.standard if one.slug != card.slug)
        if len(others) < 3 or self.x_set not in card.sets:
            return {}
        found: dict[str, dict[Transform, EffectiveRobustness]] = {}
        for name in self.sets:
            if name in card.sets:
                found[name] = {transform: self._read(card, name, transform, others) for transform in TRANSFORMS}
        if any(one.extrapolated for both in found.values() for one in both.values()):
            self.outside.add(card.slug)
        return found

    def _fit(self, name: str, transform: Transform) -> Fit:
        arguments = self._arguments(name, transform, self.standard)
        fit = fit_line(**arguments)
        at = np.linspace(*fit.x_range, POINTS)
        low, high = line_band(bootstrap_lines(**arguments, resamples=RESAMPLES, seed=SEED), at)
        return Fit(
            set=name,
            transform=transform,
            slope=round(fit.slope, DIGITS),
            intercept=round(fit.intercept, DIGITS),
            r=round(fit.r or 0.0, DIGITS),
            n=fit.n,
            x_range=fit.x_range,
            line=tuple((float(x), round(float(y), DIGITS)) for x, y in zip(at, fit.predict(at), strict=True)),
            band=tuple(
                (float(x), round(float(a), DIGITS), round(float(b), DIGITS))
                for x, a, b in zip(at, low, high, strict=True)
            ),
        )

    def _read(self, card: ScoreCard, name: str, transform: Transform, others: tuple[ScoreCard, ...]):
        arguments = self._arguments(name, transform, others)
        x, y = card.sets[self.x_set], card.sets[name]
        value = effective_robustness(fit_line(**arguments), x.top1, y.top1)
        lines = bootstrap_lines(**arguments, resamples=RESAMPLES, seed=SEED)
        low, high = robustness_interval(lines, x.top1, y.top1, seed=SEED + 1, n_x=x.n, n_y=y.n)
        return EffectiveRobustness(
            value=round(value.value, DIGITS),
            interval=(round(low, DIGITS), round(high, DIGITS)),
            extrapolated=value.extrapolated,
        )

    def _arguments(self, name: str, transform: Transform, cards: tuple[ScoreCard, ...]) -> dict:
        return {
            "x": np.array([card.sets[self.x_set].top1 for card in cards]),
            "y": np.array([card.sets[name].top1 for card in cards]),
            "transform": transform,
            "n_x": cards[0].sets[self.x_set].n,
            "n_y": cards[0].sets[name].n,
        }
