from contextlib import suppress
from dataclasses import replace

import pytest

from bench.core.errors import DataError
from bench.core.manifest import Item
from bench.core.recipe import Recipe
from bench.store.encoding import sha256_hex
from bench.store.shard_files import check_shard, joined_shard, open_shard, parse_shard, read_shard, scan_shard
from bench.store.shards import (
    plan,
    read_rows,
    shard_bytes,
    shard_slots,
    write_shard,
)
from tests.stub_maker import recipe_dict

FILES = [b"first picture" * 9, b"second picture" * 9]
ROW = Item(
    id="train/0/000000",
    image_name="train_0_000000.png",
    split="train",
    class_id="0",
    class_name="zero",
    template_id=79,
    prompt="a photo of a zero.",
    negative_prompt="",
    seed=2**32 - 1,
    attempt=0,
    step=20,
    cfg=7.5,
    sampler="DDIMScheduler",
    width=512,
    height=512,
    image_nsfw=None,
    method="text-to-image",
    source_image=None,
    generator="g",
    generator_revision="1",
    dtype="float16",
    sha256=sha256_hex(FILES[0]),
    phash="0" * 16,
    verdict="kept",
)
ITEMS = [ROW, replace(ROW, id="train/0/000001", sha256=sha256_hex(FILES[1]), image_nsfw=0.5, source_image="a.png")]


@pytest.fixture
def path(tmp_path):
    write_shard(tmp_path / "000000.parquet", ITEMS, FILES, drawing="sha256:d")
    return tmp_path / "000000.parquet"


def test_what_is_written_is_read(path):
    file = read_shard(path)
    assert file.holds("sha256:d", [item.id for item in ITEMS])
    assert not file.holds("sha256:e", [item.id for item in ITEMS])
    assert not file.holds("sha256:d", [ITEMS[0].id])
    assert file.holds("sha256:d", [ITEMS[0].id], beginning=1)
    assert read_rows(file.rows) == ITEMS
    assert [bytes(image) for image in file.images] == FILES
    assert open_shard(path).rows.equals(file.rows)


def outcome(read, path):
    try:
        return replace(read(path), images=())
    except DataError as error:
        return str(error)


def test_a_flipped_bit_changes_no_image_and_no_row_unseen(path):
    good = path.read_bytes()
    intact = read_shard(path)
    for place in range(0, len(good), 11):
        harmed = bytearray(good)
        harmed[place] ^= 1 << place % 8
        path.write_bytes(harmed)
        with suppress(DataError):
            file = read_shard(path)
            assert (file.rows, file.images) == (intact.rows, intact.images)
            assert file.frame != intact.frame
        assert outcome(check_shard, path) == outcome(read_shard, path)
        assert outcome(scan_shard, path) == outcome(open_shard, path)


def test_two_shards_are_joined(path):
    rest = shard_bytes(ITEMS[1:], FILES[1:], drawing="sha256:d")
    joined = path.parent / "joined.parquet"
    joined.write_bytes(joined_shard(read_shard(path), 1, parse_shard(rest, path)))
    assert joined.read_bytes() == path.read_bytes()
    joined.write_bytes(joined_shard(read_shard(path), 1, None))
    assert [bytes(image) for image in read_shard(joined).images] == FILES[:1]


def test_a_truncated_shard_is_one_line(path):
    good = path.read_bytes()
    for keep in range(0, len(good), 211):
        path.write_bytes(good[:keep])
        with pytest.raises(DataError, match=r"000000\.parquet: damaged"):
            read_shard(path)
        assert outcome(check_shard, path) == outcome(read_shard, path)


def recipe(**changes):
    return Recipe.model_validate(recipe_dict(**changes))


def test_shards_hold_whole_batches_of_one_class():
    assert [shard_slots(recipe(batch=batch)) for batch in (1, 8, 50, 128)] == [100, 104, 100, 128]
    shards = plan(recipe(batch=50, splits={"train": {"0": 230, "1": 0}, "val": 3}))
    assert [(shard.path, shard.first, shard.count) for shard in shards] == [
        ("images/train/0/000000.parquet", 0, 100),
        ("images/train/0/000001.parquet", 100, 100),
        ("images/train/0/000002.parquet", 200, 30),
        ("images/val/0/000000.parquet", 0, 3),
        ("images/val/1/000000.parquet", 0, 3),
    ]
    assert shards[2].ids()[-1] == "train/0/000229"


def test_a_limit_is_spread_over_the_classes():
    shards = plan(recipe(), limit=5)
    assert [(shard.split, shard.class_id, shard.count) for shard in shards] == [
        ("train", "0", 3),
        ("train", "1", 2),
        ("val", "0", 3),
        ("val", "1", 2),
    ]
    assert sum(shard.count for shard in plan(recipe(), limit=1)) == 2
