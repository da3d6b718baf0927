"""A GFlowNet as the method of a recipe: learned once, named in every row, and the laws of versions hold."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.core.errors import DataError, UsageError
from bench.pipelines.versions.generate import generate
from bench.pipelines.versions.recipes import load_recipe
from bench.pipelines.versions.verify import verify
from bench.store.versions import open_version
from tests.stub_maker import write_recipe

NOBODYS = "sha256:" + "0" * 64
GENERATOR = {"name": "gflow", "revision": "1", "from_nothing": True}
ROOT = Path(__file__).parents[2]
LEARNED = {"name": "gflow", "side": 16, "patch": 4, "codes": 8, "steps": 4, "batch": 4, "fraction": 1.0}


@pytest.fixture
def write(tmp_path):
    def recipe(**changes):
        whole = {
            "generator": GENERATOR,
            "sampler": {"name": "policy", "steps": 16, "guidance": 0},
            "method": {"name": "gflow"},
            "prompts": None,
            "conditioning": {"source": "mnist", "splits": {"train": "train"}, "shots": 2, "trial": 3},
            "adaptations": [LEARNED],
            "splits": {"train": 4},
        }
        return write_recipe(tmp_path / "datasets", **whole | changes)

    return recipe


def test_a_version_is_drawn_by_what_was_learned_and_drawn_again_bit_for_bit(write, tmp_path):
    reference = write()
    report = generate(reference, data_root=tmp_path, workers=1, quiet=True)
    assert (report.images, report.learned) == (8, 1)
    items = open_version("tiny@1.0.0", tmp_path).manifest.items
    assert len({item.sha256 for item in items}) == 8
    assert {item.generator for item in items} == {"gflow"}
    (drawn_by,) = {item.generator_revision for item in items}
    assert drawn_by.startswith("1+gflow@sha256:")
    assert [path.suffix for path in (tmp_path / "learned").iterdir()] == [".safetensors"]
    assert verify(reference, data_root=tmp_path, regenerate=4, workers=1, quiet=True)
    shutil.rmtree(tmp_path / "generated")
    shutil.rmtree(tmp_path / "learned")
    assert generate(reference, data_root=tmp_path, workers=1, quiet=True).content_digest == report.content_digest


def test_colour_and_wavelets_are_drawn_too(write, tmp_path):
    reference = write(mode="RGB", adaptations=[LEARNED | {"haar": True}], splits={"train": 1})
    assert generate(reference, data_root=tmp_path, workers=1, quiet=True).images == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"generator": {"name": "digits-sd", "revision": "1", "weights": NOBODYS}},
            "method gflow takes one of from_nothing: true",
        ),
        (
            {"method": {"name": "text-to-image", "safety": "none"}, "prompts": {"bank": "x", "templates": ["a {}"]}},
            "gflow does not go with method text-to-image",
        ),
        ({"generator": GENERATOR | {"weights": NOBODYS}}, "is from nothing; leave out weights"),
        ({"adaptations": None}, "method gflow needs gflow"),
        ({"adaptations": [LEARNED, LEARNED]}, "adaptations: gflow stands twice"),
        ({"adaptations": [LEARNED | {"side": 15}]}, "side 15 is no multiple of patch 4"),
        ({"adaptations": [LEARNED, {"name": "erasure", "concepts": ["{}"]}]}, "erasure does not go with method gflow"),
        ({"conditioning": None}, "adaptation gflow needs it"),
        ({"sampler": {"name": "DDIMScheduler", "steps": 16, "guidance": 0}}, "expected policy, got DDIMScheduler"),
    ],
)
def test_a_recipe_that_does_not_fit_is_one_line(write, tmp_path, changes, message):
    with pytest.raises((UsageError, DataError), match=message):
        generate(write(**changes), data_root=tmp_path, workers=1, quiet=True)


def test_a_recipe_says_everything_that_is_learned_by(write):
    (learned,) = load_recipe(write()).adaptations
    assert learned.parameters["loss"] == "trajectory"
    assert learned.parameters["temperature"] == 1.0


def start(root: Path) -> subprocess.Popen:
    settings = "gflow?steps=250&side=16&patch=8&codes=8&batch=4&fraction=0.01"
    words = ["train", "--track", "digits", "--arm", "real", "--steps", "3", "--augment", settings, "--quiet"]
    return subprocess.Popen([sys.executable, "run_bench.py", *words, "--data-root", str(root)], cwd=ROOT)


@pytest.mark.slow
def test_a_run_that_is_killed_while_it_learns_ends_in_the_same_weights(tmp_path):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = start(killed)
    while not list(killed.glob("augmenters/*/policy.pt")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not list(killed.glob("augmenters/*/spent.json"))  # it was not at its end
    for root in (killed, whole):
        assert start(root).wait() == 0
    (one,), (other,) = (list(root.glob("runs/*/model.safetensors")) for root in (killed, whole))
    assert one.read_bytes() == other.read_bytes()
