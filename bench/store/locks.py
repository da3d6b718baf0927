"""Locks: what a version came out as when its author made it, committed beside the recipe."""

import hashlib
import json
from pathlib import Path
from typing import Literal

from bench.core.errors import DataError, UsageError
from bench.core.manifest import Manifest
from bench.core.recipe import Recipe
from bench.core.record import Record, parse
from bench.store.atomic import write_json
from bench.store.encoding import bits_apart
from bench.store.machine import library_versions, processor, threads

SAMPLED = 256
# Two images look alike when at most this many of the 64 bits of their perceptual hashes differ;
# unrelated ones differ in about half. A version looks alike when this share of a sample does.
ALIKE_BITS = 10
ALIKE_SHARE = 0.99


class Machine(Record):
    """Where the author made it."""

    processor: str
    threads: int


class Lock(Record):
    """`perceptual`: the perceptual hash of some items, by id."""

    format: Literal[1] = 1
    reference: str
    recipe_digest: str
    content_digest: str
    counts: dict[str, int]
    versions: dict[str, str]
    machine: Machine
    perceptual: dict[str, str]

    def differences(self) -> list[str]:
        """In words, the libraries and the processor that are not those of the lock."""
        here = {**library_versions(tuple(self.versions)), "processor": processor()}
        locked = {**self.versions, "processor": self.machine.processor}
        return [f"{name} {here[name]} (lock: {locked[name]})" for name in locked if here[name] != locked[name]]

    def share_alike(self, manifest: Manifest) -> float:
        """The share of the lock's sample that looks like the manifest's images; a missing image does not."""
        found = {item.id: item.phash for item in manifest.items}
        alike = sum(
            item_id in found and bits_apart(found[item_id], phash) <= ALIKE_BITS
            for item_id, phash in self.perceptual.items()
        )
        return alike / max(1, len(self.perceptual))


def make_lock(recipe: Recipe, manifest: Manifest) -> Lock:
    """The lock of a version as it came out here; equal versions on equal machines give equal locks."""
    sample = sorted(manifest.items, key=lambda item: hashlib.sha256(item.id.encode()).hexdigest())[:SAMPLED]
    return Lock(
        reference=recipe.reference,
        recipe_digest=recipe.digest,
        content_digest=manifest.digest,
        counts=manifest.counts(),
        versions=library_versions(),
        machine=Machine(processor=processor(), threads=threads()),
        perceptual={item.id: item.phash for item in sample},
    )


def write_lock(path: Path, lock: Lock) -> None:
    """JSON with sorted keys."""
    write_json(path, lock.model_dump(mode="json"))


def read_lock(path: Path) -> Lock | None:
    """The lock in `path`, or None where there is none; a damaged one is a DataError."""
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise DataError(f"{path}: not JSON ({error}); restore it from the repository") from None
    try:
        return parse(Lock, data, where=str(path))
    except UsageError as error:
        raise DataError(str(error)) from None
