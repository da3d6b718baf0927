"""`diff`, the rules of version numbers, and images that a later version takes over."""

import json
import shutil
from pathlib import Path

import pytest

from bench.core.errors import DataError, UsageError
from bench.pipelines.versions.diff import diff, refuse
from bench.pipelines.versions.generate import generate
from bench.pipelines.versions.lineage import recipe_changes
from bench.pipelines.versions.recipes import load_recipe
from bench.pipelines.versions.verify import verify
from bench.store.versions import open_version
from bench.synthesis import METHODS
from tests.stub_maker import STUB, StubMaker, recipe_dict, write_recipe

TEMPLATES = {"bank": "test", "templates": ["a photo of a {}.", "a drawing of the {}."]}
LARGER = {"train": 13, "val": 6}


@pytest.fixture(autouse=True)
def _stub(monkeypatch):
    monkeypatch.setitem(METHODS, "text-to-image", STUB)


@pytest.fixture
def recipes(tmp_path):
    return tmp_path / "datasets" / "tiny"


def make(reference, root):
    return generate(reference, data_root=root, workers=1, quiet=True)


def by_recipes(recipes, tmp_path, version, **changes):
    old = write_recipe(recipes)
    return diff(old, write_recipe(recipes, version=version, **changes), data_root=tmp_path)


CASES = [
    ({"title": "Other words"}, (26, 0, 0, 0), "patch"),
    ({"splits": LARGER}, (26, 12, 0, 0), "minor"),
    ({"classes": [{"id": str(i), "name": n} for i, n in enumerate(("zero", "one", "two"))]}, (26, 13, 0, 0), "minor"),
    ({"splits": {"train": 9, "val": 4}}, (24, 2, 2, 0), "major"),
    ({"prompts": TEMPLATES}, (0, 0, 0, 26), "major"),
    ({"classes": [{"id": "0", "name": "zero"}, {"id": "1", "name": "One"}]}, (13, 0, 0, 13), "major"),
    ({"batch": 8}, (0, 0, 0, 26), "major"),
    ({"encoding": {"format": "jpeg"}}, (0, 0, 0, 26), "major"),
]


@pytest.mark.parametrize(("change", "counts", "bump"), CASES, ids=[next(iter(case[0])) for case in CASES])
def test_recipes_alone_say_what_a_new_version_needs(recipes, tmp_path, change, counts, bump):
    report = by_recipes(recipes, tmp_path, "2.0.0", **change)
    assert (report.kept, report.added, report.removed, report.changed) == counts
    assert (report.basis, report.bump, report.claimed, report.objection) == ("recipes", bump, "major", None)


@pytest.mark.parametrize(
    ("version", "change", "needed", "suggested"),
    [
        ("1.1.0", {"prompts": TEMPLATES}, "major", "2.0.0"),
        ("1.0.1", {"splits": LARGER}, "minor", "1.1.0"),
        ("1.7.3", {"root_seed": 1}, "major", "2.0.0"),
    ],
)
def test_a_number_that_claims_too_little_is_refused(recipes, tmp_path, version, change, needed, suggested):
    report = by_recipes(recipes, tmp_path, version, **change)
    with pytest.raises(UsageError, match=f"needs a new {needed} version, .* number it {suggested}") as caught:
        refuse(report)
    assert "\n" not in str(caught.value)
    with pytest.raises(UsageError, match=f"needs a new {needed} version"):
        make(str(recipes / f"{version}.yaml"), tmp_path)
    assert not (tmp_path / "generated").exists()


def test_the_predecessor_is_the_highest_version_before_it_and_the_parent_counts_too(recipes, tmp_path):
    write_recipe(recipes)
    write_recipe(recipes, version="2.0.0", root_seed=1)
    assert make(write_recipe(recipes, version="2.1.0", root_seed=1, splits=LARGER), tmp_path).complete
    with pytest.raises(UsageError, match=r"26 changed since tiny@2\.0\.0"):
        make(write_recipe(recipes, version="2.0.1"), tmp_path)
    with pytest.raises(UsageError, match=r"its parent tiny@9\.0\.0 has no recipe; known: tiny@1\.0\.0"):
        make(write_recipe(recipes, version="3.0.0", parent="tiny@9.0.0"), tmp_path)


def test_another_recipe_under_a_shipped_name_and_number_is_refused(tmp_path):
    mine = write_recipe(tmp_path, name="digits-g", version="1.0.0")
    with pytest.raises(UsageError, match=r"digits-g@1\.0\.0: .* this one claims none"):
        make(mine, tmp_path)


def test_manifests_say_what_happened_to_each_image(recipes, tmp_path, monkeypatch):
    old, new = write_recipe(recipes), write_recipe(recipes, version="1.1.0", splits=LARGER)
    make(old, tmp_path)
    assert make(new, tmp_path).reused == {"tiny@1.0.0": 26}
    report = diff(old, new, data_root=tmp_path)
    assert (report.basis, report.kept, report.added, report.bump) == ("manifests", 26, 12, "minor")
    assert report.first == {"kept": "train/0/000000", "added": "train/0/000010"}
    assert report.recipe == ("splits.train 10 → 13", "splits.val 3 → 6")
    refuse(report)
    other = write_recipe(recipes, version="2.0.0", prompts=TEMPLATES)
    assert make(other, tmp_path).reused == {}
    report = diff(old, other, data_root=tmp_path)
    assert report.changed_in == {"prompt": report.changed}
    assert report.bump == "major"
    assert report.kept + report.changed == 26


