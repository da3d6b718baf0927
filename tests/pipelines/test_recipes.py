import itertools
from pathlib import Path

import pytest
import yaml

from bench.core.errors import DataError, UsageError
from bench.core.recipe import Recipe
from bench.pipelines import real_counts
from bench.pipelines.real_counts import known_counts, write_counts
from bench.pipelines.versions import recipes
from bench.pipelines.versions.recipes import list_recipes, load_recipe, lock_path, recipe_schema
from bench.sources.real_counts import REAL_SETS, Known
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


@pytest.mark.parametrize(
    ("old", "new", "at", "message"),
    [
        ("  steps: 2", "  stepps: 2", "  stepps:", "unknown key 'sampler.stepps': did you mean steps"),
        ("- a sketch of the {}.", "- a sketch", "  templates:", "template 'a sketch' must have exactly one slot"),
        ("- id: '1'", "- id: '0'", "classes:", "classes: class '0' stands twice"),
        ("  steps: 2", "  steps: none", "  steps:", "sampler.steps: "),
        ("  train: 10", "  train: -1", "  train:", "splits.train"),
        ("  name: text-to-image", "  name: text-to-imag", "  name: text", "unknown synthesis method 'text-to-imag'"),
        ("method:", "label_space: digits\nmethod:", "label_space:", "method text-to-image takes none; leave it out"),
        ("  name: text-to-image", "  name: class-conditional", "prompts:", "method class-conditional takes none"),
        ("  name: text-to-image", "  name: image-to-image", "method:", "conditioning: method image-to-image needs it"),
        ("  bank: test", "  bank: own\n  bank: test", "  bank: test", "key 'bank' stands twice"),
    ],
)
def test_a_wrong_recipe_names_the_line(tmp_path, old, new, at, message):
    path = Path(write_recipe(tmp_path))
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    line = next(number for number, row in enumerate(path.read_text().splitlines(), start=1) if row.startswith(at))
    with pytest.raises(UsageError) as caught:
        load_recipe(str(path))
    assert str(caught.value).startswith(f"{path}, line {line}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ("imagenet-2k", "classes: unknown class list 'imagenet-2k': did you mean imagenet-1k"),
        ({"list": "digits", "name": {}}, "classes.name: unknown key 'name': did you mean names"),
        ({"list": "digits", "names": {"10": "ten"}}, "classes.names.10: no class of digits"),
        ({"list": "digits", "names": {"1": "zero"}}, "ambiguous_names: 'zero' is the name of 0, 1, declared for none"),
        ("imagenet-1k", "ambiguous_names: 'missile' is the name of n03773504, n04008634, declared for none"),
    ],
)
def test_class_lists_by_name_are_held_to_their_list(tmp_path, classes, message):
    with pytest.raises(UsageError) as caught:
        load_recipe(write_recipe(tmp_path, classes=classes))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_named_class_list_and_its_classes_written_out_are_one_recipe(tmp_path):
    named = load_recipe(write_recipe(tmp_path, classes="digits"))
    assert [item.name for item in named.classes[:3]] == ["zero", "one", "two"]
    written = [item.model_dump() for item in named.classes]
    assert load_recipe(write_recipe(tmp_path, classes=written)).digest == named.digest
    renamed = load_recipe(write_recipe(tmp_path, classes={"list": "digits", "names": {"0": "nought"}}))
    assert renamed.classes[0].name == "nought"


def test_aliases_in_a_recipe_cannot_make_it_endless(tmp_path):
    path = tmp_path / "1.0.0.yaml"
    rows = ["a: &a [" + "x, " * 9 + "x]"]
    rows += [f"{one}: &{one} [{f'*{before}, ' * 9}*{before}]" for before, one in itertools.pairwise("abcdefgh")]
    path.write_text("\n".join(rows))
    with pytest.raises(UsageError, match="unknown key 'a'"):
        load_recipe(str(path))
    path.write_text("name: &a [*a]\n")
    with pytest.raises(UsageError):
        load_recipe(str(path))


def test_the_schema_knows_every_key_and_the_names_for_lists():
    schema = recipe_schema()
    assert set(schema["properties"]) == set(Recipe.model_fields)
    assert {"enum": ["digits", "imagenet-100", "imagenet-1k"]} in schema["properties"]["classes"]["anyOf"]
    assert schema["$defs"]["Prompts"]["required"] == ["bank"]


def counted(tmp_path, counts):
    for name, count in counts.items():
        (tmp_path / name).mkdir(parents=True)
        for number in range(count):
            (tmp_path / name / f"{number}.JPEG").touch()
    return tmp_path


def test_counts_of_a_real_set_are_written_when_it_is_whole(shelf, tmp_path, monkeypatch):
    known = Known(classes="digits", images=23, least=1, most=7)
    monkeypatch.setattr(real_counts, "datasets_folder", lambda: shelf)
    monkeypatch.setitem(REAL_SETS, "small", known)
    counts = dict.fromkeys("0123456789", 2) | {"4": 7, "5": 1, "6": 1, "7": 2}
    mirror = {"train": {"mirrors": "small", "least": 1, "most": 7}, "val": 3}
    assert known_counts("small") is None
    before = load_recipe(write_recipe(shelf / "tiny", classes="digits", splits=mirror))
    write_counts("small", counted(tmp_path / "real", counts))
    recipe = load_recipe(write_recipe(shelf / "tiny", classes="digits", splits=mirror))
    assert [recipe.count("train", item.id) for item in recipe.classes] == list(counts.values())
    assert recipe.digest == before.digest
    (tmp_path / "real" / "4" / "0.JPEG").unlink()
    with pytest.raises(DataError, match="not the whole of small: expected 23 images, 1 to 7 a class, got 22, 1 to 6"):
        write_counts("small", tmp_path / "real")
    (tmp_path / "real" / "9" / "0.JPEG").rename(tmp_path / "real" / "9" / "note.txt")
    with pytest.raises(DataError, match="not the whole of small"):
        write_counts("small", tmp_path / "real")
    with pytest.raises(DataError, match="not small: expected 10 classes, got 1; look at '0'"):
        write_counts("small", counted(tmp_path / "other", {"9": 3}))
    (shelf / "counts" / "small.json").write_text("{")
    with pytest.raises(DataError, match="damaged; remove it, and count again"):
        known_counts("small")


def test_an_absent_file_is_one_line(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        load_recipe(str(tmp_path / "none.yaml"))


def test_a_named_bank_and_its_templates_written_out_are_one_recipe(tmp_path):
    named = load_recipe(write_recipe(tmp_path, prompts={"bank": "openai-imagenet-single"}))
    prompts = {"bank": "openai-imagenet-single", "templates": ["a photo of a {}"]}
    assert load_recipe(write_recipe(tmp_path, prompts=prompts)).digest == named.digest
    other = yaml.safe_load(Path(write_recipe(tmp_path)).read_text())
    assert other == recipe_dict()
