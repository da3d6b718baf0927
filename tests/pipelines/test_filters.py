"""Filters in a version: what is redrawn, what the manifest says, and the laws with filters on."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from bench.core.errors import DataError, UsageError
from bench.core.verdict import Verdict
from bench.models.oracle import open_oracle
from bench.pipelines.versions import recipes
from bench.pipelines.versions.filter_tools import filter_tools
from bench.pipelines.versions.generate import generate
from bench.pipelines.versions.recipes import load_recipe
from bench.pipelines.versions.verify import verify
from bench.store.versions import open_version
from bench.synthesis import METHODS
from tests.stub_maker import BLANK, recipe_dict, write_recipe

COPIER = "tests.stub_maker:CopyingMaker"
ORACLE = {"model": "oracle:digits-oracle", "weights": open_oracle("digits-oracle").digest}
DUPLICATES = {"name": "near-duplicate", "attempts": 9}
TEN = [{"id": str(i), "name": str(i)} for i in range(10)]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Where `tiny@…` recipes are looked for."""
    monkeypatch.setattr(recipes, "datasets_folder", lambda: tmp_path / "datasets")
    monkeypatch.setitem(METHODS, "text-to-image", COPIER)
    return tmp_path / "datasets" / "tiny"


def make(reference, root, **options):
    return generate(reference, data_root=root, workers=options.pop("workers", 1), quiet=True, **options)


def items(root, version="1.0.0"):
    return open_version(f"tiny@{version}", root).manifest.items


def test_no_filter_leaves_the_digest_of_a_recipe_alone(tmp_path):
    recipe = load_recipe(write_recipe(tmp_path))
    assert recipe.model_dump(mode="json")["filters"] == []
    assert recipe == recipe.model_validate(recipe_dict())


def test_near_duplicates_of_a_batch_are_drawn_again_and_the_manifest_says_so(place, tmp_path):
    write_recipe(place, filters=[DUPLICATES], splits={"train": 40}, batch=8)
    make("tiny@1.0.0", tmp_path)
    found = items(tmp_path)
    redrawn = [item for item in found if item.attempt]
    assert len(redrawn) > 5
    assert {item.verdict for item in found if not item.attempt} == {"kept"}
    assert all(Verdict.parse(item.verdict).after == ("near-duplicate",) * item.attempt for item in redrawn)
    for class_id in ("0", "1"):
        for batch in range(0, 40, 8):
            hashes = [item.phash for item in found if item.class_id == class_id][batch : batch + 8]
            assert len(set(hashes)) == 8
    recipe = load_recipe("tiny@1.0.0")
    assert all(
        item.seed == recipe.seed("train", item.class_id, int(item.id[-6:]), item.attempt, "noise") for item in found
    )
    assert verify("tiny@1.0.0", data_root=tmp_path, regenerate=20, quiet=True).redrawn == {"identical": 20}


def test_with_filters_workers_limits_and_later_versions_change_nothing(place, tmp_path):
    write_recipe(place, filters=[DUPLICATES], splits={"train": 230}, batch=25)
    one = make("tiny@1.0.0", tmp_path / "one")
    two = make("tiny@1.0.0", tmp_path / "two", workers=2)
    assert one.content_digest == two.content_digest
    whole = {item.id: item for item in items(tmp_path / "one")}
    make("tiny@1.0.0", tmp_path, limit=30)
    limited = open_version("tiny@1.0.0", tmp_path, limit=30).manifest.items
    assert all(whole[item.id] == item for item in limited)
    write_recipe(place, version="1.1.0", filters=[DUPLICATES], splits={"train": 240}, batch=25)
    make("tiny@1.1.0", tmp_path)
    larger = {item.id: item for item in items(tmp_path, "1.1.0")}
    assert {item_id: larger[item_id] for item_id in whole} == whole


def test_a_harmed_shard_is_drawn_to_the_same_bytes_with_filters(place, tmp_path):
    write_recipe(place, filters=[DUPLICATES], splits={"train": 230}, batch=25)
    digest = make("tiny@1.0.0", tmp_path).content_digest
    shard = sorted(tmp_path.rglob("000001.parquet"))[0]
    shard.unlink()
    report = make("tiny@1.0.0", tmp_path)
    assert (report.drawn, report.content_digest) == (100, digest)


