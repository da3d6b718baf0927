"""Inputs of the WILDS networks: photographs squashed to a square and normalised, bands as they were released, or
photographs with boxes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, default_collate
from torchvision.transforms import v2

from bench.core.digests import derive_seed
from bench.training.detector import Augment

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Where the n-th example comes from: a function to a PIL image, or to float32 [channels, h, w].
Reader = Callable[[int], Any]
Target = dict[str, Tensor]
Redraw = Callable[[Tensor, int], Tensor]


class Examples(Dataset):
    """Row -> (input float32 [c, size, size], row): read, augmented by `augment` where given a draw, made ready.

    An index is a row, or (row, draw): what augmentation does to a row depends on the draw alone, in any worker.
    `redraw`, if any, is the last of it, whatever came before: (input, row) to an input.
    """

    collate = staticmethod(default_collate)

    def __init__(self, read: Reader, n: int, *, size: int, augment: str = "none", seed: int = 0) -> None:
        self._read, self._n, self._size, self._augment, self._seed = read, n, size, augment, seed
        self.redraw: Redraw | None = None

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, index: int | tuple[int, int]) -> tuple[Tensor, int]:
        row, draw = index if isinstance(index, tuple) else (index, None)
        return redrawn(self.redraw, self._input(row, draw), seed=self._seed, row=row, draw=draw), row

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
        with drawn(self._seed, row, draw):
            for step in steps:
                image = step(image)
        return image


class BoxExamples(Dataset):
    """Row -> ((image float32 [3, h, w] in [0, 1], target), row).

    A target has `boxes` [m, 4] and `labels` [m], which are all `label`. Indices and `redraw`, which leaves the boxes
    where they are, as `Examples` has them; `augment` changes image, boxes and labels of a draw.
    """

    def __init__(
        self, read: Reader, boxes: Sequence[np.ndarray], *, label: int, augment: Augment | None = None, seed: int = 0
    ) -> None:
        self._read, self._boxes, self._label, self._augment, self._seed = read, boxes, label, augment, seed
        self.redraw: Redraw | None = None

    def __len__(self) -> int:
        return len(self._boxes)

    def __getitem__(self, index: int | tuple[int, int]) -> tuple[tuple[Tensor, Target], int]:
        row, draw = index if isinstance(index, tuple) else (index, None)
        image = v2.functional.pil_to_tensor(self._read(row))
        boxes = torch.from_numpy(np.asarray(self._boxes[row], dtype=np.float32).reshape(-1, 4))
        labels = torch.full((len(boxes),), self._label)
        if draw is not None and self._augment is not None:
            with drawn(self._seed, row, draw):
                image, boxes, labels = self._augment(image, boxes, labels)
        image = redrawn(self.redraw, image.float() / 255, seed=self._seed, row=row, draw=draw).clamp(0, 1)
        return (image, {"boxes": boxes, "labels": labels}), row

    @staticmethod
    def collate(batch: list[tuple[tuple[Tensor, Target], int]]) -> tuple[list[tuple[Tensor, Target]], Tensor]:
        """The images of a batch as a list, each with its own number of boxes."""
        return [one for one, _ in batch], torch.tensor([row for _, row in batch])


@contextmanager
def drawn(seed: int, row: int, draw: int, *, what: str = "augment") -> Iterator[None]:
    """Inside, torch draws what this draw of this row is to have; outside, nothing has happened."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(what, seed, row, draw))
        yield


def redrawn(redraw: Redraw | None, given: Tensor, *, seed: int, row: int, draw: int | None) -> Tensor:
    """An input, after `redraw` if it is for training: by numbers of its own, for the others have decided the flips."""
    if redraw is None or draw is None:
        return given
    with drawn(seed, row, draw, what="redraw"):
        return redraw(given, row)


FLIPS = {"none": (), "flips": (v2.RandomHorizontalFlip(), v2.RandomVerticalFlip())}
FLIPS["gflow"] = FLIPS["flips"]
PHOTOS = {
    "none": (),
    "flips": (v2.RandomHorizontalFlip(),),
    "randaugment": (v2.RandomHorizontalFlip(), v2.RandAugment()),
    "gflow": (v2.RandomHorizontalFlip(),),
}
