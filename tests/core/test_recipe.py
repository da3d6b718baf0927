"""Recipes: complete and pinned, or refused in one line."""

import copy

import pytest

from bench.core.errors import UsageError
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
