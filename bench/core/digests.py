"""Identities: canonical JSON, SHA-256 digests, and seeds that depend on what is made.

A digest is written `sha256:<64 hex>`, so that a reader sees what kind of number it is.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from bench.core.errors import DataError

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text; NaN is refused."""
    return _CANONICAL.encode(value)


def digest_bytes(data: bytes) -> str:
    """`sha256:…` of raw bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest_json(value: Any) -> str:
    """`sha256:…` of the canonical JSON of a value (recipes, class lists, training runs)."""
    return digest_bytes(canonical_json(value).encode())


class ContentDigest:
    """The content digest of pairs that come in the order of their ids, a few at a time: its memory does not grow."""

    def __init__(self) -> None:
        self._state = hashlib.sha256()
        self._last: str | None = None

    def update(self, items: Iterable[tuple[str, str]]) -> None:
        """Go on with (id, sha256 hex) pairs; DataError for an id that stands twice or out of order."""
        for item_id, sha256 in items:
            if self._last is not None and item_id <= self._last:
                raise DataError(f"item {item_id!r} stands twice or out of order (after {self._last!r})")
            self._last = item_id
            self._state.update(f"{item_id}\0{sha256}\n".encode())

    @property
    def value(self) -> str:
        """`sha256:…` of what was given so far."""
        return "sha256:" + self._state.hexdigest()


def content_digest(items: Iterable[tuple[str, str]]) -> str:
    """`sha256:…` over sorted (id, sha256 hex of the image) pairs: the identity of a set of images.

    The order of `items`, and how they are sharded, does not matter (interface.md, "Files").
    """
    digest = ContentDigest()
    digest.update(sorted(items))
    return digest.value


def derive_seed(*identity: str | int) -> int:
    """A uint32 seed from identity alone: the first four bytes of SHA-256 of the canonical parts.

    It never depends on order, worker, shard or clock.
    """
    return int.from_bytes(hashlib.sha256(canonical_json(identity).encode()).digest()[:4], "big")
