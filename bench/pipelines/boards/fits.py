"""The robustness lines of a board: fitted to its standard models, read for every model.

A model never takes part in the line that judges it: a standard model is read off the line of the others
(methods.md 8.6). Sets of fewer classes have the matched classes of the in-distribution set on the x-axis (8.2).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from bench.core.digests import digest_json
from bench.core.leaderboard import EffectiveRobustness, Fit, Transform
from bench.core.score import ScoreCard
from bench.core.track import Track
from bench.engines.local import default_workers
from bench.engines.threads import in_order
from bench.metrics.robustness import effective_robustness, fit_line
from bench.metrics.robustness_bootstrap import above_lines, accuracy_draws, bootstrap_lines, line_band
from bench.metrics.robustness_left_out import left_out_lines, left_out_predictions

TRANSFORMS: tuple[Transform, ...] = ("linear", "logit")
RESAMPLES = 1000
LEAST = 3  # models that make a line
SEED = 720257663  # the testbed's (methods.md 8.2)
POINTS = 61
DIGITS = 9  # rounding that makes a board the same on machines whose sums differ in the last bit

Found = dict[str, dict[str, dict[Transform, EffectiveRobustness]]]  # slug, set, transform


@dataclass(frozen=True)
class Accuracies:
    """What the lines need of a board's models: `shares[set]` [models], fractions, NaN where not measured.

    `sizes`: images in each set; `standard` [models]: who is in the population, described by `population`.
    """

    slugs: tuple[str, ...]
    standard: np.ndarray
    shares: dict[str, np.ndarray]
    sizes: dict[str, int]
    population: str

    @classmethod
    def of(cls, track: Track, cards: tuple[ScoreCard, ...]) -> "Accuracies":
        """From score cards, in the order of slugs."""
        cards = tuple(sorted(cards, key=lambda card: card.slug))
        sizes = {name: card.sets[name].n for card in cards for name in track.sets if name in card.sets}
        shares = {
            name: np.array([card.sets[name].top1 if name in card.sets else np.nan for card in cards]) for name in sizes
        }
        standard = np.array([card.role == "standard" for card in cards])
        return cls(tuple(card.slug for card in cards), standard, shares, sizes, "models with the role standard")


@dataclass(frozen=True)
class Lines:
    """The lines of every shifted set on which three standard models were measured; `sets`: set -> x-axis."""

    sets: dict[str, str]
    data: Accuracies

    @classmethod
    def of(cls, track: Track, data: Accuracies) -> "Lines":
        """The lines that `data` allow for the sets of a track."""
        axes = {name: track.sets[name].x_axis or track.in_distribution for name in track.shifted}
        known = {name: x for name, x in axes.items() if {name, x} <= data.shares.keys()}
        found = cls({name: x for name, x in known.items() if name not in axes.values() and name != x}, data)
        return cls({name: x for name, x in found.sets.items() if found._members(name).sum() >= LEAST}, data)

    @property
    def population(self) -> int:
        """Number of standard models."""
        return int(self.data.standard.sum())

    def fits(self) -> tuple[Fit, ...]:
        """One fit for each shifted set and transform, with points to draw the line and its band."""
        return tuple(self._fit(name, transform) for name in self.sets for transform in TRANSFORMS)

    def robustness(self) -> Found:
        """Effective robustness of every model on every fitted set that it was measured on."""
        found: Found = {slug: {} for slug in self.data.slugs}
        draws = cache(_draws)
        drawn = {x: self._drawn(draws, x, seed=SEED + 1) for x in set(self.sets.values())}

        def judged(name: str) -> list[np.ndarray]:
            drawn_y = self._drawn(draws, name, seed=SEED + 2)
            return [self._judged(name, transform, drawn[self.sets[name]], drawn_y) for transform in TRANSFORMS]

        # NumPy lets go of the interpreter: a core works on each set.
        by_set = in_order(judged, self.sets, threads=default_workers("cpu"))
        for name, by_transform in zip(self.sets, by_set, strict=True):
            outside, zero = self._outside(name), self.data.shares[name] == 0
            for transform, values in zip(TRANSFORMS, by_transform, strict=True):
                for index in np.flatnonzero(np.isfinite(values).all(axis=1)):
                    value, low, high = values[index].tolist()
                    found[self.data.slugs[index]].setdefault(name, {})[transform] = EffectiveRobustness(
                        value=value,
                        interval=(low, high),
                        extrapolated=bool(outside[index]),
                        zero=bool(zero[index]),
                    )
        return found

    def _drawn(self, draws: Callable[[float, int, int], np.ndarray], name: str, *, seed: int) -> np.ndarray:
        """[models, resamples] by `draws`, each model's from the same seed, so that equal accuracies share theirs.

        A model's interval so depends on its own accuracies and the line, not on who else is on the board.
        """
        known, place = np.unique(self.data.shares[name], return_inverse=True)
        return np.stack([draws(share, self.data.sizes[name], seed) for share in known.tolist()])[place]

    def _judged(self, name: str, transform: Transform, drawn_x: np.ndarray, drawn_y: np.ndarray) -> np.ndarray:
        """Value, low and high [models, 3]; NaN where a model was not measured, or no 3 others are in the line."""
        x, y, standard = self.data.shares[self.sets[name]], self.data.shares[name], self._members(name)
        value, low, high = np.full((3, len(x)), np.nan)
        arguments = self._arguments(name, transform)
        guests = np.flatnonzero(~standard & np.isfinite(x) & np.isfinite(y))
        if len(guests):
            lines = bootstrap_lines(**arguments, resamples=RESAMPLES, seed=SEED)
            value[guests] = effective_robustness(fit_line(**arguments), x[guests], y[guests]).value
            low[guests], high[guests] = above_lines(lines, drawn_x[guests].T, drawn_y[guests].T)
        if standard.sum() > LEAST:
            lines = left_out_lines(**arguments, resamples=RESAMPLES, seed=SEED)
            value[standard] = y[standard] - left_out_predictions(**arguments)
            low[standard], high[standard] = lines.intervals(0, drawn_x[standard], drawn_y[standard])
        return np.stack([value, low, high], axis=1).round(DIGITS)

    def _members(self, name: str) -> np.ndarray:
        """bool [models]: the standard models that were measured on both axes of this set."""
        both = np.isfinite(self.data.shares[name]) & np.isfinite(self.data.shares[self.sets[name]])
        return self.data.standard & both

    def _outside(self, name: str) -> np.ndarray:
        """bool [models]: is the accuracy on the x-axis beyond those of the models in the line that judges it?"""
        x, standard = self.data.shares[self.sets[name]], self._members(name)
        members = np.sort(x[standard])
        low, high = np.full(len(x), members[0]), np.full(len(x), members[-1])
        low[standard & (x == members[0])] = members[1]
        high[standard & (x == members[-1])] = members[-2]
        return (x < low) | (x > high)

    def _fit(self, name: str, transform: Transform) -> Fit:
        arguments = self._arguments(name, transform)
        fit = fit_line(**arguments)
        at = np.linspace(*fit.x_range, POINTS)
        low, high = line_band(bootstrap_lines(**arguments, resamples=RESAMPLES, seed=SEED), at)
        return Fit(
            set=name,
            x_set=self.sets[name],
            population=self.data.population,
            population_digest=self._digest(name),
            clip=fit.clip,
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

    def _arguments(self, name: str, transform: Transform) -> dict:
        members = self._members(name)
        return {
            "x": self.data.shares[self.sets[name]][members],
            "y": self.data.shares[name][members],
            "transform": transform,
            "n_x": self.data.sizes[self.sets[name]],
            "n_y": self.data.sizes[name],
        }

    def _digest(self, name: str) -> str:
        """The identity of the population: who is in it, with both accuracies."""
        x, y = self.data.shares[self.sets[name]], self.data.shares[name]
        return digest_json([[self.data.slugs[i], x[i], y[i]] for i in np.flatnonzero(self._members(name))])


def _draws(share: float, n: int, seed: int) -> np.ndarray:
    """[resamples]: accuracies that `n` images leave possible; NaN where none was measured."""
    if not np.isfinite(share):
        return np.full(RESAMPLES, np.nan)
    return accuracy_draws(np.random.default_rng(seed), np.array([share]), n=n, draws=RESAMPLES)[:, 0]
