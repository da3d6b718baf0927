"""Learned states: `<data root>/learned/<adaptation>-<key>.safetensors`, found by what they were learned from."""

import shutil
from pathlib import Path

from bench.store.atomic import write_bytes


def state_path(root: Path, adaptation: str, key: str) -> Path:
    """Where the state lies whose identity has the digest `key`."""
    return root / "learned" / f"{adaptation}-{key.removeprefix('sha256:')[:24]}.safetensors"


def find_state(path: Path) -> bytes | None:
    """The bytes of a state, or None where it has not been learned here."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def keep_state(path: Path, data: bytes) -> None:
    """Write a state whole or not at all; the folder of its name, in which it was learned, goes."""
    write_bytes(path, data)
    shutil.rmtree(path.with_suffix(""), ignore_errors=True)
