"""Inputs of the WILDS networks: photographs squashed to a square and normalised, or bands as they were released."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.transforms import v2

from bench.core.digests import derive_seed

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Where the n-th example comes from: a function to a PIL image, or to float32 [channels, h, w].
Reader = Callable[[int], Any]


class Examples(Dataset):
    """Row -> (input float32 [c, size, size], row): read, augmented by `augment` where given a draw, made ready.

    An index is a row, or (row, draw): what augmentation does to a row depends on the draw alone, in any worker.
    `redraw`, if any, is the last of it: (input, row) to an input.
    """

    def __init__(self, read: Reader, n: int, *, size: int, augment: str = "none", seed: int = 0) -> None:
        self._read, self._n, self._size, self._augment, self._seed = read, n, size, augment, seed
        self.redraw: Callable[[Tensor, int], Tensor] | None = None

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, index: int | tuple[int, int]) -> tuple[Tensor, int]:
        row, draw = index if isinstance(index, tuple) else (index, None)
        given = self._input(row, draw)
        return (given if self.redraw is None else self._drawn(given, row, draw, (partial(self.redraw, row=row),))), row

    def _input(self, row: int, draw: int | None) -> Tensor:
        found = self._read(row)
        if isinstance(found, Tensor):
            return self._drawn(found.float(), row, draw, FLIPS[self._augment])
        photo = v2.functional.pil_to_tensor(found)
        photo = v2.functional.resize(photo, [self._size, self._size], antialias=True)
        photo = self._drawn(photo, row, draw, PHOTOS[self._augment])
        return v2.functional.normalize(photo.float() / 255, MEAN, STD)

    def _drawn(self, image: Tensor, row: int, draw: int | None, steps: Sequence[Any]) -> Tensor:
        if draw is None or not steps:
            return image
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed("augment", self._seed, row, draw))
            for step in steps:
                image = step(image)
        return image


FLIPS = {"none": (), "flips": (v2.RandomHorizontalFlip(), v2.RandomVerticalFlip())}
FLIPS["gflow"] = FLIPS["flips"]
PHOTOS = {
    "none": (),
    "flips": (v2.RandomHorizontalFlip(),),
    "randaugment": (v2.RandomHorizontalFlip(), v2.RandAugment()),
    "gflow": (v2.RandomHorizontalFlip(),),
}