def test_consistency_keeps_the_last_attempt_where_the_recipe_says_so(place, tmp_path):
    unsure = {"name": "consistency", "parameters": ORACLE, "attempts": 2, "exhausted": "keep"}
    write_recipe(place, filters=[unsure], classes=TEN, splits={"train": 4})
    make("tiny@1.0.0", tmp_path)
    verdicts = {item.verdict for item in items(tmp_path)}
    assert verdicts <= {"kept", "kept after consistency", "kept despite consistency after consistency"}
    assert "kept despite consistency after consistency" in verdicts
    version = open_version("tiny@1.0.0", tmp_path)
    images = version.image_set("train", [one["id"] for one in TEN])
    answers = open_oracle("digits-oracle").probabilities([images.read(i) for i in range(len(images))])
    for index, item in enumerate(version.manifest.items):
        seen = answers[index, images.labels[index]] > 0.1
        assert seen == (not Verdict.parse(item.verdict).despite)


def test_consistency_that_is_never_met_refuses_the_version(place, tmp_path):
    strict = {"name": "consistency", "parameters": ORACLE | {"above": 0.999999}, "attempts": 1}
    write_recipe(place, filters=[strict], classes=TEN, splits={"train": 4})
    with pytest.raises(DataError, match="does not show its class to the classifier once; change its"):
        make("tiny@1.0.0", tmp_path)


def test_a_real_digit_is_never_kept(place, tmp_path, monkeypatch):
    monkeypatch.setitem(METHODS, "text-to-image", "tests.stub_maker:MemorisingMaker")
    rule = {"name": "real-copy", "parameters": {"source": "mnist-train"}, "attempts": 12}
    write_recipe(place, filters=[rule], splits={"train": 10})
    make("tiny@1.0.0", tmp_path)
    assert {name for item in items(tmp_path) for name in Verdict.parse(item.verdict).after} == {"real-copy"}
    rows = [row for path in tmp_path.rglob("0*.parquet") for row in pq.read_table(path).to_pylist()]
    assert all(row["seed"] % 4 for row in rows)


def test_other_weights_than_the_recipe_s_are_one_line(place, tmp_path):
    other = ORACLE | {"weights": "sha256:" + "0" * 64}
    write_recipe(place, filters=[{"name": "consistency", "parameters": other}], classes=TEN)
    with pytest.raises(DataError, match=r"model oracle:digits-oracle: its weights have digest sha256:"):
        make("tiny@1.0.0", tmp_path)


def test_a_filter_twice_or_an_unknown_key_is_one_line(place, tmp_path):
    with pytest.raises(UsageError, match="filter 'near-duplicate' stands twice"):
        make(write_recipe(tmp_path / "a", filters=[DUPLICATES, DUPLICATES]), tmp_path)
    with pytest.raises(UsageError, match=r"filters\.0\.exhausted: .*'refuse' or 'keep'"):
        make(write_recipe(tmp_path / "b", filters=[DUPLICATES | {"exhausted": "drop"}]), tmp_path)
    assert not (tmp_path / "generated").exists()


def test_a_blank_image_is_rejected_without_being_asked(place, tmp_path, monkeypatch):
    monkeypatch.setitem(METHODS, "text-to-image", BLANK)
    write_recipe(place)
    make("tiny@1.0.0", tmp_path)
    after = [Verdict.parse(item.verdict).after for item in items(tmp_path)]
    assert {name for names in after for name in names} == {"blank"}


def test_an_answer_does_not_depend_on_the_company():
    recipe = recipe_dict(classes=TEN)
    tools = filter_tools(recipes.parse(recipes.Recipe, recipe, where="test"), device="cpu")
    ask = tools.classifier(ORACLE["model"], ORACLE["weights"])
    digits = tools.real_images("mnist-test")
    shown = [digits.read(i) for i in range(40)]
    together = ask(shown)
    np.testing.assert_array_equal(together[3:5], ask(shown[3:5]))
    assert (together.argmax(axis=1) == digits.labels[:40]).mean() > 0.9
