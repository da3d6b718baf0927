"""What can be wrong with a method's input, as it is typed: one line, its exit code, and not one image."""

import shutil
import sys

import pytest
import torch
from PIL import Image

from bench import cli
from bench.pipelines.versions.generate import generate
from bench.synthesis.adaptation import State
from bench.synthesis.pinned_weights import weights_digest
from tests.stub_maker import write_recipe
from tests.tiny_pipeline import build_tiny_pipeline
from tests.trees import plant

DDIM = {"name": "DDIMScheduler", "steps": 2, "guidance": 2.0}
MNIST = {"source": "mnist", "splits": {"train": "train"}, "shots": 2}
INK = {"conditioning": MNIST | {"masks": "ink"}}
MASKED = {"conditioning": {"folder": "real", "splits": {"train": "train"}, "masks": "masks"}}
TOKEN = {"name": "textual-inversion", "templates": ["a {}"], "initial": "a", "steps": 1, "flip": False}
ERASED = {"name": "erasure", "concepts": ["a {}"], "steps": 1, "sampling_steps": 2, "layers": "x-strict"}


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    folder = build_tiny_pipeline(tmp_path_factory.mktemp("weights") / "tiny")
    return {"name": str(folder), "revision": "1", "weights": weights_digest(folder)}


@pytest.fixture
def write(generator, tmp_path):
    def recipe(name, changes, **parameters):
        method = {"name": name, "safety": "none"} | parameters
        whole = {"generator": generator, "method": method, "sampler": DDIM, "splits": {"train": 2}, "batch": 2}
        return write_recipe(tmp_path / "datasets", **whole | changes)

    return recipe


@pytest.fixture
def refused(monkeypatch, capsys, tmp_path):
    """Types `generate RECIPE`: exit code, and the one line."""

    def call(reference):
        words = ["run_bench.py", "generate", reference, "--data-root", str(tmp_path), "--workers", "1", "--quiet"]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1), err
        assert not list(tmp_path.rglob("*.parquet"))
        return stop.value.code, err

    return call


@pytest.mark.parametrize(
    ("name", "changes", "parameters", "code", "message"),
    [
        ("image-to-image", {"conditioning": MNIST}, {"strength": 1.5}, 2, "strength: Input should be less than or eq"),
        ("image-to-image", {"conditioning": MNIST}, {"strength": -0.1}, 2, "strength: Input should be greater than or"),
        ("image-to-image", {}, {"strength": 0.5}, 2, "conditioning: method image-to-image needs it"),
        ("psld", INK, {"operator": "random-outpainting", "margin": 32}, 3, "boxes that cover the whole image"),
        (
            "psld",
            MASKED,
            {"operator": "outpainting"},
            3,
            "image_1.JPEG: expected a mask of 12 x 10 pixels, got 10 x 12;",
        ),
        (
            "da-fusion",
            MASKED | {"adaptations": [TOKEN]},
            {"mask": "object", "strengths": [0.5]},
            3,
            "a mask of 12 x 10 pixels, got 10 x 12",
        ),
    ],
)
def test_what_a_method_cannot_start_from_is_one_line(
    write, refused, tmp_path, name, changes, parameters, code, message
):
    for path in plant(tmp_path / "real", ("train/0", "train/1"), 2).rglob("*.JPEG"):
        mask = (tmp_path / "masks" / path.relative_to(tmp_path / "real")).with_suffix(".png")
        mask.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (10, 12)).save(mask)
    found, line = refused(write(name, changes, **parameters))
    assert found == code
    assert message in line


@pytest.mark.parametrize(
    ("adaptation", "foreign", "message"),
    [
        (
            TOKEN,
            {"vectors": torch.zeros(1, 768)},
            "a token of another text encoder: its vectors are (1, 768), this one",
        ),
        (ERASED, {"conv_in.weight": torch.zeros(320, 4, 3, 3)}, "made for another UNet: conv_in.weight is (320, 4, 3,"),
    ],
)
def test_what_another_generator_has_learned_is_one_line(write, refused, tmp_path, adaptation, foreign, message):
    changes = {"adaptations": [adaptation]} | ({"conditioning": MNIST} if adaptation is TOKEN else {})
    reference = write("text-to-image", changes)
    generate(reference, data_root=tmp_path, workers=1, quiet=True)
    shutil.rmtree(tmp_path / "generated")
    for path in (tmp_path / "learned").glob("*.safetensors"):
        path.write_bytes(State(adaptation["name"], "zero", "another", foreign).data)
    code, line = refused(reference)
    assert code == 3
    assert message in line
    assert "learn it again for this generator" in line
