"""He et al.'s zero-shot protocol end to end on a small CLIP, and the published table beside it."""

import json

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from bench.cli.app import app
from bench.core.errors import DataError, UsageError
from bench.models.extractor import open_extractor
from bench.pipelines.zero_shot import tune
from bench.pipelines.zero_shot.table import file_card, published, table
from bench.pipelines.zero_shot.tune import HeadTuning, Wanted, text_head, zero_shot
from tests.toy_track import bars, toy_track


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip")
    config = {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 64, "head_width": 32, "patch_size": 8},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
    }
    (folder / "head-clip.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder / "head-clip.json")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_file(open_clip.create_model("head-clip").state_dict(), folder / "clip.safetensors")
    return f"openclip:head-clip?weights={folder / 'clip.safetensors'}"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Synthetic images: twelve of each class of the toy track, a folder a class."""
    folder, images = tmp_path_factory.mktemp("made"), bars("made", 12, 9)
    for row, label in enumerate(images.labels):
        (folder / str(label)).mkdir(exist_ok=True)
        images.read(row).save(folder / str(label) / f"{row}.png")
    return str(folder)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A data root whose features all tests share."""
    return tmp_path_factory.mktemp("root")


@pytest.fixture
def toy(monkeypatch):
    track = toy_track(monkeypatch)
    monkeypatch.setattr(tune, "load_track", lambda name: track)
    return track


def wanted(clip, made, **changes):
    return Wanted(clip, made, "toy", **{"templates": "openai-imagenet-7", "keep": 0} | changes)


def test_the_text_head_is_tuned_and_judged_by_every_set(clip, made, toy, root):
    card = zero_shot(wanted(clip, made, tuning=HeadTuning(batch=64, rate=0.2)), data_root=root, quiet=True)
    assert set(card.sets) == {"test", "shift"}
    assert (card.images, card.kept, card.sets["test"].n, card.sets["shift"].n) == (120, 120, 50, 70)
    for one in card.sets.values():
        assert one.tuned > one.text_head + 0.15
        assert one.best >= one.tuned
        assert one.interval[0] < one.tuned < one.interval[1] or one.tuned == 1
    again = zero_shot(wanted(clip, made, tuning=HeadTuning(batch=64, rate=0.2)), data_root=root, quiet=True)
    assert again == card  # by features that were kept


def test_the_filter_keeps_so_many_of_each_class(clip, made, toy, root):
    card = zero_shot(wanted(clip, made, keep=5, tuning=HeadTuning(epochs=1)), data_root=root, quiet=True)
    assert (card.kept, card.settings["keep"]) == (50, 5)


def test_the_text_head_is_the_library_s(clip, root):
    extractor = open_extractor(clip, data_root=root, device="cpu")
    model = open_clip.create_model("head-clip", pretrained=clip.partition("weights=")[2]).eval()
    names, templates = ["cat", "dog"], ["a {}.", "a photo of a {}."]
    with torch.inference_mode():
        rows = open_clip.build_zero_shot_classifier(
            model, open_clip.get_tokenizer("head-clip"), names, [lambda c, t=t: t.format(c) for t in templates]
        )
        expected = (rows.T * model.logit_scale.exp()).numpy()
    assert text_head(extractor, names, templates) == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_the_published_table_says_where_its_means_are_not_its_columns():
    found = published()
    assert len(found.rows) == 17
    assert np.round(found.means, 2).tolist() == [55.26, 59.57, 65.42, 68.32]
    assert [column for column, _, _ in found.odd_means] == ["RN50", "RN50+SYN"]


def test_the_board_has_our_cards_and_the_quoted_table(clip, made, toy, root, tmp_path):
    empty = table(board_dir=tmp_path)
    assert "No head has been tuned here yet" in empty
    assert "| EuroSAT | 37.51 | 55.37 | 47.77 | 59.86 |" in empty
    assert "RN50 (printed 55.13, its column's is 55.26)" in empty
    card = zero_shot(wanted(clip, made, tuning=HeadTuning(epochs=2)), data_root=root, quiet=True)
    path = file_card(card, board_dir=tmp_path)
    shown = table(board_dir=tmp_path)
    assert f"{100 * card.sets['shift'].tuned:.2f}" in shown
    assert "openclip:head-clip" in shown
    assert "(quoted)" in shown
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(DataError, match=r"not JSON .* run zero-shot again"):
        table(board_dir=tmp_path)


def test_a_version_without_a_split_is_its_training_images():
    assert tune._training_split("digits-g@1.0.0") == tune._training_split("digits-g@1.0.0/train")
    assert tune._training_split("digits/real") == "digits/real"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "oracle:digits-oracle"}, "has no text tower to begin with; expected openclip:ARCH/TAG"),
        ({"data": "other"}, "its classes are not those of track toy"),
        ({"data": "digits-g@1.0.0/val"}, r"images of split val judge models; tune on digits-g@1\.0\.0/train"),
        ({"templates": "openai-imagenet-8"}, "unknown prompt bank 'openai-imagenet-8'"),
    ],
)
def test_what_cannot_be_tuned_is_one_line(clip, made, toy, root, tmp_path, changes, message):
    if changes.get("data") == "other":
        (tmp_path / "other" / "cat").mkdir(parents=True)
        bars("other", 1, 0).read(0).save(tmp_path / "other" / "cat" / "a.png")
        changes = {"data": str(tmp_path / "other")}
    asked = {"model": clip, "data": made, "track": "toy", "templates": "openai-imagenet-7"} | changes
    with pytest.raises(UsageError, match=message) as caught:
        zero_shot(Wanted(**asked), data_root=root, quiet=True)
    assert "\n" not in str(caught.value)


def test_the_verb_prints_and_files_the_card(clip, made, toy, root, tmp_path):
    said = ["zero-shot", clip, "--data", made, "--track", "toy", "--epochs", "1", "--quiet", "--json"]
    where = ["--board-dir", str(tmp_path), "--data-root", str(root)]
    found = CliRunner().invoke(app, [*said, *where])
    assert found.exit_code == 0, found.output
    assert set(json.loads(found.stdout)["sets"]) == {"test", "shift"}
    assert len(list((tmp_path / "zero-shot" / "results").glob("*.json"))) == 1
    shown = CliRunner().invoke(app, ["zero-shot-table", "--board-dir", str(tmp_path)])
    assert "| openclip:head-clip |" in shown.stdout
