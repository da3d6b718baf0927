import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bench.core.errors import BenchError, DataError, UsageError
from bench.pipelines.versions.generate import generate
from bench.pipelines.versions.recipes import load_recipe
from bench.store import atomic
from bench.store.encoding import sha256_hex
from bench.store.shards import plan
from bench.store.versions import open_version
from bench.synthesis import METHODS
from tests.stub_maker import BLANK, STUB, StubMaker, write_recipe

ROOT = Path(__file__).parents[2]
SCRIPT = f"""
import sys
from pathlib import Path
from bench.core.errors import BenchError
from bench.pipelines.versions.generate import generate
from bench.synthesis import METHODS
METHODS["text-to-image"] = "{STUB}"
reference, root, workers = sys.argv[1:]
try:
    print(generate(reference, data_root=Path(root), workers=int(workers)).content_digest)
except BenchError as error:
    sys.exit(f"error: {{error}}")
except KeyboardInterrupt:
    sys.exit("interrupted")
"""


@pytest.fixture(autouse=True)
def _stub(monkeypatch):
    monkeypatch.setitem(METHODS, "text-to-image", STUB)
    monkeypatch.delenv("STUB_DELAY", raising=False)


@pytest.fixture
def reference(tmp_path):
    return write_recipe(tmp_path / "datasets" / "tiny", batch=50, splits={"train": 230, "val": 3})


def make(reference, root, **options):
    return generate(reference, data_root=root, workers=1, quiet=True, **options)


def shards_in(root):
    return sorted(root.rglob("[0-9]*.parquet"))


def start(reference, root, *, workers, delay):
    environment = os.environ | {"STUB_DELAY": str(delay), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SCRIPT, reference, str(root), str(workers)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, env=environment, text=True, start_new_session=True, **pipes)


def wait_for_shards(root, count, process):
    deadline = time.monotonic() + 60
    while len(shards_in(root)) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_version_is_complete_and_says_so(reference, tmp_path):
    report = make(reference, tmp_path / "a")
    assert report.complete
    assert report.counts == {"train": 460, "val": 6}
    assert (report.images, report.drawn, report.lock) == (466, 466, "absent")
    version = open_version("tiny@1.0.0", tmp_path / "a")
    assert version.manifest.digest == version.content_digest == report.content_digest
    item = version.manifest.items[0]
    assert (item.id, item.image_name) == ("train/0/000000", "train_0_000000.png")
    assert item.prompt in ("a photo of a zero.", "a sketch of the zero.")
    assert len({item.seed for item in version.manifest.items}) == 466


def test_a_second_run_draws_nothing_and_changes_no_byte(reference, tmp_path):
    first = make(reference, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")}
    second = make(reference, tmp_path)
    assert second.drawn == 0
    assert second.content_digest == first.content_digest
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")} == before


def test_load_dataset_is_told_that_the_column_holds_pictures(reference, tmp_path):
    make(reference, tmp_path)
    schema = pq.read_schema(shards_in(tmp_path)[0])
    features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    assert features["image"] == {"_type": "Image"}
    assert features["seed"] == {"dtype": "uint32", "_type": "Value"}
    assert [field.name for field in schema] == list(features)


def test_killed_half_way_and_resumed_is_the_undisturbed_version(reference, tmp_path):
    whole = make(reference, tmp_path / "whole").content_digest
    process = start(reference, tmp_path / "killed", workers=2, delay=0.2)
    wait_for_shards(tmp_path / "killed", 2, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    done = len(shards_in(tmp_path / "killed"))
    assert 2 <= done < 8
    with pytest.raises(DataError, match="make it: imagenet-g generate"):
        open_version("tiny@1.0.0", tmp_path / "killed")
    report = generate(reference, data_root=tmp_path / "killed", workers=2, quiet=True)
    assert report.content_digest == whole
    assert 0 < report.drawn < 466
    assert not list(tmp_path.rglob("*.tmp"))


def test_ctrl_c_ends_in_one_line_and_keeps_what_is_finished(reference, tmp_path):
    # Long enough that a busy machine does not end it first.
    process = start(reference, tmp_path, workers=2, delay=1.0)
    wait_for_shards(tmp_path, 2, process)
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert errors == "interrupted\n"
    assert output == ""
    assert len(shards_in(tmp_path)) >= 2
    assert not list(tmp_path.rglob("*.tmp"))
    assert make(reference, tmp_path).complete


def test_two_at_once_the_second_says_who_is_first(reference, tmp_path):
    process = start(reference, tmp_path, workers=1, delay=0.2)
    wait_for_shards(tmp_path, 1, process)
    with pytest.raises(BenchError, match=f"is being written by process {process.pid} on"):
        make(reference, tmp_path)
    output, errors = process.communicate(timeout=60)
    assert errors == ""
    assert output.strip() == make(reference, tmp_path).content_digest


def flip_a_bit(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-100])


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [flip_a_bit, cut_short, empty, Path.unlink])
def test_a_harmed_shard_is_drawn_again_and_only_that(reference, tmp_path, harm):
    whole = make(reference, tmp_path).content_digest
    harm(shards_in(tmp_path)[1])
    report = make(reference, tmp_path)
    assert (report.drawn, report.content_digest) == (100, whole)


