"""Kept arrays: found again, bounded, and made anew where a file is damaged."""

import errno
import os
from pathlib import Path

import numpy as np

from bench.store.kept import KeptArrays


def test_an_array_is_made_once_and_made_anew_where_its_file_is_damaged(tmp_path: Path) -> None:
    kept, made = KeptArrays(tmp_path, 10_000), []

    def make() -> np.ndarray:
        made.append(1)
        return np.arange(5)

    for _ in range(3):
        assert kept("a", make).tolist() == [0, 1, 2, 3, 4]
    assert len(made) == 1
    (tmp_path / "a.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-3])
    assert kept("a", make).tolist() == [0, 1, 2, 3, 4]
    assert len(made) == 2
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    assert kept.find("a") is None


def test_the_oldest_go_where_there_are_too_many(tmp_path: Path) -> None:
    kept = KeptArrays(tmp_path, 3_000)
    for age, key in enumerate("abc"):
        kept.put(key, np.zeros(1_000, dtype=np.uint8))
        if (tmp_path / f"{key}.npy").exists():
            os.utime(tmp_path / f"{key}.npy", (age, age))
    assert sorted(path.stem for path in tmp_path.glob("*.npy")) == ["b", "c"]
    kept.put("large", np.zeros(4_000, dtype=np.uint8))
    assert kept.find("large") is None


def test_without_room_nothing_is_kept_or_found(tmp_path: Path) -> None:
    KeptArrays(tmp_path, 10_000).put("a", np.zeros(3))
    assert KeptArrays(tmp_path, 0).find("a") is None
    KeptArrays(tmp_path / "none", 0).put("b", np.zeros(3))
    assert not (tmp_path / "none").exists()


def test_a_full_disk_stops_nobody(tmp_path: Path, monkeypatch) -> None:
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    assert KeptArrays(tmp_path, 10_000)("a", lambda: np.arange(3)).tolist() == [0, 1, 2]
    assert not list(tmp_path.iterdir())
