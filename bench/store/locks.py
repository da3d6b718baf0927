"""Locks: what a version came out as when its author made it, committed beside the recipe."""

import hashlib
import heapq
import json
from pathlib import Path
from typing import Literal

from bench.core.errors import DataError, UsageError
from bench.core.recipe import Recipe
from bench.core.record import Record, parse
from bench.store.atomic import write_json
from bench.store.encoding import ALIKE_BITS, bits_apart
from bench.store.machine import device_name, library_versions, processor, threads
from bench.store.versions import Version

SAMPLED = 256
# A version looks alike when this share of a sample does.
ALIKE_SHARE = 0.99


class Machine(Record):
    """Where the author made it; `device` is `cpu`, or the accelerator's name."""

    processor: str
    threads: int
    device: str = "cpu"


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

    def differences(self, device: str = "cpu") -> list[str]:
        """In words, the libraries, the processor and the device that are not those of the lock."""
        here = library_versions(tuple(self.versions)) | {"processor": processor(), "device": device_name(device)}
        locked = self.versions | {"processor": self.machine.processor, "device": self.machine.device}
        return [f"{name} {here[name]} (lock: {locked[name]})" for name in locked if here[name] != locked[name]]

    def share_alike(self, version: Version) -> float:
        """The share of the lock's sample that looks like the version's images; a missing image does not."""
        alike = sum(
            bits_apart(item.phash, self.perceptual[item.id]) <= ALIKE_BITS
            for item in version.items()
            if item.id in self.perceptual
        )
        return alike / max(1, len(self.perceptual))


def make_lock(recipe: Recipe, version: Version, *, device: str = "cpu") -> Lock:
    """The lock of a version as it came out here; equal versions on equal machines give equal locks."""
    sample = heapq.nsmallest(SAMPLED, version.items(), key=lambda item: hashlib.sha256(item.id.encode()).hexdigest())
    return Lock(
        reference=recipe.reference,
        recipe_digest=recipe.digest,
        content_digest=version.content_digest,
        counts=version.counts,
        versions=library_versions(),
        machine=Machine(processor=processor(), threads=threads(), device=device_name(device)),
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
