"""What `generate` learns on the way: made once, found again, named in every row, and the laws of versions hold."""

import shutil
from pathlib import Path

import pytest

from bench.core.errors import DataError, UsageError
from bench.pipelines.versions.generate import generate
from bench.pipelines.versions.recipes import load_recipe
from bench.pipelines.versions.verify import verify
from bench.sources import mnist
from bench.store.versions import open_version
from bench.synthesis.pinned_weights import weights_digest
from tests.stub_maker import write_recipe
from tests.tiny_pipeline import build_tiny_pipeline

TOKEN = {"name": "textual-inversion", "templates": ["a {}"], "initial": "a", "steps": 2, "flip": False}
ERASED = {"name": "erasure", "concepts": ["a {}"], "steps": 2, "sampling_steps": 2, "layers": "x"}
TUNED = {"name": "fine-tuning", "templates": ["a {}"], "steps": 2, "rate": 1e-3}


@pytest.fixture(scope="session")
def generator(tmp_path_factory):
    folder = build_tiny_pipeline(tmp_path_factory.mktemp("weights") / "tiny")
    return {"name": str(folder), "revision": "1", "weights": weights_digest(folder)}


@pytest.fixture
def write(generator, tmp_path):
    def recipe(**changes):
        whole = {
            "generator": generator,
            "method": {"name": "da-fusion", "safety": "none", "strengths": [1.0, 0.5], "per_image": 2},
            "conditioning": {"source": "mnist", "splits": {"train": "train"}, "shots": 2, "trial": 3},
            "adaptations": [TOKEN],
            "splits": {"train": 4},
        }
        return write_recipe(tmp_path / "datasets", **whole | changes)

    return recipe


def test_tokens_are_learned_once_and_every_row_names_its_token_and_its_source(write, tmp_path):
    reference = write(adaptations=[ERASED, TOKEN])
    report = generate(reference, data_root=tmp_path, workers=1, quiet=True)
    assert (report.images, report.drawn, report.learned) == (8, 8, 4)  # erased and inverted, for each of two classes
    items = open_version("tiny@1.0.0", tmp_path).manifest.items
    assert {item.prompt for item in items if item.class_id == "0"} <= {
        "a photo of a <zero>.",
        "a sketch of the <zero>.",
    }
    for class_id in ("0", "1"):
        mine = [item for item in items if item.class_id == class_id]
        assert [item.source_image for item in mine[::2]] == [item.source_image for item in mine[1::2]]
        assert len({item.source_image for item in mine}) == 2
        assert len({item.generator_revision for item in mine}) == 1
        assert mine[0].generator_revision.startswith("1+erasure@sha256:")
        assert "+textual-inversion@sha256:" in mine[0].generator_revision
    assert len({item.generator_revision for item in items}) == 2
    assert len({item.sha256 for item in items}) == 8
    assert verify(reference, data_root=tmp_path, regenerate=4, workers=1, quiet=True)


def test_what_was_lost_is_made_again_bit_for_bit_by_any_number_of_workers(write, tmp_path):
    reference = write()
    whole = generate(reference, data_root=tmp_path, workers=1, quiet=True)
    states = {path.name: path.read_bytes() for path in (tmp_path / "learned").iterdir()}
    assert len(states) == 2
    next((tmp_path / "generated").glob("*/*/images/*/*/*.parquet")).unlink()
    again = generate(reference, data_root=tmp_path, workers=1, quiet=True)
    assert (again.drawn, again.learned, again.content_digest) == (4, 0, whole.content_digest)
    shutil.rmtree(tmp_path / "generated")
    shutil.rmtree(tmp_path / "learned")
    afresh = generate(reference, data_root=tmp_path, workers=2, quiet=True)
    assert (afresh.learned, afresh.content_digest) == (2, whole.content_digest)
    assert {path.name: path.read_bytes() for path in (tmp_path / "learned").iterdir()} == states


def test_fine_tuning_learns_one_state_for_all_classes(write, tmp_path):
    reference = write(adaptations=[TUNED], method={"name": "text-to-image", "safety": "none"}, splits={"train": 1})
    report = generate(reference, data_root=tmp_path, workers=1, quiet=True)
    assert report.learned == 1
    items = open_version("tiny@1.0.0", tmp_path).manifest.items
    assert {item.source_image for item in items} == {None}
    assert len({item.generator_revision for item in items}) == 1


