"""Making is atomic, resumable and safe: killed anywhere, on a full disk, by many processes at once, on a bad disk."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.core.errors import BenchError, DataError, UsageError
from bench.pipelines.versions.generate import generate
from bench.pipelines.versions.recipes import load_recipe
from bench.pipelines.versions.verify import verify
from bench.store import atomic
from bench.store.claims import claimed
from bench.store.shard_files import read_shard
from bench.store.shards import plan
from bench.store.versions import open_version, write_manifest
from bench.synthesis import METHODS
from tests.stub_maker import STUB, write_recipe

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _stub(monkeypatch):
    monkeypatch.setitem(METHODS, "text-to-image", STUB)
    monkeypatch.delenv("STUB_DELAY", raising=False)


@pytest.fixture
def reference(tmp_path):
    return write_recipe(tmp_path / "datasets" / "tiny", batch=50, splits={"train": 130, "val": 3})


def make(reference, root, **options):
    return generate(reference, data_root=root, workers=1, quiet=True, **options)


# Every step at which the disk is changed. The process is killed before the n-th of them, for every n.
KILLED = f"""
import os, sys
from pathlib import Path
from bench.pipelines.versions.generate import generate
from bench.store import atomic
from bench.synthesis import METHODS
METHODS["text-to-image"] = "{STUB}"
reference, root = sys.argv[1:]
place = 0
def dying(function, left):
    def step(*arguments, **options):
        if not left.pop():
            os._exit(9)
        return function(*arguments, **options)
    return step
done = False
while not done:
    child = os.fork()
    if not child:
        left = [True] * 10000
        left[-1 - place] = False
        for name in ("fsync", "replace", "open"):
            setattr(atomic.os, name, dying(getattr(os, name), left))
        generate(reference, data_root=Path(root) / str(place), workers=1, quiet=True)
        os._exit(0)
    done = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    place += 1
print(place)
"""


def test_killed_before_every_single_step_and_resumed_it_is_the_undisturbed_version(tmp_path):
    reference = write_recipe(tmp_path / "datasets" / "tiny", splits={"train": 5})
    whole = make(reference, tmp_path / "whole").content_digest
    command = [sys.executable, "-c", KILLED, reference, str(tmp_path / "killed")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    places = int(subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout)
    # Claim, two shards, manifest: each is written, brought to the disk, put in place, its folder brought to the disk.
    assert places > 4 * 4
    for place in range(places - 1):
        root = tmp_path / "killed" / str(place)
        finished = sum(is_whole(path) for path in root.rglob("[0-9]*.parquet"))
        if (root / "generated/tiny/1.0.0/manifest.parquet").exists():
            assert open_version("tiny@1.0.0", root).content_digest == whole
        report = make(reference, root)
        assert report.content_digest == whole
        assert report.drawn == 10 - 5 * finished
        assert not list(root.rglob("*.tmp"))


def is_whole(path):
    # What bears a shard's name is a whole shard, whenever the writer was killed.
    return bool(read_shard(path))


def test_a_process_that_was_killed_at_once_leaves_a_folder_that_can_be_used(reference, tmp_path):
    folder = tmp_path / "generated" / "tiny" / "1.0.0"
    folder.mkdir(parents=True)
    (folder / ".writing").write_text("")
    (folder / f".recipe.json.{atomic._host()}.999999999.01234567.tmp").write_text("{")
    assert make(reference, tmp_path).complete
    assert not list(folder.glob("*.tmp"))


FULL = f"""
import sys
from pathlib import Path
from bench.core.errors import BenchError
from bench.pipelines.versions.generate import generate
from bench.synthesis import METHODS
METHODS["text-to-image"] = "{STUB}"
try:
    print(generate(sys.argv[1], data_root=Path(sys.argv[2]), workers=1, quiet=True).content_digest)
except BenchError as error:
    sys.exit(f"error: {{error}}")