def test_another_class_s_shard_in_its_place_is_drawn_again(reference, tmp_path):
    whole = make(reference, tmp_path).content_digest
    folder = tmp_path / "generated" / "tiny" / "1.0.0" / "images" / "train"
    (folder / "0" / "000000.parquet").write_bytes((folder / "1" / "000000.parquet").read_bytes())
    report = make(reference, tmp_path)
    assert (report.drawn, report.content_digest) == (100, whole)


def test_an_edited_recipe_draws_its_images_again_and_leaves_no_old_shard(reference, tmp_path):
    whole = make(reference, tmp_path).content_digest
    fewer = write_recipe(Path(reference).parent, batch=50, splits={"train": 130, "val": 3})
    report = make(fewer, tmp_path)
    assert report.images == 266
    assert report.drawn == 60
    other = write_recipe(Path(reference).parent, batch=50, splits={"train": 230, "val": 3}, root_seed=1)
    report = make(other, tmp_path)
    assert report.drawn == 466
    assert report.content_digest != whole


def test_a_larger_version_keeps_every_image(reference, tmp_path):
    make(reference, tmp_path)
    larger = write_recipe(tmp_path / "datasets" / "tiny", version="1.1.0", batch=50, splits={"train": 260, "val": 51})
    make(larger, tmp_path)
    old = {item.id: item for item in open_version("tiny@1.0.0", tmp_path).manifest.items}
    new = {item.id: item for item in open_version("tiny@1.1.0", tmp_path).manifest.items}
    assert len(new) == 2 * (260 + 51)
    assert {item_id: new[item_id] for item_id in old} == old


def test_a_limited_version_lies_apart_and_has_the_same_images(reference, tmp_path):
    report = make(reference, tmp_path, limit=5)
    assert report.limited
    assert report.counts == {"train": 5, "val": 5}
    assert "not for publication" in str(report)
    with pytest.raises(DataError, match=r"tiny@1\.0\.0 is not in"):
        open_version("tiny@1.0.0", tmp_path)
    make(reference, tmp_path)
    whole = {item.id: item for item in open_version("tiny@1.0.0", tmp_path).manifest.items}
    limited = open_version("tiny@1.0.0", tmp_path, limit=5)
    assert limited.limit == 5
    assert all(whole[item.id] == item for item in limited.manifest.items)


def test_one_split_is_not_a_version(reference, tmp_path):
    report = make(reference, tmp_path, split="val")
    assert (report.complete, report.counts) == (False, {"train": 0, "val": 6})
    with pytest.raises(DataError):
        open_version("tiny@1.0.0", tmp_path)
    assert make(reference, tmp_path).drawn == 460
    with pytest.raises(UsageError, match=r"unknown split of tiny@1\.0\.0 'vall': did you mean val"):
        make(reference, tmp_path, split="vall")


def test_a_full_disk_is_one_line_and_the_next_run_goes_on(reference, tmp_path, monkeypatch):
    whole = make(reference, tmp_path / "whole").content_digest
    left = iter(range(12))

    def fsync(descriptor):
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(atomic.os, "fsync", fsync)
        with pytest.raises(BenchError, match="No space left on device") as caught:
            make(reference, tmp_path / "full")
    assert "\n" not in str(caught.value)
    assert shards_in(tmp_path / "full")
    assert not list(tmp_path.rglob("*.tmp"))
    assert make(reference, tmp_path / "full").content_digest == whole


def test_out_takes_an_empty_folder_or_its_own(reference, tmp_path):
    digest = make(reference, tmp_path, out=tmp_path / "mine").content_digest
    assert make(reference, tmp_path, out=tmp_path / "mine").content_digest == digest
    larger = write_recipe(tmp_path / "datasets" / "tiny", version="2.0.0")
    with pytest.raises(UsageError, match=r"mine holds tiny@1\.0\.0, not tiny@2\.0\.0"):
        make(larger, tmp_path, out=tmp_path / "mine")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"a")
    with pytest.raises(UsageError, match="photos is not empty"):
        make(reference, tmp_path, out=tmp_path / "photos")
    assert os.listdir(tmp_path / "photos") == ["a.jpg"]


