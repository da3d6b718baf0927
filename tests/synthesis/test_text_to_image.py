import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.core.errors import DataError, UsageError
from bench.core.recipe import Recipe
from bench.pipelines.versions.generate import generate
from bench.synthesis.diffusion import pick_device
from bench.synthesis.maker import Request
from bench.synthesis.pinned_weights import weights_digest
from bench.synthesis.text_to_image import TextToImage
from tests.stub_maker import recipe_dict, write_recipe
from tests.tiny_pipeline import build_tiny_pipeline


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    return build_tiny_pipeline(tmp_path_factory.mktemp("weights") / "tiny")


@pytest.fixture
def generator(weights):
    return {"name": str(weights), "revision": "1", "weights": weights_digest(weights)}


@pytest.fixture
def recipe(generator):
    return lambda **changes: Recipe.model_validate(recipe_dict(**{"generator": generator} | changes))


@pytest.fixture(scope="session")
def maker(weights):
    generator = {"name": str(weights), "revision": "1", "weights": weights_digest(weights)}
    return TextToImage(Recipe.model_validate(recipe_dict(generator=generator)), device="cpu")


def request(seed, prompt="a photo of a zero.", negative=""):
    return Request(class_name="zero", prompt=prompt, negative_prompt=negative, seed=seed)


def pixels(images):
    return [np.asarray(image).tolist() for image in images]


def test_images_have_the_recipe_s_size_and_mode_and_follow_their_seeds(maker):
    images = maker.draw([request(seed) for seed in range(4)])
    assert {(image.size, image.mode) for image in images} == {((32, 32), "L")}
    assert len({image.tobytes() for image in images}) == 4


def test_the_same_requests_give_the_same_bits_whatever_was_drawn_before(maker):
    first = pixels(maker.draw([request(seed) for seed in range(4)]))
    maker.draw([request(9, prompt="something else")] * 4)
    torch.manual_seed(5)
    assert pixels(maker.draw([request(seed) for seed in range(4)])) == first


def test_prompt_and_negative_prompt_matter(maker):
    plain = pixels(maker.draw([request(1)] * 4))
    assert pixels(maker.draw([request(1, prompt="a sketch of the one.")] * 4)) != plain
    assert pixels(maker.draw([request(1, negative="blurry")] * 4)) != plain


def test_the_caller_s_threads_are_given_back(maker):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    maker.draw([request(1)] * 4)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)


def test_embeddings_are_kept_but_not_for_ever(maker, monkeypatch):
    monkeypatch.setattr("bench.synthesis.prompt_embeddings.KEPT_PROMPTS", 2)
    maker.draw([request(1, prompt=f"prompt {i}") for i in range(4)])
    assert len(maker._prompts._kept) == 2


@pytest.mark.parametrize("sampler", ["DDIMScheduler", "EulerAncestralDiscreteScheduler", "DDPMScheduler"])
def test_other_samplers_draw_other_images_and_stay_reproducible(recipe, maker, sampler):
    other = TextToImage(recipe(sampler={"name": sampler, "steps": 2, "guidance": 1}), device="cpu")
    images = pixels(other.draw([request(seed) for seed in range(4)]))
    assert images == pixels(other.draw([request(seed) for seed in range(4)]))
    assert images != pixels(maker.draw([request(seed) for seed in range(4)]))


def sampler(**changes):
    return {"sampler": {"name": "DDIMScheduler", "steps": 2, "guidance": 3} | changes}


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        (sampler(name="DDIMSchedule"), UsageError, "unknown sampler 'DDIMSchedule': did you mean DDIMScheduler"),
        (sampler(options={"speed": 1}), UsageError, "unknown option of sampler DDIMScheduler 'speed'"),
        ({"method": {"name": "text-to-image"}}, UsageError, "parameters: safety: Field required"),
        ({"method": {"name": "text-to-image", "parameters": {"safe": 1}}}, UsageError, "unknown key 'safe'"),
        ({"method": {"name": "text-to-image", "parameters": {"safety": "checker"}}}, DataError, "no safety checker"),
    ],
)
def test_a_recipe_that_cannot_be_drawn_is_one_line(recipe, changes, kind, message):
    with pytest.raises(kind, match=message) as caught:
        TextToImage(recipe(**changes), device="cpu")
    assert "\n" not in str(caught.value)


def test_other_weights_than_the_recipe_s_are_refused_with_both_digests(recipe, weights, generator, tmp_path):
    copy = Path(shutil.copytree(weights, tmp_path / "copy"))
    (copy / "README.md").write_text("a model card does not count")
    assert weights_digest(copy) == generator["weights"]
    file = copy / "unet" / "diffusion_pytorch_model.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(
        DataError, match=f"have digest {weights_digest(copy)}, the recipe expects {generator['weights']}"
    ):
        TextToImage(recipe(generator=generator | {"name": str(copy)}), device="cpu")


def test_a_changed_configuration_changes_the_digest(weights, generator, tmp_path):
    copy = Path(shutil.copytree(weights, tmp_path / "copy"))
    file = copy / "scheduler" / "scheduler_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"beta_end": 0.03}))
    assert weights_digest(copy) != generator["weights"]


def test_broken_weights_are_one_line(recipe, weights, tmp_path):
    copy = Path(shutil.copytree(weights, tmp_path / "copy"))
    (copy / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    generator = {"name": str(copy), "revision": "1", "weights": weights_digest(copy)}
    with pytest.raises(DataError, match="does not load as a pipeline") as caught:
        TextToImage(recipe(generator=generator), device="cpu")
    assert "\n" not in str(caught.value)


PIN = "0" * 40


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("digits-sdd", UsageError, "unknown shipped generator 'digits-sdd'"),
        ("/nowhere/at-all", DataError, "generator '/nowhere/at-all': no such folder"),
        ("owner/model", DataError, f"generator 'owner/model' at revision {PIN} is neither in the hub's cache"),
    ],
)
def test_absent_weights_are_one_line(recipe, monkeypatch, name, kind, message):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(kind, match=message) as caught:
        TextToImage(recipe(generator={"name": name, "revision": PIN}), device="cpu")
    assert "\n" not in str(caught.value)


def test_devices():
    assert pick_device("cpu") == "cpu"
    assert pick_device("auto") in ("cpu", "cuda", "mps")
    with pytest.raises(UsageError, match="unknown device 'gpu'"):
        pick_device("gpu")
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="device 'cuda:1' is not there"):
            pick_device("cuda:1")


def test_one_and_two_workers_make_the_same_version(generator, tmp_path):
    reference = write_recipe(tmp_path / "datasets", generator=generator)
    digests = {
        generate(reference, data_root=tmp_path / str(workers), workers=workers, quiet=True).content_digest
        for workers in (1, 2)
    }
    assert len(digests) == 1