def test_a_damaged_state_is_one_line(write, tmp_path):
    reference = write(splits={"train": 1})
    generate(reference, data_root=tmp_path, workers=1, quiet=True)
    shutil.rmtree(tmp_path / "generated")
    state = next((tmp_path / "learned").iterdir())
    state.write_bytes(state.read_bytes()[:60])
    with pytest.raises(DataError, match=r"no learned state of ours, or damaged .* remove it") as caught:
        generate(reference, data_root=tmp_path, workers=1, quiet=True)
    assert "\n" not in str(caught.value)


def test_shots_are_the_first_of_the_trial_s_permutation(write):
    few, many, other = (
        load_recipe(
            write(conditioning={"source": "mnist", "splits": {"train": "train"}, "shots": shots, "trial": trial})
        )
        for shots, trial in ((2, 3), (16, 3), (16, 4))
    )
    assert many.conditioning.chosen(400, "0")[:2] == few.conditioning.chosen(400, "0")
    assert len(set(many.conditioning.chosen(mnist.TRAIN_PER_CLASS, "0"))) == 16
    assert many.conditioning.chosen(400, "0") != other.conditioning.chosen(400, "0")
    assert many.conditioning.chosen(400, "0") != many.conditioning.chosen(400, "1")


def test_more_images_than_sources_allow_are_refused(write, tmp_path):
    with pytest.raises(DataError, match=r"mnist-train: expected at least 3 images of class '0' .* found 2"):
        generate(write(splits={"train": 5}), data_root=tmp_path, workers=1, quiet=True)


DA = {"name": "da-fusion", "safety": "none"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"adaptations": None}, "adaptations: method da-fusion needs textual-inversion"),
        ({"adaptations": [{"name": "textual-inversio"}]}, "unknown adaptation 'textual-inversio': did you mean"),
        (
            {"adaptations": [TOKEN | {"templates": ["a"]}]},
            "textual-inversion: templates: template 'a' must have exactly",
        ),
        ({"adaptations": [TOKEN | {"step": 3}]}, "unknown key 'step': did you mean steps"),
        ({"adaptations": [TOKEN, ERASED | {"variant": "esd"}]}, "erasure: variant: "),
        ({"conditioning": None}, "conditioning: method da-fusion needs it"),
        ({"conditioning": None, "method": {"name": "text-to-image", "safety": "none"}}, "textual-inversion needs it"),
        ({"adaptations": [ERASED], "method": {"name": "text-to-image", "safety": "none"}}, "text-to-image takes none"),
        ({"method": DA | {"strengths": [1.5]}}, r"strengths\.0: .* less than or equal to 1, got 1\.5"),
        ({"method": DA | {"strengths": []}}, "strengths: "),
        ({"method": DA | {"strength": 1}}, "unknown key 'strength': did you mean strengths"),
        ({"method": {"name": "psld", "safety": "none", "operator": "inpaint"}}, "operator: "),
        (
            {"method": {"name": "psld", "safety": "none", "operator": "box", "kernel": 4}},
            "kernel: expected an odd number",
        ),
        ({"conditioning": {"source": "mnist", "splits": {"train": "train"}, "masks": "folder"}}, "masks: .* say ink"),
        ({"conditioning": {"splits": {"train": "train"}}}, "give folder, or source"),
        ({"conditioning": {"source": "mnist", "splits": {"train": "train"}, "trial": 1}}, "trial goes with shots"),
    ],
)
def test_a_recipe_that_cannot_learn_names_its_file_and_key(write, changes, message):
    reference = write(**changes)
    text = Path(reference).read_text().replace("adaptations: null\n", "").replace("conditioning: null\n", "")
    Path(reference).write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        load_recipe(reference)
    assert str(caught.value).startswith(reference)
    assert "\n" not in str(caught.value)


def test_defaults_are_written_out_so_that_the_digest_covers_them(write):
    recipe = load_recipe(write())
    assert recipe.adaptations[0].parameters["rate"] == 2e-3
    assert recipe.method.parameters["per_image"] == 2
    assert recipe.method.parameters["compose"] == "parallel"
    bank = load_recipe(write(adaptations=[{"name": "textual-inversion", "bank": "textual-inversion-27"}]))
    assert len(bank.adaptations[0].parameters["templates"]) == 27
