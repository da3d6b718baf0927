from pathlib import Path

import pytest
import yaml

from bench.core.errors import UsageError
from bench.pipelines import recipes
from bench.pipelines.recipes import list_recipes, load_recipe, lock_path
from tests.stub_maker import recipe_dict, write_recipe


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setattr(recipes, "datasets_folder", lambda: tmp_path)
    return tmp_path


def test_the_shipped_recipe_mirrors_the_real_counts():
    recipe = load_recipe("digits-g@1.0.0")
    assert recipe.reference in list_recipes()
    assert [item.id for item in recipe.classes] == list("0123456789")
    assert (recipe.count("train", "3"), recipe.count("val", "3")) == (400, 100)
    assert len(recipe.prompts.templates) == 80
    assert (recipe.method.name, recipe.mode, recipe.encoding.format) == ("text-to-image", "L", "png")


def test_versions_are_listed_in_their_order(shelf):
    for version in ("1.10.0", "1.2.0", "1.9.0"):
        write_recipe(shelf / "tiny", version=version)
    (shelf / "tracks").mkdir()
    (shelf / "tracks" / "digits.yaml").write_text("name: digits")
    assert list_recipes() == ["tiny@1.2.0", "tiny@1.9.0", "tiny@1.10.0"]
    assert load_recipe("tiny@1.9.0").version == "1.9.0"
    assert lock_path("tiny@1.9.0") == shelf / "tiny" / "1.9.0.lock"


@pytest.mark.parametrize("reference", ["tiny@1.0.1", "tiny", "../tiny@1.0.0"])
def test_an_unknown_version_names_the_nearest(shelf, reference):
    write_recipe(shelf / "tiny")
    with pytest.raises(UsageError, match=r"unknown dataset version .*tiny@1\.0\.0"):
        load_recipe(reference)


def test_a_recipe_in_another_s_place_is_refused(shelf):
    Path(write_recipe(shelf / "tiny")).rename(shelf / "tiny" / "2.0.0.yaml")
    with pytest.raises(UsageError, match=r"2.0.0.yaml: holds tiny@1\.0\.0, its place says tiny@2\.0\.0"):
        load_recipe("tiny@2.0.0")


ZERO = {"id": "0", "name": "zero"}
UNPINNED = {"name": "owner/model", "revision": "main"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": "red"}, "unknown key 'colour'"),
        ({"classes": [ZERO, ZERO]}, "classes: class '0' stands twice"),
        ({"splits": {"train": -1}}, r"splits\.train.*greater than or equal to 0, got -1"),
        ({"generator": UNPINNED}, "generator: generator 'owner/model' is not pinned: expected a 40-hex commit"),
        ({"prompts": {"bank": "openai-imagenet-8"}}, r"prompts\.bank: unknown prompt bank .* openai-imagenet-80"),
        ({"prompts": {"bank": "b", "templates": ["no slot"]}}, "template 'no slot' must have exactly one slot {}"),
        ({"version": 1.0}, r"version: .*got 1\.0"),
        ({"batch": 0}, "batch: .*got 0"),
    ],
)
def test_a_wrong_recipe_names_file_and_key(tmp_path, changes, message):
    reference = write_recipe(tmp_path, **{"version": "1.0.0"} | changes)
    with pytest.raises(UsageError, match=message) as caught:
        load_recipe(reference)
    assert str(caught.value).startswith(reference)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\nname: b\n", "line 2: key 'name' stands twice"),
        ("name: [\n", "line 2"),
        ("- 1\n", "expected a recipe .* got list"),
        ("", "expected a recipe .* got NoneType"),
        ("!!python/object:os.system {}", "line 1"),
    ],
)
def test_what_is_no_recipe_is_one_line(tmp_path, text, message):
    path = tmp_path / "1.0.0.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        load_recipe(str(path))
    assert "\n" not in str(caught.value)


def test_an_absent_file_is_one_line(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        load_recipe(str(tmp_path / "none.yaml"))


def test_a_named_bank_and_its_templates_written_out_are_one_recipe(tmp_path):
    named = load_recipe(write_recipe(tmp_path, prompts={"bank": "openai-imagenet-single"}))
    prompts = {"bank": "openai-imagenet-single", "templates": ["a photo of a {}"]}
    assert load_recipe(write_recipe(tmp_path, prompts=prompts)).digest == named.digest
    other = yaml.safe_load(Path(write_recipe(tmp_path)).read_text())
    assert other == recipe_dict()
