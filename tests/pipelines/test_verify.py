import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from bench.core.errors import DataError, UsageError
from bench.core.recipe import Encoding
from bench.pipelines.versions.generate import generate
from bench.pipelines.versions.verify import verify
from bench.store.encoding import bits_apart, encode, likeness
from bench.store.shard_files import open_shard
from bench.store.shards import HEADER_KEY, WRITING
from bench.synthesis import METHODS
from tests.stub_maker import STUB, StubMaker, write_recipe


@pytest.fixture(autouse=True)
def _stub(monkeypatch):
    monkeypatch.setitem(METHODS, "text-to-image", STUB)
    monkeypatch.delenv("STUB_DELAY", raising=False)


@pytest.fixture
def reference(tmp_path):
    reference = write_recipe(tmp_path / "datasets" / "tiny")
    generate(reference, data_root=tmp_path, workers=1, write_lock=True, quiet=True)
    return reference


@pytest.fixture
def folder(tmp_path, reference):
    return tmp_path / "generated" / "tiny" / "1.0.0"


@pytest.fixture
def lock(reference):
    return Path(reference).with_suffix(".lock")


def edit(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refused(reference, data_root, message):
    with pytest.raises(DataError, match=message) as caught:
        verify(reference, data_root=data_root, quiet=True)
    assert "\n" not in str(caught.value)


def test_an_intact_version_passes(reference, tmp_path):
    report = verify(reference, data_root=tmp_path, quiet=True)
    assert (report.images, report.lock, report.counts) == (26, "identical", {"train": 20, "val": 6})
    assert "26 images match the manifest" in str(report)


def test_images_drawn_again_are_identical(reference, tmp_path):
    assert verify(reference, data_root=tmp_path, regenerate=1000, quiet=True).redrawn == {"identical": 26}


def test_images_that_come_out_a_little_otherwise_are_perceptually_identical(reference, tmp_path, monkeypatch):
    monkeypatch.setattr(StubMaker, "_noise", a_shade_lighter(StubMaker._noise))
    report = verify(reference, data_root=tmp_path, regenerate=5, workers=1, quiet=True)
    assert report.redrawn == {"perceptually identical": 5}


def a_shade_lighter(noise):
    return lambda maker, seed: noise(maker, seed).point(lambda level: min(255, level + 3))


def test_the_two_bounds_of_likeness():
    rows = np.random.default_rng(0).integers(40, 200, (32, 32), dtype=np.uint8)
    png = [encode(Image.fromarray(rows + shift), Encoding()) for shift in np.array([0, 5, 6], dtype=np.uint8)]
    assert [likeness(png[0], one, what="x") for one in png] == ["identical", "perceptually identical", "drifted"]
    other = encode(Image.fromarray(np.clip(255 - rows, 100, 140)), Encoding())
    near = encode(Image.fromarray(np.clip(rows, 118, 122)), Encoding())
    assert likeness(near, encode(Image.fromarray(240 - np.clip(rows, 118, 122)), Encoding()), what="x") == "drifted"
    assert likeness(png[0], other, what="x") == "drifted"
    assert likeness(png[0], encode(Image.fromarray(rows[:16]), Encoding()), what="x") == "drifted"
    with pytest.raises(DataError, match="x: not a readable image"):
        likeness(png[0], png[0][:30], what="x")


def test_a_drift_says_what_differs_from_the_lock(reference, tmp_path, monkeypatch, lock):
    versions = json.loads(lock.read_text())["versions"] | {"torch": "0.1"}
    edit(lock, versions=versions, machine={"processor": "Babbage", "threads": 1, "device": "Analytical Engine"})
    monkeypatch.setattr(StubMaker, "_noise", noise_of_the_next_seed)
    with pytest.raises(
        DataError, match=r"drifted.*torch .* \(lock: 0\.1\), processor .*Babbage\), device cpu \(lock: Ana"
    ):
        verify(reference, data_root=tmp_path, regenerate=1, workers=1, quiet=True)


def test_images_that_come_out_otherwise_are_called_drifted(reference, tmp_path, monkeypatch):
    monkeypatch.setattr(StubMaker, "_noise", noise_of_the_next_seed)
    with pytest.raises(DataError, match=r"4 of 4 redrawn images drifted, first '\w+/\d/\d+'"):
        verify(reference, data_root=tmp_path, regenerate=4, workers=1, quiet=True)


def noise_of_the_next_seed(maker, seed):
    return Image.fromarray(np.random.default_rng(seed + 1).integers(0, 256, (32, 32), dtype=np.uint8))


@pytest.mark.parametrize("share", [0.2, 0.4, 0.6, 0.8])
def test_one_flipped_bit_in_a_shard_is_found(reference, tmp_path, folder, share):
    shard = folder / "images" / "val" / "1" / "000000.parquet"
    harmed = bytearray(shard.read_bytes())
    harmed[int(len(harmed) * share)] ^= 4
    shard.write_bytes(harmed)
    refused(reference, tmp_path, "000000.parquet: .*to mend it run: imagenet-g generate")


def test_a_lost_and_a_foreign_shard_are_named_and_counted(reference, tmp_path, folder):
    (folder / "images" / "val" / "1" / "000000.parquet").unlink()
    (folder / "images" / "val" / "0" / "000000.parquet").write_bytes(b"PAR1")
    refused(
        reference, tmp_path, r"val/0/000000.parquet: damaged .* \(and 1 more\); to mend it run: imagenet-g generate"
    )
    pq.write_table(pa.table({"x": [1]}), folder / "images" / "val" / "0" / "000001.parquet")
    refused(reference, tmp_path, r"000001.parquet: not a file of this version \(and 2 more\)")


def test_a_manifest_cut_short_is_found_and_mended(reference, tmp_path, folder):
    manifest = folder / "manifest.parquet"
    whole = manifest.read_bytes()
    manifest.write_bytes(whole[: len(whole) // 2])
    refused(reference, tmp_path, "manifest.parquet: damaged")
    table = pq.read_table(pa.BufferReader(whole)).replace_schema_metadata(
        pq.read_metadata(pa.BufferReader(whole)).metadata
    )
    pq.write_table(table.slice(0, 20), manifest)
    refused(reference, tmp_path, r"20 rows with digest sha256:\w+…, it was written with")
    assert generate(reference, data_root=tmp_path, workers=1, quiet=True).drawn == 0
    assert manifest.read_bytes() == whole


@pytest.mark.parametrize(("column", "value"), [("prompt", "a forged prompt"), ("class_id", "1"), ("seed", 7)])
def test_a_row_forged_in_shard_and_manifest_is_found(reference, tmp_path, folder, column, value):
    manifest, shard = folder / "manifest.parquet", folder / "images" / "train" / "0" / "000000.parquet"
    forge(shard, column, value, {})
    forge(manifest, column, value, {"images/train/0/000000.parquet": open_shard(shard).frame})
    refused(reference, tmp_path, "the row of 'train/0/000000' is not what the recipe says")


def forge(path, column, value, files):
    table = pq.read_table(path)
    values = table.column(column).to_pylist()
    place = table.schema.get_field_index(column)
    values[0] = value
    header = json.loads(pq.read_metadata(path).metadata[HEADER_KEY])
    header["frames"] = header.get("frames", {}) | files
    forged = table.set_column(place, table.field(place), pa.array(values, table.field(place).type))
    pq.write_table(forged.replace_schema_metadata({HEADER_KEY: json.dumps(header)}), path, **WRITING)


def test_a_version_of_an_edited_recipe_is_refused(reference, tmp_path):
    write_recipe(tmp_path / "datasets" / "tiny", root_seed=5)
    refused(reference, tmp_path, r"made by recipe sha256:\w+…, the recipe is now sha256:\w+…")


def test_an_absent_version_says_what_to_run(tmp_path):
    reference = write_recipe(tmp_path / "datasets" / "tiny")
    refused(reference, tmp_path, r"tiny@1\.0\.0 is not in .*; make it: imagenet-g generate tiny@1\.0\.0")


def test_a_lock_of_another_recipe_is_refused(reference, tmp_path, lock):
    edit(lock, recipe_digest="sha256:" + "0" * 64)
    refused(reference, tmp_path, "a changed recipe is a new version")


def test_another_processor_s_bits_pass_when_they_look_alike(reference, tmp_path, lock):
    machine = {"processor": "Babbage", "threads": 1}
    versions = json.loads(lock.read_text())["versions"] | {"numpy": "0.1"}
    edit(lock, content_digest="sha256:" + "0" * 64, machine=machine, versions=versions)
    report = generate(reference, data_root=tmp_path, workers=1, quiet=True)
    assert report.lock == "perceptual"
    assert "perceptually those of the lock (100.0% look alike)" in report.note
    assert "(lock: 0.1)" in report.note
    assert "(lock: Babbage)" in report.note
    assert verify(reference, data_root=tmp_path, quiet=True).lock == "perceptual"


def test_other_images_than_the_lock_s_are_refused(reference, tmp_path, lock):
    phashes = json.loads(lock.read_text())["perceptual"]
    other = {item_id: f"{int(phash, 16) ^ 0x7FF:016x}" for item_id, phash in phashes.items()}
    edit(lock, content_digest="sha256:" + "0" * 64, perceptual=other)
    refused(reference, tmp_path, "not the images of the lock: 0.0% of 26 look alike, expected 99%")
    with pytest.raises(DataError, match="not the images of the lock"):
        generate(reference, data_root=tmp_path, workers=1, quiet=True)


def test_a_damaged_lock_is_one_line(reference, tmp_path, lock):
    lock.write_text(lock.read_text()[:40])
    refused(reference, tmp_path, "not JSON")
    lock.write_text("{}")
    refused(reference, tmp_path, "tiny/1.0.0.lock: reference: Field required")


def test_a_lock_is_of_a_whole_version(reference, tmp_path):
    with pytest.raises(UsageError, match="leave out --limit, --split and --shard"):
        generate(reference, data_root=tmp_path, limit=2, write_lock=True, workers=1)


def test_writing_the_lock_again_gives_the_same_bytes(reference, tmp_path, lock):
    before = lock.read_bytes()
    assert generate(reference, data_root=tmp_path, workers=1, write_lock=True, quiet=True).lock == "written"
    assert lock.read_bytes() == before
    assert before.endswith(b"}\n")


def test_bits_apart_by_hand():
    assert bits_apart("00000000000000ff", "000000000000000f") == 4
    assert bits_apart("ffffffffffffffff", "0000000000000000") == 64
