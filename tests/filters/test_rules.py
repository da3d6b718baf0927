"""Each rule by itself: what it rejects, what it lets pass, and its parameters."""

from dataclasses import replace
from importlib.util import find_spec
from types import SimpleNamespace

import imagehash
import numpy as np
import pytest
from PIL import Image

from bench.core.errors import DataError, UsageError
from bench.core.images import ImageSet
from bench.core.recipe import Filter
from bench.core.record import parse
from bench.core.registry import look_up
from bench.filters import ABOUT, BY_CLASS_LIST, RULES, SAFETY
from bench.filters.gate import Gate
from bench.filters.likeness import difference, look
from bench.filters.rule import Candidate, Tools
from bench.pipelines.versions.plan_items import plan_item
from tests.stub_maker import recipe_dict

DIGEST = "sha256:" + "0" * 64


def picture(seed, mode="L"):
    patches = np.random.default_rng(seed).integers(0, 256, (8, 8), dtype=np.uint8)
    return Image.fromarray(patches).resize((32, 32), Image.Resampling.BICUBIC).convert(mode)


def candidates(*images, attempt=0):
    from bench.core.recipe import Recipe

    recipe = parse(Recipe, recipe_dict(), where="test")
    return [
        Candidate(plan_item(recipe, "train", recipe.classes[0], slot, attempt), image)
        for slot, image in enumerate(images)
    ]


def tools(answer=(0.5, 0.5), real=()):
    images = ImageSet(
        "real", [str(i) for i in range(len(real))], np.zeros(len(real), int), real.__getitem__, lambda i: str(i)
    )
    return Tools(
        ("0", "1"), lambda model, weights: lambda shown: np.array([answer] * len(shown)), lambda n: images, "cpu"
    )


def rejected(name, parameters, shown, *, kept=(), using=None):
    rule = look_up(RULES, name, kind="filter")(parameters, using or tools())
    return [judgement.rejected for judgement in rule.judge(shown, list(kept))]


def test_every_rule_is_described():
    assert set(ABOUT) == set(RULES)
    assert {*SAFETY, *BY_CLASS_LIST} <= set(RULES)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_blank_is_one_colour_in_every_channel(mode):
    black, grey = Image.new(mode, (32, 32)), Image.new(mode, (32, 32), 90 if mode == "L" else (90, 10, 20))
    almost = picture(1, mode).point(lambda value: value % 3)
    shown = candidates(black, grey, almost, picture(2, mode))
    assert rejected("blank", {}, shown) == [True, True, False, False]
    assert rejected("blank", {"spread": 2}, shown) == [True, True, True, False]


def test_near_duplicates_are_found_among_kept_and_lower_slots():
    noisy = Image.fromarray(np.clip(np.asarray(picture(1)).astype(int) + 3, 0, 255).astype(np.uint8))
    shown = candidates(picture(1), picture(2), noisy, picture(3), picture(4))
    assert rejected("near-duplicate", {}, shown) == [False, False, True, False, False]
    assert rejected("near-duplicate", {"bits": 0, "difference": 0}, shown) == [False] * 5
    assert rejected("near-duplicate", {}, shown, kept=candidates(picture(4))) == [False, False, True, False, True]


def test_a_rejected_duplicate_rejects_nobody():
    base, other = (np.asarray(picture(seed)).astype(float) for seed in (1, 2))
    steps = [Image.fromarray((base + share * (other - base)).astype(np.uint8)) for share in (0, 0.1, 0.2)]
    near = [difference(*(np.asarray(steps[i]).reshape(1, -1) for i in pair))[0] for pair in ((0, 1), (1, 2), (0, 2))]
    assert max(near[:2]) < near[2]
    # The third is like the second alone, and the second is out.
    rule = {"bits": 64, "difference": max(near[:2])}
    assert rejected("near-duplicate", rule, candidates(*steps)) == [False, True, False]


def test_hashes_are_those_of_imagehash():
    shown = [picture(seed) for seed in range(40)] + [picture(9, "RGB").resize((300, 200)), Image.new("L", (32, 32))]
    assert [f"{value:016x}" for value in look(shown).hashes] == [str(imagehash.phash(image)) for image in shown]


def test_the_difference_is_one_less_the_correlation():
    shown = np.random.default_rng(0).integers(0, 256, (5, 1024), dtype=np.uint8)
    wanted = [1 - np.corrcoef(shown[0], one)[0, 1] for one in shown]
    np.testing.assert_allclose(difference(shown[[0] * 5], shown), wanted, atol=1e-12)
    plain = np.full((1, 1024), 7, np.uint8)
    assert difference(plain, plain * 3)[0] == 0
    assert difference(plain, shown[:1])[0] == 1


def test_a_copy_of_a_real_image_is_found_through_jpeg_and_size(tmp_path):
    real = [picture(seed, "RGB").resize((96, 96)) for seed in range(20)]
    real[7].save(tmp_path / "copy.jpg", quality=80)
    with Image.open(tmp_path / "copy.jpg") as file:
        copy = file.resize((32, 32))
    shown = candidates(copy, picture(99))
    assert rejected("real-copy", {"source": "x"}, shown, using=tools(real=real)) == [True, False]


