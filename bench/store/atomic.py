"""Writing that is all or nothing: to a temporary file in the same folder, to the disk, then renamed.

A reader never sees half a file. A failure of the disk becomes one line, and leaves the old file.
"""

import fcntl
import json
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Any

from bench.core.errors import BenchError, DiskError

LOCK_NAME = ".writing"
_TEMPORARY = re.compile(r"^\..+\.(?P<host>[A-Za-z0-9-]+)\.(?P<pid>\d+)\.[0-9a-f]{8}\.(tmp|partial)$")
_DAY = 24 * 3600


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path to write to; on leaving, what was written there takes the place of `path`.

    When the block fails, is interrupted, or the disk refuses, `path` stays as it was.
    """
    temporary = beside(path, "tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        to_disk(temporary)
        os.replace(temporary, path)
        to_disk(path.parent)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def write_many(files: Mapping[Path, bytes]) -> None:
    """Replace all of `files`, or, where the disk refuses one, none of them.

    The disk is told once to keep what was written, which for thousands of files is a moment and not a minute.
    """
    written: list[tuple[Path, Path]] = []
    try:
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            written.append((beside(path, "tmp"), path))
            written[-1][0].write_bytes(data)
        if written:
            os.sync()
        for temporary, path in written:
            os.replace(temporary, path)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        for temporary, _ in written:
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Replace `path` by `data`, or leave it as it was."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Replace `path` by `text` in UTF-8, line ends as given."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Replace `path` by JSON with sorted keys: equal values give equal bytes; NaN is refused."""
    write_text(path, json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def check_writable(folder: Path) -> None:
    """DiskError unless a file can be put into `folder`, which is made where it is not there."""
    probe = beside(folder / "probe", "tmp")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise _refused(folder, error) from error


def to_disk(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def beside(path: Path, ending: str) -> Path:
    """A hidden name in the folder of `path` that says whose it is; `ending`: `tmp` or `partial`."""
    return path.parent / f".{path.name}.{_host()}.{os.getpid()}.{secrets.token_hex(4)}.{ending}"


def is_abandoned(path: Path) -> bool:
    """Is this what a writer that is dead has left under a name from `beside`?"""
    match = _TEMPORARY.match(path.name)
    return match is not None and _is_dead(path, match["host"], int(match["pid"]))


def clean_leftovers(folder: Path) -> int:
    """Remove temporary files under `folder` whose writer is dead; how many there were."""
    removed = 0
    for path in folder.rglob(".*.tmp"):
        # Another process may have put its file in place meanwhile.
        with suppress(FileNotFoundError):
            if is_abandoned(path):
                path.unlink()
                removed += 1
    return removed


def is_ours(path: Path) -> bool:
    """Is this the lock, or a temporary file, of a writer that may be dead?"""
    return path.name == LOCK_NAME or _TEMPORARY.match(path.name) is not None


@contextmanager
def lock_folder(path: Path, *, shared: bool = False, wait: bool = False) -> Iterator[None]:
    """Hold `path` for writing; when another process holds it, a BenchError says which one.

    `shared`: beside others that share it, against one that does not. `wait` for it instead. The lock is the
    operating system's (flock), so that it dies with its process, even by `kill -9`.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        file = open(path / LOCK_NAME, "a+b", buffering=0)  # noqa: SIM115 (closed below)
    except OSError as error:
        raise _refused(path, error) from error
    with file:
        _take(file, path, shared=shared, wait=wait)
        try:
            yield
        finally:
            # Emptied, not removed: a removed lock file could be held by one process and made anew by another.
            file.truncate(0)


def _take(file: FileIO, path: Path, *, shared: bool, wait: bool) -> None:
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        file.seek(0)
        holder = file.read().decode().strip() or "another process"
        raise BenchError(f"{path} is being written by {holder}; wait for it, then run this again") from None
    except OSError as error:
        raise _refused(path, error) from error
    # A full disk may not take the name: the lock holds without it.
    with suppress(OSError):
        file.truncate(0)
        file.write(f"process {os.getpid()} on {_host()}".encode())


def _refused(path: Path, error: OSError) -> DiskError:
    return DiskError(
        f"cannot write {path}: {error.strerror or error}; nothing was changed there,"
        " make room or permission and run the same command again"
    )


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname()) or "localhost"


def _is_dead(path: Path, host: str, pid: int) -> bool:
    if host != _host():
        # Another machine's process cannot be asked; a day is longer than any file takes to write.
        return time.time() - path.stat().st_mtime > _DAY
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
