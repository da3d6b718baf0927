"""ImageNet-C's corruptions of a track's own set: deterministic by id, worse with severity, scored with mCE."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from bench.core.errors import DataError, UsageError
from bench.metrics.corruption_error import ALEXNET
from bench.pipelines.scoring import corruptions as verb
from bench.pipelines.scoring.corruptions import corruptions
from bench.pipelines.tracks import open_set
from bench.pipelines.training.train import train
from bench.sources import corruptions as source
from tests.toy_track import bars, toy_track

needs_library = pytest.mark.skipif(source.why_not() is not None, reason="the extra `corruptions` is not installed")


def noisy(image, *, severity, corruption_name, seed=None):
    """As the library draws: from numpy's global generator, and for two corruptions from a seed of their own."""
    assert (image.dtype, image.shape[2:]) == (np.uint8, (3,))
    assert (seed is not None) == (corruption_name in ("impulse_noise", "glass_blur"))
    random = np.random if seed is None else np.random.default_rng(seed)
    return (image + random.normal(0, 8 * severity, image.shape)).clip(0, 255).astype(np.uint8)


@pytest.fixture(params=["stand-in", pytest.param("library", marks=needs_library)])
def library(request, monkeypatch):
    """The library that corrupts, or what stands in for it where it is not installed."""
    if request.param == "stand-in":
        monkeypatch.setattr(source, "why_not", lambda: None)
        monkeypatch.setitem(sys.modules, "imagecorruptions", SimpleNamespace(corrupt=noisy))
    return request.param


def test_the_corruptions_are_those_of_the_published_errors():
    assert tuple(ALEXNET) == source.CORRUPTIONS


def test_names_and_a_missing_library_are_one_line(monkeypatch, tmp_path):
    track = toy_track(monkeypatch)
    monkeypatch.setattr(source, "why_not", lambda: 'needs imagecorruptions: pip install "x[corruptions]"')
    for name, error, text in (
        ("test.fgo.3", UsageError, "unknown corruption 'fgo': did you mean fog"),
        ("test.fog.6", UsageError, "expected a severity from 1 to 5, got 6"),
        ("tset.fog.3", UsageError, "unknown set of track toy 'tset.fog.3'"),
        ("test.fog.3", DataError, "corruption fog needs imagecorruptions: pip install"),
    ):
        with pytest.raises(error) as caught:
            open_set(track, name, data_root=tmp_path)
        assert text in str(caught.value)


@pytest.mark.parametrize("corruption", source.CORRUPTIONS)
def test_each_is_deterministic_by_id_and_leaves_numpy_alone(library, monkeypatch, tmp_path, corruption):
    track = toy_track(monkeypatch)
    clean, images = (open_set(track, name, data_root=tmp_path) for name in ("test", f"test.{corruption}.3"))
    np.random.seed(1)
    before = np.random.get_state()[1].tolist()
    first = np.asarray(images.read(3))
    assert np.random.get_state()[1].tolist() == before
    assert (first.shape, first.dtype, images.read(3).mode) == ((32, 32), np.uint8, "L")
    np.random.seed(2)
    images.read(4)
    assert (np.asarray(images.read(3)) == first).all()
    assert (np.asarray(images.pick(np.array([3])).read(0)) == first).all()
    assert (first != np.asarray(clean.read(3))).any()
    assert images.ids == clean.ids
    assert images.digest != clean.digest
    worst = np.asarray(open_set(track, f"test.{corruption}.5", data_root=tmp_path).read(3))
    mildest, before = np.asarray(open_set(track, f"test.{corruption}.1", data_root=tmp_path).read(3)), clean.read(3)
    # Fog is rescaled to the image's own brightest value: on 32 pixels its mildest may change as much.
    assert corruption == "fog" or distance(worst, before) > distance(mildest, before)


def distance(one, other):
    return np.abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int)).mean()


def test_photographs_are_cropped_as_published_and_tiny_images_refused(library):
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 500, 3), dtype=np.uint8))
    assert source.corrupt(photo, "brightness", 1, seed=0).size == (224, 224)
    assert source.corrupt(photo.crop((0, 0, 200, 100)), "brightness", 1, seed=0).size == (200, 100)
    with pytest.raises(DataError, match="at least 32 pixels a side, got 16x16"):
        source.corrupt(Image.new("L", (16, 16)), "fog", 1, seed=0)


def test_a_model_gets_its_card(library, monkeypatch, tmp_path):
    track, severities = toy_track(monkeypatch), 5
    if library == "stand-in":
        severities = 2
        monkeypatch.setattr(verb, "CORRUPTIONS", source.CORRUPTIONS[:2])
        monkeypatch.setattr(verb, "SEVERITIES", (1, 5))
    run = train(track, "real", arch="sklearn:naive-bayes", data_root=tmp_path, quiet=True)
    (card,) = corruptions([f"run:{run.id}"], track, data_root=tmp_path, limit=10, quiet=True)
    assert (card.n, card.limited, card.mce, card.reference) == (10, True, None, None)
    assert tuple(card.errors) == verb.CORRUPTIONS
    assert {len(errors) for errors in card.errors.values()} == {severities}
    assert "no mCE: name a model to compare with: --reference" in str(card)


def test_errors_go_to_their_model_corruption_and_severity_and_mce_to_the_reference(monkeypatch, tmp_path):
    def predict(models, track, *, sets, **options):
        return [f"{model} {name}" for model in models for name in sets]

    def error(file, images, track):
        model, name = file.split()
        severity = int(name.rsplit(".", 1)[1]) if "." in name else 0
        return {"a": 0.1, "b": 0.04, "perfect": 0.0}[model] * severity

    monkeypatch.setattr(verb, "predict", predict)
    monkeypatch.setattr(verb, "_error", error)
    monkeypatch.setattr(verb, "open_set", lambda *arguments, **options: bars("x", 1, 0))
    track = toy_track(monkeypatch)
    a, b = corruptions(["a", "b"], track, reference="b", data_root=tmp_path)
    assert a.errors["fog"] == pytest.approx((0.1, 0.2, 0.3, 0.4, 0.5))
    assert (a.clean_error, a.mean_error, a.mce) == pytest.approx((0.0, 0.3, 2.5))
    assert b.mce == pytest.approx(1.0)
    assert "mCE 250.0 against b" in str(a)
    (card,) = corruptions(["a"], track, reference="perfect", data_root=tmp_path)
    assert card.mce is None
    assert "the reference's error is 0" in str(card)
    monkeypatch.setattr(verb, "class_list", lambda name: track.classes)
    (card,) = corruptions(["a"], track, data_root=tmp_path)
    assert card.reference == "AlexNet, as published"
    assert card.mce == pytest.approx(np.mean([0.3 / error for error in ALEXNET.values()]))
