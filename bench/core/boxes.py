"""The nouns `Boxes` and `BoxedImages`: pictures with things in them, and where the things are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from bench.core.digests import content_digest, digest_json


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes on some images, a row a box.

    `image` int64 [m]: which image, counted from 0. `corners` float64 [m, 4]: x1, y1, x2, y2 in pixels from the
    image's top left corner, x2 and y2 behind the last pixel. `label` int64 [m]: index into the class list.
    `score` float32 [m] for predictions, None for the truth. `crowd` bool [m]: truth that is neither hit nor
    missed (COCO's crowds, VOC's difficult ones); None where there is none.
    """

    image: np.ndarray
    corners: np.ndarray
    label: np.ndarray
    score: np.ndarray | None = None
    crowd: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.image)

    @classmethod
    def of(cls, rows: Sequence[tuple[int, Sequence[float], int]], *, crowd: Sequence[bool] | None = None) -> "Boxes":
        """The truth in `rows` of (image, corners, label)."""
        return cls(
            image=np.array([image for image, *_ in rows], dtype=np.int64),
            corners=np.array([corners for _, corners, _ in rows], dtype=np.float64).reshape(-1, 4),
            label=np.array([label for *_, label in rows], dtype=np.int64),
            crowd=None if crowd is None or not any(crowd) else np.array(crowd, dtype=bool),
        )

    def rows(self, index: np.ndarray) -> "Boxes":
        """The boxes at `index` (int or bool), in that order."""
        score = None if self.score is None else self.score[index]
        crowd = None if self.crowd is None else self.crowd[index]
        return Boxes(self.image[index], self.corners[index], self.label[index], score, crowd)

    def on(self, image: int) -> "Boxes":
        """The boxes of one image."""
        return self.rows(self.image == image)

    def renumbered(self, places: np.ndarray) -> "Boxes":
        """The boxes of images that have a new place in `places` (int [images], -1: left out), ordered by it."""
        new = places[self.image]
        order = np.argsort(new, kind="stable")
        moved = replace(self, image=new).rows(order)
        return moved.rows(moved.image >= 0)


@dataclass(frozen=True)
class BoxedImages:
    """`n` images of one detection set, with the truth.

    `ids`: stable names; `sizes` int64 [n, 2]: width and height; `read(i)`: the i-th image (a PIL image);
    `sha256(i)`: hex digest of what identifies it. `numbers`: the whole number that stands for each image in
    COCO files, and `categories` the one that stands for each class; None: counted from 1 in the order of ids,
    and of classes.
    """

    name: str
    ids: Sequence[str]
    sizes: np.ndarray
    truth: Boxes
    read: Callable[[int], Any]
    sha256: Callable[[int], str]
    numbers: tuple[int, ...] | None = None
    categories: tuple[int, ...] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def digest(self) -> str:
        """The content digest of the images: SHA-256 over sorted (id, sha256)."""
        return content_digest((self.ids[i], self.sha256(i)) for i in range(len(self)))

    @cached_property
    def labels_digest(self) -> str:
        """The identity of the truth: every box with its class, image by image in the order of ids."""
        rows: list[list[Any]] = [[] for _ in self.ids]
        crowd = self.truth.crowd if self.truth.crowd is not None else np.zeros(len(self.truth), dtype=bool)
        told = zip(self.truth.image, self.truth.corners, self.truth.label, crowd, strict=True)
        for image, corners, label, apart in told:
            rows[image].append([*(round(float(one), 3) for one in corners), int(label), bool(apart)])
        return digest_json(sorted([image_id, sorted(row)] for image_id, row in zip(self.ids, rows, strict=True)))

    @property
    def coco_numbers(self) -> tuple[int, ...]:
        """The number of each image in COCO files."""
        if self.numbers is not None:
            return self.numbers
        place = {image_id: row for row, image_id in enumerate(sorted(self.ids), start=1)}
        return tuple(place[image_id] for image_id in self.ids)

    def first(self, limit: int | None) -> "BoxedImages":
        """At most `limit` images spread evenly over the set, for trials; `None` keeps all."""
        if limit is None or limit >= len(self):
            return self
        return self.pick(np.linspace(0, len(self) - 1, limit).round().astype(int))

    def pick(self, index: np.ndarray) -> "BoxedImages":
        """The images at `index` (int [m], each at most once), in that order."""
        chosen = [int(i) for i in index]
        places = np.full(len(self), -1, dtype=np.int64)
        places[chosen] = np.arange(len(chosen))
        read, sha256 = self.read, self.sha256
        return replace(
            self,
            ids=tuple(self.ids[i] for i in chosen),
            sizes=self.sizes[chosen],
            truth=self.truth.renumbered(places),
            read=lambda i: read(chosen[i]),
            sha256=lambda i: sha256(chosen[i]),
            numbers=tuple(self.coco_numbers[i] for i in chosen),
        )
