"""Recipes: complete and pinned, or refused in one line."""

import copy

import pytest

from bench.core.errors import DataError, UsageError
from bench.core.recipe import Recipe
from bench.core.record import parse

GOOD = {
    "name": "digits-g",
    "version": "1.0.0",
    "title": "t",
    "description": "d",
    "classes": [{"id": "0", "name": "zero"}, {"id": "1", "name": "one"}],
    "splits": {"train": 4, "val": {"0": 1, "1": 2}},
    "prompts": {"bank": "own", "templates": ["a photo of a {}."]},
    "method": {"name": "text-to-image"},
    "generator": {"name": "digits-sd", "revision": "1", "weights": "sha256:" + "0" * 64},
    "sampler": {"name": "DDIMScheduler", "steps": 20, "guidance": 3.0},
    "size": {"width": 32, "height": 32},
    "batch": 4,
    "licence": "MIT",
}


def changed(path: str, value: object) -> dict:
    recipe = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    place = recipe
    for part in parents:
        place = place[part]
    place[last] = value
    return recipe


BAD = [
    ("verison", "1.0.0", "unknown key 'verison': did you mean version"),
    ("generator.revison", "1", "unknown key 'generator.revison': did you mean revision"),
    ("generator.weights", None, "generator 'digits-sd' is not pinned: expected a 40-hex commit"),
    ("classes", [{"id": "0", "name": "a"}, {"id": "0", "name": "b"}], "class '0' stands twice"),
    ("classes", [], "no classes"),
    ("splits.train", -1, "greater than or equal to 0, got -1"),
    ("splits.val", {"0": 1}, "split 'val' must count every class once; look at class '1'"),
    ("splits", {}, "no splits"),
    ("prompts.templates", ["a photo"], "must have exactly one slot {}"),
    ("prompts.templates", ["{}", "{}"], "a template stands twice"),
    ("prompts.templates", [], "no templates"),
    ("version", "1.0", "version: "),
    ("sampler.steps", 0, "sampler.steps: "),
    ("sampler.guidance", float("nan"), "sampler.guidance: "),
    ("batch", 0, "batch: "),
    ("name", "Digits G", "name: "),
    ("method", None, "method: "),
    ("generator.unpinned", "not known", "generator 'digits-sd' is pinned; leave out unpinned"),
    ("classes", [{"id": "0", "name": "a"}, {"id": "1", "name": "a"}], "ambiguous_names: 'a' is the name of 0, 1,"),
    ("ambiguous_names", {"zero": ["0", "1"]}, "ambiguous_names: 'zero' is the name of no two classes, declared for 0"),
    ("label_space", ["0", "2"], "label_space: class '1' is not among the generator's labels"),
    ("splits.train", {"mirrors": "real", "least": 0, "most": 1}, "splits.train"),
    ("conditioning", {"folder": "../x", "splits": {"train": "train", "val": "val"}}, "conditioning.folder"),
    ("conditioning", {"folder": "/x", "splits": {"train": "train", "val": "val"}}, "conditioning.folder"),
    ("conditioning", {"folder": "x", "splits": {"train": "train"}}, "must name every split once; look at 'val'"),
    ("conditioning", {"folder": "x", "splits": {"train": "val", "val": "train"}}, "evaluation images must not mix"),
    (
        "conditioning",
        {"folder": "x", "splits": {"train": "test", "val": "val"}},
        "'train' would be made from real 'test'",
    ),
    ("conditioning", {"folder": "x", "splits": {"val": "val", "test": "val"}}, "made from the same real 'val' images"),
]


@pytest.mark.parametrize(
    ("path", "value", "message"), BAD, ids=[f"{path}-{number}" for number, (path, *_) in enumerate(BAD)]
)
def test_a_bad_recipe_is_refused_in_one_line_that_names_file_and_key(path, value, message):
    with pytest.raises(UsageError) as caught:
        parse(Recipe, changed(path, value), where="datasets/x/1.0.0.yaml")
    assert str(caught.value).startswith("datasets/x/1.0.0.yaml: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_digest_sees_every_part_and_not_the_order_of_keys():
    recipe = parse(Recipe, GOOD, where="-")
    assert recipe.digest == parse(Recipe, dict(reversed(GOOD.items())), where="-").digest
    for path, value in (("sampler.steps", 21), ("prompts.negative", "bad"), ("root_seed", 1), ("batch", 8)):
        assert parse(Recipe, changed(path, value), where="-").digest != recipe.digest


def test_seeds_leave_the_version_out_so_that_a_larger_version_keeps_its_images():
    one, two = parse(Recipe, GOOD, where="-"), parse(Recipe, changed("version", "1.1.0"), where="-")
    assert one.seed("train", "0", 3, 0, "noise") == two.seed("train", "0", 3, 0, "noise")
    assert one.seed("train", "0", 3, 0, "noise") != one.seed("val", "0", 3, 0, "noise")
    other = parse(Recipe, changed("name", "digits-h"), where="-")
    assert one.seed("train", "0", 3, 0, "noise") != other.seed("train", "0", 3, 0, "noise")


def test_counts():
    recipe = parse(Recipe, GOOD, where="-")
    assert recipe.count("train", "1") == 4
    assert recipe.count("val", "1") == 2


def test_a_hub_generator_is_pinned_by_a_commit():
    hub = {"name": "owner/model", "revision": "0123456789abcdef" * 2 + "01234567"}
    assert parse(Recipe, changed("generator", hub), where="-").generator.weights is None
    with pytest.raises(UsageError, match="not pinned"):
        parse(Recipe, changed("generator", hub | {"revision": "main"}), where="-")


def test_what_came_later_is_in_the_digest_only_where_it_is_said():
    recipe = parse(Recipe, GOOD, where="-")
    assert not {"label_space", "conditioning", "ambiguous_names"} & set(recipe.model_dump())
    assert not {"unpinned", "format", "compiled"} & set(recipe.model_dump()["generator"])
    for path, value in (("label_space", ["0", "1"]), ("generator.compiled", True), ("generator.format", "bin")):
        changed_recipe = parse(Recipe, changed(path, value), where="-")
        assert changed_recipe.digest != recipe.digest
        assert parse(Recipe, changed_recipe.model_dump(mode="json"), where="-") == changed_recipe


def test_mirrored_counts_are_no_part_of_the_identity():
    mirror = {"mirrors": "real", "least": 3, "most": 9}
    unknown = parse(Recipe, changed("splits.train", mirror), where="-")
    known = parse(Recipe, changed("splits.train", mirror | {"counts": {"0": 3, "1": 9}}), where="-")
    assert unknown.digest == known.digest
    assert (known.count("train", "1"), known.count("train", "1", at_most=5)) == (9, 5)
    assert unknown.count("train", "1", at_most=3) == 3
    for at_most in (None, 4):
        with pytest.raises(DataError, match="mirrors real, whose images per class are not known here; count yours"):
            unknown.count("train", "1", at_most=at_most)
