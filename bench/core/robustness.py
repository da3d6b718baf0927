"""The noun `DeclaredRobustness`: an effective robustness with everything that it depends on."""

from typing import Literal

from bench.core.record import Record

TransformName = Literal["linear", "logit", "probit"]


class PopulationRecord(Record):
    """Which models a line was fitted to: `models` of them after `filter`, by `digest` of names and accuracies."""

    name: str
    source_digest: str
    filter: str
    models: int
    digest: str


class FitRecord(Record):
    """The line T(y) = slope * T(x) + intercept, with how it came about; accuracies are fractions.

    `x_axis`: whether x is measured on all classes or on those of y. `clip`: least distance kept from 0 and 1.
    `piece`: where a model of the population is exactly 0 on y, lines are fitted below and above its x (`pivot`),
    as the ImageNet testbed does for ImageNet-A.
    """

    x: str
    y: str
    x_axis: Literal["full", "matched"]
    transform: TransformName
    estimator: Literal["ordinary least squares"] = "ordinary least squares"
    slope: float
    intercept: float
    r: float | None
    n: int
    x_range: tuple[float, float]
    clip: tuple[float | None, float | None]
    pivot: float | None = None
    piece: Literal["below", "above"] | None = None


class DeclaredRobustness(Record):
    """How far a model lies above the line of a declared population, as a fraction, with its 95 % interval.

    `interval` is over resampled populations, and over the binomial error of both accuracies where their numbers
    of images `n_x`, `n_y` are known (`interval_over`). `extrapolated`: x is outside the fit range; `zero`: y is 0;
    `left_out`: the model was in the population and was taken out of its own line.
    """

    format: Literal[1] = 1
    model: str
    x: float
    y: float
    n_x: int | None
    n_y: int | None
    predicted: float
    effective_robustness: float
    interval: tuple[float, float]
    interval_over: Literal["models", "models and images"]
    x_interval: tuple[float, float] | None
    y_interval: tuple[float, float] | None
    extrapolated: bool
    zero: bool
    left_out: bool
    resamples: int
    seed: int
    population: PopulationRecord
    fit: FitRecord

    def __str__(self) -> str:
        low, high = (100 * bound for bound in self.interval)
        flags = [
            word
            for word, on in (
                ("extrapolated", self.extrapolated),
                ("zero on the shifted set", self.zero),
                ("left out of its own line", self.left_out),
            )
            if on
        ]
        text = (
            f"{self.model}: {100 * self.effective_robustness:+.1f} points ({low:+.1f} to {high:+.1f});"
            f" {self.fit.y} {100 * self.y:.2f} %, {100 * self.predicted:.2f} % predicted"
            f" at {self.fit.x} {100 * self.x:.2f} %"
        )
        return text + (f" [{', '.join(flags)}]" if flags else "")


class SensitivityRow(Record):
    """One model's effective robustness by one population and x-axis, under every transform."""

    population: str
    models: int
    x: str
    y: str
    values: dict[TransformName, DeclaredRobustness]
