import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.core.errors import BenchError
from bench.store import atomic


def test_json_is_sorted_and_ends_with_a_newline(tmp_path):
    path = tmp_path / "deep" / "file.json"
    atomic.write_json(path, {"b": 1, "a": [1, "é"]})
    assert path.read_text() == '{\n "a": [\n  1,\n  "é"\n ],\n "b": 1\n}\n'


def test_many_files_are_replaced_together_or_not_at_all(tmp_path):
    paths = [tmp_path / "a" / "one", tmp_path / "b" / "two"]
    atomic.write_many(dict.fromkeys(paths, b"old"))
    assert [path.read_bytes() for path in paths] == [b"old", b"old"]
    (tmp_path / "taken").write_text("a file where a folder should be")
    with pytest.raises(BenchError, match=f"cannot write {tmp_path / 'taken' / 'three'}") as caught:
        atomic.write_many(dict.fromkeys([*paths, tmp_path / "taken" / "three"], b"new"))
    assert "\n" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["one", "taken", "two"]
    assert [path.read_bytes() for path in paths] == [b"old", b"old"]


def test_full_disk_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "file"
    atomic.write_text(path, "old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(BenchError, match=f"cannot write {path}: No space left on device") as caught:
        atomic.write_text(path, "new")
    assert "\n" not in str(caught.value)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def write_half(path):
    with atomic.replacing(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt


def test_an_interrupted_block_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "file"
    atomic.write_text(path, "old")
    with pytest.raises(KeyboardInterrupt):
        write_half(path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_folder_that_is_a_file_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BenchError, match="cannot write"):
        atomic.write_text(tmp_path / "file" / "inner", "x")


def test_leftovers_of_dead_writers_go_and_those_of_the_living_stay(tmp_path):
    killed = "import os\nfrom bench.store.atomic import replacing\nfrom pathlib import Path\n"
    killed += f"with replacing(Path({str(tmp_path / 'file')!r})) as t:\n t.write_text('half'); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", killed], check=False)
    assert len(list(tmp_path.glob(".file.*.tmp"))) == 1
    with atomic.replacing(tmp_path / "other") as temporary:
        temporary.write_text("whole")
        assert atomic.clean_leftovers(tmp_path) == 1
        assert temporary.exists()
    assert os.listdir(tmp_path) == ["other"]


def test_the_second_writer_is_told_who_holds_the_folder(tmp_path):
    other = "from bench.store.atomic import lock_folder\nfrom pathlib import Path\nimport sys\n"
    other += f"with lock_folder(Path({str(tmp_path)!r})):\n print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", other], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(BenchError, match=f"is being written by process {holder.pid} on "), atomic.lock_folder(tmp_path):
        pass
    holder.kill()
    holder.communicate()
    with atomic.lock_folder(Path(tmp_path)):
        pass
