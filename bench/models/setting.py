"""What every model source is told: for which classes it is asked, where it may work, and what it may do."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.core.classes import ClassName

SMALL = 64


def _make(key: str, make: Callable[[], np.ndarray]) -> np.ndarray:
    return make()


@dataclass(frozen=True)
class Setting:
    """`classes`: those of the track, in order; `data_root`: where runs lie.

    `backend`: see `bench/models/backends.py`. `batch`: images asked at once, None for what suits the
    model and the device. `trust_code`: may `py:` run? `keep(key, make)`: the array that `make` gives,
    or an earlier result under the same key.
    """

    classes: tuple[ClassName, ...]
    data_root: Path
    device: str = "auto"
    backend: str = "auto"
    batch: int | None = None
    trust_code: bool = False
    keep: Callable[[str, Callable[[], np.ndarray]], np.ndarray] = _make

    def chunk(self, size: int) -> int:
        """Images asked at once, for inputs of `size` pixels a side: what is in work should fit a core's cache."""
        if self.batch is not None:
            return self.batch
        if self.device == "cpu" or not _accelerated():
            return 64 if size <= SMALL else 8
        return 256


def _accelerated() -> bool:
    import torch

    return torch.cuda.is_available()