"""


def test_a_disk_that_is_really_full(reference, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size=%s tmpfs {disk}"
    if subprocess.run(["unshare", "-rm", "sh", "-c", mount % "1m"], capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here (unshare -rm)")
    run = f"{sys.executable} -c '{FULL}' {reference} {disk}".replace("\n", "\n")
    script = f"{mount % '200k'}; {run}; find {disk} -name '*.tmp'; mount -o remount,size=9m {disk}; {run}"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stderr.count("\n") == 1
    assert "No space left on device; nothing was changed there" in done.stderr
    assert done.stdout.strip() == make(reference, tmp_path / "whole").content_digest


@pytest.mark.parametrize("failing", ["fsync", "open", "replace"])
def test_a_disk_that_is_full_at_any_step_is_one_line(tmp_path, monkeypatch, failing):
    reference = write_recipe(tmp_path / "datasets" / "tiny", splits={"train": 5})
    whole = make(reference, tmp_path / "whole").content_digest
    step, before = 0, getattr(os, failing)
    while True:
        left = iter(range(step))

        def full(*arguments, left=left, **options):
            if next(left, None) is None:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return before(*arguments, **options)

        said = None
        with monkeypatch.context() as patch:
            patch.setattr(atomic.os, failing, full)
            try:
                make(reference, tmp_path / "full")
                break
            except BenchError as error:
                said = str(error)
        assert "No space left on device" in said
        assert "\n" not in said
        assert not list(tmp_path.rglob("*.tmp"))
        step += 1
    assert step > 1
    assert open_version("tiny@1.0.0", tmp_path / "full").content_digest == whole


def test_parts_on_one_folder_are_merged(reference, tmp_path):
    whole = make(reference, tmp_path / "whole").content_digest
    reports = [make(reference, tmp_path, part=f"{i}/3") for i in (1, 2, 3)]
    assert sum(report.drawn for report in reports) == 266
    assert not any(report.complete for report in reports)
    assert "part 2/3; when all are made: imagenet-g generate" in str(reports[1])
    with pytest.raises(DataError, match="make it"):
        open_version("tiny@1.0.0", tmp_path)
    merged = make(reference, tmp_path)
    assert (merged.drawn, merged.content_digest) == (0, whole)
    assert make(reference, tmp_path, part="2/3").drawn == 0
    assert open_version("tiny@1.0.0", tmp_path).content_digest == whole


def test_parts_work_side_by_side_and_the_whole_waits_for_them(reference, tmp_path):
    recipe, folder = load_recipe(reference), tmp_path / "generated" / "tiny" / "1.0.0"
    with claimed(folder, recipe, shared=True):
        assert make(reference, tmp_path, part="1/2").drawn > 0
        with pytest.raises(BenchError, match="is being written by"):
            make(reference, tmp_path)
    with claimed(folder, recipe), pytest.raises(BenchError, match="is being written by process"):
        make(reference, tmp_path, part="2/2")
    write_recipe(Path(reference).parent, batch=50, splits={"train": 130, "val": 3}, root_seed=1)
    with pytest.raises(UsageError, match=r"was begun with another recipe of tiny@1\.0\.0"):
        make(reference, tmp_path, part="2/2")


@pytest.mark.parametrize("part", ["0/4", "5/4", "1", "a/b", "1/0", "-1/4"])
def test_a_part_that_is_none(reference, tmp_path, part):
    with pytest.raises(UsageError, match="expected i/n with i from 1 to n"):
        make(reference, tmp_path, part=part)


def test_a_shard_that_a_worker_of_an_older_recipe_writes_late_is_never_taken_in(reference, tmp_path):
    make(reference, tmp_path / "old")
    other = write_recipe(Path(reference).parent, batch=50, splits={"train": 130, "val": 3}, root_seed=1)
    whole = make(other, tmp_path).content_digest
    recipe, folder = load_recipe(other), tmp_path / "generated" / "tiny" / "1.0.0"
    shards = plan(recipe)
    late = folder / shards[1].path
    shutil.copy(tmp_path / "old" / late.relative_to(tmp_path), late)
    drawings = {one.id: read_shard(folder / f"images/train/{one.id}/000000.parquet").drawing for one in recipe.classes}
    with pytest.raises(DataError, match="changed under our hands; run the same command again"):
        write_manifest(folder, recipe, shards, drawings, limit=None)
    assert make(other, tmp_path).content_digest == whole


def test_whatever_byte_of_a_shard_is_harmed_it_is_mended(reference, tmp_path):
    whole = make(reference, tmp_path).content_digest
    shard = tmp_path / "generated/tiny/1.0.0/images/val/1/000000.parquet"
    good = shard.read_bytes()
    for place in range(0, len(good), len(good) // 7):
        harmed = bytearray(good)
        harmed[place] ^= 0x20
        shard.write_bytes(harmed)
        with pytest.raises(DataError):
            verify(reference, data_root=tmp_path, quiet=True)
        report = make(reference, tmp_path)
        assert (report.drawn, report.content_digest) == (3, whole)
        assert shard.read_bytes() == good