def test_images_that_another_machine_drew_otherwise_are_found(recipes, tmp_path, monkeypatch):
    old, new = write_recipe(recipes), write_recipe(recipes, version="1.1.0", splits=LARGER)
    make(old, tmp_path)
    (tmp_path / "generated").rename(tmp_path / "aside")
    noise = StubMaker._noise
    monkeypatch.setattr(StubMaker, "_noise", lambda maker, seed: noise(maker, seed).rotate(180))
    make(new, tmp_path)
    shutil.copytree(tmp_path / "aside", tmp_path / "generated", dirs_exist_ok=True)
    report = diff(old, new, data_root=tmp_path)
    assert (report.kept, report.changed, report.changed_in, report.bump) == (0, 26, {"sha256": 26}, "major")
    with pytest.raises(DataError, match=r"26 changed \(sha256 of 26\) since tiny@1\.0\.0 needs a new major version"):
        refuse(report)


@pytest.mark.parametrize("batch", [3, 4, 50])
def test_a_larger_version_takes_over_the_images_of_the_smaller_wherever_they_were_drawn(
    recipes, tmp_path, monkeypatch, batch
):
    old = write_recipe(recipes, batch=batch, splits={"train": 230, "val": 3})
    new = write_recipe(recipes, version="1.1.0", batch=batch, splits={"train": 341, "val": 5})
    make(new, tmp_path / "alone")
    make(old, tmp_path)
    noise = StubMaker._noise
    monkeypatch.setattr(StubMaker, "_noise", lambda maker, seed: noise(maker, seed).rotate(180))
    report = make(new, tmp_path)
    assert (report.reused, report.drawn) == ({"tiny@1.0.0": 466}, 2 * (111 + 2))
    before, after = (open_version(f"tiny@1.{minor}.0", tmp_path).manifest for minor in (0, 1))
    changes = after.changes_since(before)
    assert (changes.kept, changes.added, changes.changed) == (466, 226, 0)
    verify(new, data_root=tmp_path, quiet=True)
    monkeypatch.undo()
    monkeypatch.setitem(METHODS, "text-to-image", STUB)
    shutil.rmtree(tmp_path / "generated" / "tiny" / "1.1.0")
    assert make(new, tmp_path).content_digest == open_version("tiny@1.1.0", tmp_path / "alone").content_digest


def test_a_smaller_version_takes_a_part_and_a_damaged_image_is_never_taken(recipes, tmp_path):
    old = write_recipe(recipes)
    make(old, tmp_path)
    shard = tmp_path / "generated/tiny/1.0.0/images/train/0/000000.parquet"
    shard.write_bytes(shard.read_bytes()[:-9])
    report = make(write_recipe(recipes, version="2.0.0", splits={"train": 7, "val": 2}), tmp_path)
    assert (report.reused, report.drawn) == ({"tiny@1.0.0": 11}, 7)
    assert make(write_recipe(recipes, version="3.0.0", splits={"train": 7}, mode="RGB"), tmp_path).reused == {}


def test_a_node_with_other_libraries_is_refused(recipes, tmp_path, monkeypatch):
    make(write_recipe(recipes), tmp_path)
    monkeypatch.setattr("bench.pipelines.versions.draw.library_versions", lambda: {"torch": "0.1"})
    with pytest.raises(DataError, match=r"a node draws with torch 0\.1 \(here: .*\); install the same versions"):
        make(write_recipe(recipes, version="1.1.0", splits=LARGER), tmp_path)


def test_bad_questions_are_one_line(recipes, tmp_path):
    old, new = write_recipe(recipes), write_recipe(recipes, version="1.1.0", splits=LARGER)
    with pytest.raises(UsageError, match="give the earlier version first"):
        diff(new, old, data_root=tmp_path)
    with pytest.raises(UsageError, match=r"tiny@1\.0\.0 and huge@1\.0\.0 are not of one dataset"):
        diff(old, write_recipe(tmp_path / "huge", name="huge"), data_root=tmp_path)
    assert diff(old, old, data_root=tmp_path).objection is None
    make(old, tmp_path)
    manifest = tmp_path / "generated/tiny/1.0.0/manifest.parquet"
    manifest.write_bytes(manifest.read_bytes()[:99])
    with pytest.raises(DataError, match=r"manifest\.parquet: damaged"):
        diff(old, new, data_root=tmp_path)


def test_a_lock_of_another_recipe_is_refused_before_anything_is_drawn(recipes, tmp_path):
    reference = write_recipe(recipes)
    generate(reference, data_root=tmp_path, workers=1, write_lock=True, quiet=True)
    write_recipe(recipes, root_seed=1)
    with pytest.raises(DataError, match=r"1\.0\.0\.lock: locks recipe .*; a changed recipe is a new version"):
        make(reference, tmp_path / "other")
    assert not (tmp_path / "other").exists()
    path = Path(reference).with_suffix(".lock")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"recipe_digest": load_recipe(reference).digest}))
    with pytest.raises(DataError, match="not the images of the lock"):
        make(reference, tmp_path)


def test_the_keys_in_which_recipes_differ(recipes):
    old = load_recipe(write_recipe(recipes))
    new = old.model_validate(
        recipe_dict(
            version="2.0.0",
            prompts=TEMPLATES,
            mode="RGB",
            sampler={"name": "DDIMScheduler", "steps": 2, "guidance": 3.3, "options": {"eta": 1}},
        )
    )
    assert recipe_changes(old, new) == [
        "mode L → RGB",
        "prompts.templates",
        "sampler.name DPMSolverMultistepScheduler → DDIMScheduler",
        "sampler.options {} → absent",
        "sampler.options.eta absent → 1",
    ]
