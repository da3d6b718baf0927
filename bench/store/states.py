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
    """Write a state whole or not at all; the folder that it was learned in goes."""
    write_bytes(path, data)
    shutil.rmtree(work_folder(path), ignore_errors=True)


def work_folder(path: Path) -> Path:
    """Where learning keeps what it needs to go on after a stop."""
    return path.with_suffix(".work")
