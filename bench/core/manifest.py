"""The nouns `Item` and `Manifest`: what was made, one row an image; the list that *is* the version."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise
from operator import attrgetter

from bench.core.changes import Changes
from bench.core.digests import content_digest
from bench.core.errors import DataError


@dataclass(frozen=True, slots=True)
class Item:
    """One image. Columns are DiffusionDB's and what makes an image regenerable (interface.md, "Files").

    `id` is `split/class_id/slot`, `cfg` the guidance scale, `sha256` that of the encoded bytes,
    `phash` the 64-bit perceptual hash in hex, `source_image` the real image that it was made from, as
    `split/class_id/file@sha256`, `verdict` what the filters said (`bench.core.verdict`), `image_nsfw` the
    score of the safety filter, None where the recipe asks for none.
    """

    id: str
    image_name: str
    split: str
    class_id: str
    class_name: str
    template_id: int | None
    prompt: str
    negative_prompt: str
    seed: int
    attempt: int
    step: int
    cfg: float
    sampler: str
    width: int
    height: int
    image_nsfw: float | None
    method: str
    source_image: str | None
    generator: str
    generator_revision: str
    dtype: str
    sha256: str
    phash: str
    verdict: str


COLUMNS = tuple(field.name for field in fields(Item))
# What another packaging may call otherwise while the image and its making stay the same.
_PACKAGING = ("image_name", "phash")
_COMPARED = tuple(name for name in COLUMNS if name not in _PACKAGING)
_compared = attrgetter(*_COMPARED)


@dataclass(frozen=True)
class Manifest:
    """All items of one version, sorted by id."""

    reference: str
    items: tuple[Item, ...]

    @classmethod
    def of(cls, reference: str, items: Iterable[Item]) -> "Manifest":
        """Sort the items; an id that stands twice is a DataError."""
        ordered = tuple(sorted(items, key=lambda item: item.id))
        for left, right in pairwise(ordered):
            if left.id == right.id:
                raise DataError(f"{reference}: item {left.id!r} stands twice in the manifest")
        return cls(reference=reference, items=ordered)

    @cached_property
    def digest(self) -> str:
        """The content digest: SHA-256 over sorted (id, sha256)."""
        return content_digest((item.id, item.sha256) for item in self.items)

    def split(self, name: str) -> "Manifest":
        """The items of one split; an absent split is a DataError."""
        items = tuple(item for item in self.items if item.split == name)
        if not items:
            known = sorted({item.split for item in self.items})
            raise DataError(f"{self.reference} has no split {name!r}: it has {', '.join(known)}")
        return Manifest(reference=f"{self.reference}/{name}", items=items)

    def counts(self) -> dict[str, int]:
        """Images in each split."""
        total: dict[str, int] = {}
        for item in self.items:
            total[item.split] = total.get(item.split, 0) + 1
        return total

    def changes_since(self, before: "Manifest") -> Changes:
        """What became of the items of `before`, by id, sha256 and every column that defines the image."""
        return changes(before.items, self.items)


def changes(before: Iterable[Item], now: Iterable[Item]) -> Changes:
    """What was kept, added, removed and changed between two manifests, each in the order of its ids.

    Both are read once, an item at a time, so that manifests of any length can be compared.
    """
    counts: Counter[str] = Counter()
    changed_in: Counter[str] = Counter()
    first: dict[str, str] = {}
    olds, news = iter(before), iter(now)
    old, new = next(olds, None), next(news, None)
    while old or new:
        if old is None or (new and new.id < old.id):
            kind, item, new = "added", new, next(news, None)
        elif new is None or old.id < new.id:
            kind, item, old = "removed", old, next(olds, None)
        else:
            columns = _differing(old, new)
            changed_in.update(columns)
            kind, item, old, new = "changed" if columns else "kept", new, next(olds, None), next(news, None)
        assert item is not None
        counts[kind] += 1
        first.setdefault(kind, item.id)
    return Changes(**counts, changed_in=dict(sorted(changed_in.items())), first=first)


def _differing(old: Item, new: Item) -> list[str]:
    left, right = _compared(old), _compared(new)
    return [] if left == right else [_COMPARED[i] for i in range(len(left)) if left[i] != right[i]]
