import json

import pytest

from bench.core.errors import DataError, UsageError
from bench.core.recipe import Generator
from bench.synthesis.pinned_weights import weights_digest, weights_folder, why_absent

COMMIT, OTHER = "a" * 40, "b" * 40


@pytest.fixture
def snapshot(tmp_path):
    """A pipeline's folder as it lies in the hub's cache."""
    folder = tmp_path / "models--owner--model" / "snapshots" / COMMIT
    (folder / "unet").mkdir(parents=True)
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"}))
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"weights")
    return folder


def test_a_revision_that_is_not_that_of_the_weights_is_refused(snapshot):
    assert weights_folder(Generator(name=str(snapshot), revision=COMMIT)) == snapshot
    with pytest.raises(DataError, match=f"are revision {COMMIT}, the recipe expects {OTHER}; get that revision"):
        weights_folder(Generator(name=str(snapshot), revision=OTHER))
    link = snapshot.parents[2] / "mine"
    link.symlink_to(snapshot)
    with pytest.raises(DataError, match=f"are revision {COMMIT}"):
        weights_folder(Generator(name=str(link), revision=OTHER))


def test_weights_without_safetensors_are_in_the_digest(snapshot):
    before = weights_digest(snapshot)
    (snapshot / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"Weights")
    assert weights_digest(snapshot) != before


def test_what_is_not_pinned_yet_is_not_loaded(snapshot):
    generator = Generator(name=str(snapshot), revision="main", unpinned="nobody looked it up")
    with pytest.raises(UsageError, match="is not pinned yet: nobody looked it up"):
        weights_folder(generator)
    assert "is not pinned yet: nobody looked it up" in why_absent(generator)


def test_why_weights_are_absent_without_asking_the_hub(snapshot, monkeypatch, tmp_path):
    assert why_absent(Generator(name=str(snapshot), revision=COMMIT)) is None
    assert why_absent(Generator(name="/nowhere", revision=COMMIT)) == "generator '/nowhere': no such folder"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "empty"))
    why = why_absent(Generator(name="owner/model", revision=OTHER, licence="Apache 2.0"))
    assert why == "the weights of owner/model, which `generate` fetches from the hub (Apache 2.0)"