def test_a_black_image_is_drawn_again_with_the_next_attempt(reference, tmp_path, monkeypatch):
    monkeypatch.setitem(METHODS, "text-to-image", BLANK)
    small = write_recipe(tmp_path / "datasets" / "tiny", splits={"train": 10})
    recipe = load_recipe(small)
    make(small, tmp_path)
    rows = [row for path in shards_in(tmp_path) for row in pq.read_table(path).to_pylist()]
    assert {row["attempt"] for row in rows} > {0}
    for row in rows:
        assert row["seed"] % 4
        slot = int(row["id"][-6:])
        assert row["seed"] == recipe.seed(row["split"], row["class_id"], slot, row["attempt"], "noise")


def test_an_image_that_stays_black_is_one_line(reference, tmp_path, monkeypatch):
    monkeypatch.setitem(METHODS, "text-to-image", BLANK)
    monkeypatch.setenv("STUB_DELAY", "-1")
    with pytest.raises(DataError, match=r"'train/0/000000' .* came out as one colour 5 times"):
        make(reference, tmp_path / "other")


def test_bad_arguments_are_one_line(tmp_path):
    unknown = write_recipe(tmp_path / "a", method={"name": "text-to-imag", "parameters": {}})
    with pytest.raises(UsageError, match="unknown synthesis method 'text-to-imag': did you mean text-to-image"):
        make(unknown, tmp_path)
    with pytest.raises(UsageError, match="unknown filter 'clip'"):
        make(write_recipe(tmp_path / "b", filters=[{"name": "clip"}]), tmp_path)
    climbing = write_recipe(tmp_path / "c", classes=[{"id": "../x", "name": "x"}])
    with pytest.raises(UsageError, match=r"classes\.0\.id: .*got '\.\./x'"):
        make(climbing, tmp_path)
    assert not (tmp_path / "generated").exists()


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"name": "nudty"}, "filters.0: unknown filter 'nudty': did you mean nudity?"),
        (
            {"name": "blank", "parameters": {"spread": 300}},
            "filters.0: filter blank: spread: Input should be less",
        ),
    ],
)
def test_a_wrong_filter_names_file_and_line(tmp_path, rule, message):
    reference = write_recipe(tmp_path / "datasets", filters=[rule])
    line = Path(reference).read_text().splitlines().index("filters:") + 2
    with pytest.raises(UsageError) as caught:
        generate(reference, data_root=tmp_path, quiet=True)
    assert str(caught.value).startswith(f"{reference}, line {line}: {message}")


def test_what_only_the_maker_refuses_names_file_and_line(tmp_path, monkeypatch):
    reference = write_recipe(
        tmp_path / "datasets", method={"name": "text-to-image", "parameters": {"safety": "checker"}}
    )
    line = next(n for n, row in enumerate(Path(reference).read_text().splitlines(), start=1) if "safety" in row)

    def refuse(*_, **__):
        raise UsageError("tiny@1.0.0: method.parameters.safety: this generator has no checker")

    monkeypatch.setattr(StubMaker, "__init__", refuse)
    with pytest.raises(UsageError, match=rf"line {line}: method\.parameters\.safety: this generator has no checker"):
        generate(reference, data_root=tmp_path, workers=1, quiet=True)


def test_images_are_read_shard_by_shard_with_their_labels(reference, tmp_path):
    make(reference, tmp_path)
    version = open_version("tiny@1.0.0", tmp_path)
    images = version.image_set("train", ("1", "0"))
    assert len(images) == 460
    assert images.labels.tolist() == [1] * 230 + [0] * 230
    image = images.read(229)
    assert (image.size, image.mode) == ((32, 32), "L")
    assert images.digest == version.manifest.split("train").digest
    with pytest.raises(DataError, match=r"class '0' of item .* is not in the class list"):
        version.image_set("train", ("1",))
    shard = plan(load_recipe(reference))[0]
    (version.folder / shard.path).unlink()
    with pytest.raises(DataError, match="no such file"):
        version.image_set("train", ("0", "1")).read(0)


def test_the_bytes_of_an_image_are_those_of_its_row(reference, tmp_path):
    make(reference, tmp_path)
    for row in pq.read_table(shards_in(tmp_path)[0]).to_pylist():
        assert sha256_hex(row["image"]["bytes"]) == row["sha256"]
        assert row["image"]["path"] == row["image_name"]