def test_consistency_asks_for_more_than_one_in_n():
    parameters = {"model": "oracle:x", "weights": DIGEST}
    shown = candidates(picture(1))
    assert rejected("consistency", parameters, shown, using=tools((0.51, 0.49))) == [False]
    assert rejected("consistency", parameters, shown, using=tools((0.5, 0.5))) == [True]
    assert rejected("consistency", parameters, shown, using=tools((np.nan, 0.5))) == [True]
    assert rejected("consistency", parameters | {"above": 0.6}, shown, using=tools((0.55, 0.45))) == [True]


@pytest.mark.skipif(find_spec("nudenet") is None, reason="needs the extra safety")
def test_nudity_scores_a_plain_picture_as_harmless(monkeypatch):
    rule = look_up(RULES, "nudity", kind="filter")({}, tools())
    (judgement,) = rule.judge(candidates(picture(1, "RGB").resize((320, 320))), [])
    assert judgement.score < 0.5
    assert not judgement.rejected
    loud = [{"class": "BUTTOCKS_EXPOSED", "score": 0.7}, {"class": "FACE_FEMALE", "score": 0.9}]
    monkeypatch.setattr("bench.filters.nudity._detector", lambda: SimpleNamespace(detect=lambda image: loud))
    assert rule.judge(candidates(picture(1)), [])[0] == (True, 0.7)


def test_a_missing_package_is_one_line(monkeypatch):
    monkeypatch.setattr("bench.filters.nudity.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r'needs the package nudenet: pip install "imagenet-g-bench\[safety\]"'):
        Gate([Filter(name="nudity")], tools())


@pytest.fixture(scope="module")
def checker(tmp_path_factory):
    """Stable Diffusion's checker with small random weights that flag everything or nothing."""
    import torch
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import CLIPConfig, CLIPImageProcessor

    from bench.core.digests import digest_bytes

    vision = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = CLIPConfig(vision_config=vision | {"image_size": 32, "patch_size": 8}, projection_dim=8)
    made = {}
    for name, threshold in (("all", -1.0), ("none", 1.0)):
        folder = tmp_path_factory.mktemp(name)
        model = StableDiffusionSafetyChecker(config)
        model.concept_embeds.data = torch.randn_like(model.concept_embeds)
        model.special_care_embeds.data = torch.randn_like(model.special_care_embeds)
        model.concept_embeds_weights.data.fill_(threshold)
        model.special_care_embeds_weights.data.fill_(1.0)
        model.save_pretrained(folder)
        CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=32).save_pretrained(folder)
        made[name] = {"folder": str(folder), "weights": digest_bytes((folder / "model.safetensors").read_bytes())}
    return made


def test_the_safety_checker_s_word_is_the_verdict(checker):
    shown = candidates(picture(1), picture(2))
    assert rejected("safety-checker", checker["all"], shown) == [True, True]
    assert rejected("safety-checker", checker["none"], shown) == [False, False]


def test_a_checker_that_is_absent_or_another_is_one_line(checker, tmp_path):
    with pytest.raises(DataError, match=r"has no model.safetensors; put the folder safety_checker"):
        rejected("safety-checker", {"folder": str(tmp_path), "weights": DIGEST}, candidates(picture(1)))
    with pytest.raises(DataError, match=r"its weights have digest sha256:.*, the recipe expects sha256:000"):
        rejected("safety-checker", checker["all"] | {"weights": DIGEST}, candidates(picture(1)))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"name": "blnk"}, "unknown filter 'blnk': did you mean blank"),
        ({"name": "blank", "parameters": {"sprad": 1}}, "filter blank: unknown key 'sprad': did you mean spread"),
        (
            {"name": "near-duplicate", "parameters": {"bits": 65}},
            "filter near-duplicate: bits: .*less than or equal to 64",
        ),
        ({"name": "real-copy"}, "filter real-copy: source: Field required"),
        ({"name": "consistency", "parameters": {"model": "x"}}, "filter consistency: weights: Field required"),
        ({"name": "safety-checker"}, "filter safety-checker: folder: Field required"),
    ],
)
def test_wrong_filters_are_one_line(spec, message):
    with pytest.raises(UsageError, match=message):
        Gate([Filter(**spec)], tools())


def test_the_gate_keeps_refuses_and_writes_down():
    black = Image.new("L", (32, 32))
    unsure = Filter(name="consistency", parameters={"model": "x", "weights": DIGEST}, attempts=2, exhausted="keep")
    gate = Gate([unsure], tools())
    passing, out = gate.judge(candidates(picture(1), black), [])
    assert (passing, out) == ([], {"train/0/000000": "consistency", "train/0/000001": "blank"})
    (one,) = candidates(picture(1), attempt=1)
    one = one._replace(item=replace(one.item, verdict="kept after consistency"))
    (kept,), out = gate.judge([one], [])
    assert (kept.item.verdict, out) == ("kept despite consistency after consistency", {})
    (last,) = candidates(black, attempt=6)
    last = last._replace(item=replace(last.item, verdict="kept after a, b, blank, blank, blank, blank"))
    with pytest.raises(DataError, match="came out as one colour 5 times; change its prompt"):
        gate.judge([last], [])
