"""Online mixing (DA-Fusion; methods.md 14.2): a real image gives its place to a generated one of the same source."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Synthetic:
    """Generated `images` uint8 [m, h, w] or [m, h, w, c]; `of[i]`: the rows of those made from real image i.

    Each time that image i is drawn, one of them is taken in its place with `probability`, all equally likely. A real
    image from which none was made is always itself. Labels are the real image's.
    """

    images: np.ndarray
    of: Sequence[np.ndarray]
    probability: float

    def put_in(self, images: Tensor, rows: Tensor) -> Tensor:
        """The batch `images` of the real `rows`, int64 [b], with some of them replaced; by the global generator."""
        pictures, table, counts = self._tables
        draws = torch.rand(2, len(rows))
        mine = counts[rows]
        taken = (draws[0] < self.probability) & (mine > 0)
        places = (draws[1] * mine).long()[taken]
        images[taken] = pictures[table[rows[taken], places]]
        return images

    @cached_property
    def _tables(self) -> tuple[Tensor, Tensor, Tensor]:
        counts = torch.tensor([len(rows) for rows in self.of])
        table = torch.zeros(len(self.of), max(int(counts.max()), 1), dtype=torch.int64)
        for place, rows in enumerate(self.of):
            table[place, : len(rows)] = torch.as_tensor(np.asarray(rows, dtype=np.int64))
        return torch.from_numpy(self.images), table, counts
