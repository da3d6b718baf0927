"""Remembered digests are those of the files, also after the files changed."""

import hashlib
import os
from pathlib import Path

import pytest

from bench.core.errors import DataError
from bench.store import hashes
from bench.store.hashes import hash_files


@pytest.fixture
def files(tmp_path: Path, monkeypatch) -> list[Path]:
    monkeypatch.setattr(hashes, "SETTLED_SECONDS", -1)
    paths = [tmp_path / name for name in ("b", "a", "c")]
    for path in paths:
        path.write_text(path.name)
    return paths


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_second_question_reads_no_file(files: list[Path], tmp_path: Path, monkeypatch) -> None:
    assert hash_files(files, folder=tmp_path / "kept") == [sha(path) for path in files]
    monkeypatch.setattr("bench.store.hashes.hashlib.file_digest", None)
    assert hash_files(files, folder=tmp_path / "kept") == [sha(path) for path in files]
    assert hash_files([], folder=tmp_path / "kept") == []


def test_a_file_that_changed_is_read_again_even_with_its_old_size_and_time(files: list[Path], tmp_path: Path) -> None:
    before = hash_files(files, folder=tmp_path / "kept")
    state = files[0].stat()
    files[0].write_text("B")
    os.utime(files[0], ns=(state.st_atime_ns, state.st_mtime_ns))
    after = hash_files(files, folder=tmp_path / "kept")
    assert after[0] == sha(files[0]) != before[0]
    assert after[1:] == before[1:]


def test_what_changed_just_now_is_not_remembered(files: list[Path], tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(hashes, "SETTLED_SECONDS", 60)
    hash_files(files, folder=tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_damaged_memory_and_a_full_disk_only_cost_time(files: list[Path], tmp_path: Path) -> None:
    hash_files(files, folder=tmp_path / "kept")
    (cache,) = (tmp_path / "kept").iterdir()
    cache.write_bytes(cache.read_bytes()[:50])
    assert hash_files(files, folder=tmp_path / "kept") == [sha(path) for path in files]
    (tmp_path / "no folder").write_text("")
    assert hash_files(files, folder=tmp_path / "no folder") == [sha(path) for path in files]
    with pytest.raises(DataError, match="gone: cannot be read"):
        hash_files([tmp_path / "gone"], folder=tmp_path / "kept")
