"""The noun `WildsCard`: all that is published about one method on one dataset of WILDS."""

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, StringConstraints, model_validator

from bench.core.record import Record
from bench.core.score import Environment
from bench.core.text import Line, Text
from bench.core.wilds import Spread


class WildsCard(Record):
    """One method: `values[split][metric]` holds a figure for each of `replicates`, in their order, as fractions.

    Every figure of the dataset's official evaluation is there, not only those that boards show. `digests[split]`:
    for each replicate that of the split's images and labels (PovertyMap's folds are other splits).
    """

    format: Literal[1] = 1
    track: Line
    slug: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
    title: Line
    version: Line
    replicate: Literal["seed", "fold"]
    replicates: tuple[Line, ...] = Field(min_length=1)
    images: dict[str, tuple[int, ...]]
    digests: dict[str, tuple[Line, ...]]
    values: dict[str, dict[str, tuple[float, ...]]]
    notes: tuple[Text, ...] = ()
    environment: Environment

    @model_validator(mode="after")
    def _one_value_a_replicate(self) -> Self:
        n = len(self.replicates)
        for split, figures in self.values.items():
            counted = [self.images.get(split, ()), self.digests.get(split, ()), *figures.values()]
            if any(len(one) != n for one in counted):
                raise ValueError(f"{split}: expected one value for each of {n} replicates")
        return self

    def spread(self, split: str, metric: str) -> Spread:
        """Mean and standard deviation (ddof 1) over the replicates, as the official evaluation has them."""
        values = self.values[split][metric]
        std = float(np.std(values, ddof=1)) if len(values) > 1 else None
        return Spread(mean=float(np.mean(values)), std=std, n=len(values))

    def official(self, metrics: tuple[str, ...]) -> dict[str, dict[str, float | None]]:
        """What the official script writes as `<dataset>_results.json`: {split: {metric, metric_std}}."""
        found: dict[str, dict[str, float | None]] = {}
        for split in self.values:
            spreads = {metric: self.spread(split, metric) for metric in metrics}
            found[split] = {}
            for metric, spread in spreads.items():
                found[split] |= {f"{metric}_std": spread.std, metric: spread.mean}
        return found
