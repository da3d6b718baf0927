"""The noun `ImageSet`: labelled images with stable ids, read one at a time."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from bench.core.digests import content_digest, digest_json


@dataclass(frozen=True)
class ImageSet:
    """`n` images of one set.

    `ids`: stable names; `labels`: int64 [n], indices into the class list; `read(i)`: the i-th image
    (a PIL image); `sha256(i)`: hex digest of what identifies it (its file's bytes, or its pixels).

    How answers are judged (methods.md, section 7): `accepted[i]` are the classes that are right for
    image i, the first of which is `labels[i]`; None means that the label alone is. `kept`: the only
    classes that compete, ascending; None means that all do.

    `origin`: two sets of one origin have the same image under the same id, so that a model needs to
    be asked once; None where that is not known. The `read` and `sha256` of sets on folders can be
    pickled, so that other processes can read them.
    """

    name: str
    ids: Sequence[str]
    labels: np.ndarray
    read: Callable[[int], Any]
    sha256: Callable[[int], str]
    accepted: Sequence[tuple[int, ...]] | None = None
    kept: tuple[int, ...] | None = None
    origin: str | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def digest(self) -> str:
        """The content digest: SHA-256 over sorted (id, sha256)."""
        return content_digest((self.ids[i], self.sha256(i)) for i in range(len(self)))

    @property
    def kept_digest(self) -> str | None:
        """The digest of `kept`, for the header of prediction files."""
        return None if self.kept is None else digest_json(self.kept)

    def right(self, i: int) -> tuple[int, ...]:
        """The classes that are right for image i."""
        return (int(self.labels[i]),) if self.accepted is None else self.accepted[i]

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
        chosen = tuple(int(i) for i in index)
        return replace(
            self,
            ids=tuple(self.ids[i] for i in chosen),
            labels=self.labels[list(chosen)],
            read=_Chosen(self.read, chosen),
            sha256=_Chosen(self.sha256, chosen),
            accepted=None if self.accepted is None else tuple(self.accepted[i] for i in chosen),
        )


def joined(sets: Sequence[ImageSet], name: str) -> ImageSet:
    """Several sets as one, in their order; ids must not repeat."""
    ends = np.cumsum([len(images) for images in sets])

    def of(index: int) -> tuple[ImageSet, int]:
        which = int(np.searchsorted(ends, index, side="right"))
        return sets[which], index - int(ends[which]) + len(sets[which])

    def read(index: int) -> Any:
        images, place = of(index)
        return images.read(place)

    def sha256(index: int) -> str:
        images, place = of(index)
        return images.sha256(place)

    ids = [item_id for images in sets for item_id in images.ids]
    return ImageSet(name, ids, np.concatenate([images.labels for images in sets]), read, sha256)


@dataclass(frozen=True)
class _Chosen:
    """`function` of the images at `rows`; a class, because a closure cannot be pickled."""

    function: Callable[[int], Any]
    rows: tuple[int, ...]

    def __call__(self, i: int) -> Any:
        return self.function(self.rows[i])
