"""The noun `ImageSet`: labelled images with stable ids, read one at a time."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bench.core.digests import content_digest


@dataclass(frozen=True)
class ImageSet:
    """`n` images of one set.

    `ids`: stable names; `labels`: int64 [n], indices into the class list; `read(i)`: the i-th image
    (a PIL image); `sha256(i)`: hex digest of what identifies it (its file's bytes, or its pixels).
    """

    name: str
    ids: Sequence[str]
    labels: np.ndarray
    read: Callable[[int], Any]
    sha256: Callable[[int], str]

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def digest(self) -> str:
        """The content digest: SHA-256 over sorted (id, sha256)."""
        return content_digest((self.ids[i], self.sha256(i)) for i in range(len(self)))

    def first(self, limit: int | None) -> "ImageSet":
        """At most `limit` images spread evenly over the set, for trials; `None` keeps all."""
        if limit is None or limit >= len(self):
            return self
        return self.pick(np.linspace(0, len(self) - 1, limit).round().astype(int))

    def only(self, ids: Collection[str]) -> "ImageSet":
        """The images with these ids, in the order of the set."""
        return self.pick(np.array([i for i, image_id in enumerate(self.ids) if image_id in ids], dtype=int))

    def pick(self, index: np.ndarray) -> "ImageSet":
        """The images at `index` (int [m]), in that order."""
        chosen = [int(i) for i in index]
        return ImageSet(
            name=self.name,
            ids=tuple(self.ids[i] for i in chosen),
            labels=self.labels[chosen],
            read=lambda i: self.read(chosen[i]),
            sha256=lambda i: self.sha256(chosen[i]),
        )
