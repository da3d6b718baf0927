"""The noun `Population`: accuracies of many models on many sets, from which a robustness line is fitted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from bench.core.digests import digest_json
from bench.core.errors import DataError, UsageError
from bench.core.registry import unknown

Unit = Literal["percent", "fraction"]


@dataclass(frozen=True, eq=False)
class Population:
    """`models` by unique name; `columns[set]` [models] as written in `unit`, NaN where not measured.

    `types[model]` where known; `sizes[set]`: images behind a column where known; `aliases`: other names of
    columns; `odd`: columns that hold no accuracies, with an example. `filter` says in words who was kept,
    `source_digest` is that of the files.
    """

    name: str
    source_digest: str
    unit: Unit
    models: tuple[str, ...]
    columns: Mapping[str, np.ndarray]
    types: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    odd: Mapping[str, str] = field(default_factory=dict)
    filter: str = "every model"

    def column(self, name: str) -> str:
        """The column that `name` means; UsageError with the nearest names, DataError for one without accuracies."""
        found = name if name in self.columns else self.aliases.get(name, name)
        if found in self.odd:
            raise DataError(f"population {self.name}, column {found}, {self.odd[found]}")
        if found not in self.columns:
            raise UsageError(f"population {self.name}: {unknown(name, known=self.columns, kind='column')}")
        return found

    def shares(self, name: str) -> np.ndarray:
        """Fractions [models], NaN where not measured.

        DataError where the numbers are not what `unit` declares: above 1 as fractions, above 100 or none above 1
        as percent.
        """
        values = self.columns[self.column(name)]
        known = values[np.isfinite(values)]
        what = f"population {self.name}, column {name}"
        if self.unit == "fraction":
            if known.size and known.max() > 1:
                raise DataError(f"{what}: declared as fractions, got {known.max():g}; declare --unit percent")
            return values
        if known.size and 0 < known.max() <= 1:
            raise DataError(f"{what}: declared as percent, the largest is {known.max():g}; declare --unit fraction")
        if known.size and known.max() > 100:
            raise DataError(f"{what}: declared as percent, got {known.max():g}; accuracies end at 100")
        return values / 100

    def keep(self, wanted: Callable[[int, str], bool], why: str) -> "Population":
        """The models for which `wanted(index, name)`; `why` is added to the filter."""
        rows = [index for index, name in enumerate(self.models) if wanted(index, name)]
        text = why if self.filter == "every model" else f"{self.filter}; {why}"
        return replace(
            self,
            models=tuple(self.models[row] for row in rows),
            columns={name: values[rows] for name, values in self.columns.items()},
            filter=text,
        )

    def pairs(self, x: str, y: str) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
        """Names and fractions on both sets of the models measured on both."""
        at_x, at_y = self.shares(x), self.shares(y)
        both = np.isfinite(at_x) & np.isfinite(at_y)
        return tuple(np.array(self.models, dtype=object)[both]), at_x[both], at_y[both]

    def digest(self, x: str, y: str) -> str:
        """The identity of what a line is fitted to: who, with both accuracies."""
        names, at_x, at_y = self.pairs(x, y)
        return digest_json(sorted([name, float(a), float(b)] for name, a, b in zip(names, at_x, at_y, strict=True)))
