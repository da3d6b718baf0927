"""One pass for several models: what is decoded, what is kept, and what a kill leaves."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from bench.core.errors import DataError
from bench.pipelines.scoring import answering
from bench.pipelines.scoring.predict import Means, predict
from bench.sources import SOURCES
from bench.store.predictions import read_predictions
from tests.toy_track import bars, toy_track

SAID = {"arch": "test_vit", "mode": "L", "size": "32", "mean": "0.5", "std": "0.5", "interpolation": "bicubic"}


@pytest.fixture
def models(tmp_path: Path) -> list[str]:
    """Two networks on one preprocessing, and one on another."""
    import timm

    refs = []
    for index, resize in enumerate(("32", "32", "36")):
        torch.manual_seed(index)
        path = tmp_path / f"model{index}.safetensors"
        state = timm.create_model("test_vit", in_chans=1, num_classes=10).state_dict()
        save_file(state, path, metadata=SAID | {"resize": resize})
        refs.append(f"checkpoint:{path}")
    return refs


TORCH = Means(device="cpu", backend="torch", workers=2)


def test_each_image_is_decoded_once_for_all_models(monkeypatch, tmp_path: Path, models) -> None:
    reads: list[int] = []
    images = bars("toy-test", 5, 3)
    counting = replace(images, read=lambda i: reads.append(i) or images.read(i))
    monkeypatch.setitem(SOURCES, "toy-counted", lambda data_root: counting)
    track = toy_track(monkeypatch, sets={"test": {"source": "toy-counted", "title": "T"}}, headline={"sets": ["test"]})
    together = predict(models, track, data_root=tmp_path / "a", means=TORCH, quiet=True)
    assert sorted(reads) == list(range(50))
    alone = [predict([ref], track, data_root=tmp_path / "b", means=TORCH, quiet=True)[0] for ref in models]
    assert [path.read_bytes() for path in together] == [path.read_bytes() for path in alone]
    assert read_predictions(together[0]).header.versions["backend"].startswith("torch ")


def test_prepared_images_are_kept_for_the_next_model_within_their_limit(monkeypatch, tmp_path: Path, models) -> None:
    track, kept = toy_track(monkeypatch), replace(TORCH, kept_gib=0.01)
    first = predict(models[:1], track, data_root=tmp_path, means=kept, quiet=True, sets=["test"])
    monkeypatch.setattr(answering, "_read", lambda *a: pytest.fail("decoded again"))
    second = predict(models[1:2], track, data_root=tmp_path, means=kept, quiet=True, sets=["test"])
    monkeypatch.undo()
    track = toy_track(monkeypatch)
    plain = predict(models[:2], track, data_root=tmp_path / "plain", means=TORCH, quiet=True, sets=["test"])
    assert [path.read_bytes() for path in plain] == [path.read_bytes() for path in (*first, *second)]


def test_answers_do_not_depend_on_batch_size(monkeypatch, tmp_path: Path, models) -> None:
    track = toy_track(monkeypatch)
    whole = predict(models, track, data_root=tmp_path / "a", means=TORCH, quiet=True)
    other = predict(models, track, data_root=tmp_path / "b", means=replace(TORCH, batch=7), quiet=True)
    for one, two in zip(map(read_predictions, whole), map(read_predictions, other), strict=True):
        assert np.array_equal(one.answers.topk_class[:, 0], two.answers.topk_class[:, 0])
        assert np.allclose(one.answers.topk_probability, two.answers.topk_probability, atol=1e-5)


def test_a_run_that_stops_goes_on_where_it_was(monkeypatch, tmp_path: Path, models) -> None:
    track = toy_track(monkeypatch)
    monkeypatch.setattr(answering, "BLOCK", 10)
    whole = predict(models[:1], track, data_root=tmp_path / "a", means=TORCH, quiet=True, sets=["shift"])
    read, left = answering._read, iter(range(25))
    monkeypatch.setattr(answering, "_read", lambda *a: read(*a) if next(left, None) is not None else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        predict(
            models[:1], track, data_root=tmp_path / "b", means=replace(TORCH, workers=1), quiet=True, sets=["shift"]
        )
    again: list[int] = []
    monkeypatch.setattr(answering, "_read", lambda images, row: again.append(row) or read(images, row))
    files = predict(models[:1], track, data_root=tmp_path / "b", means=TORCH, quiet=True, sets=["shift"])
    assert len(again) == 50
    assert [path.read_bytes() for path in files] == [path.read_bytes() for path in whole]
    assert [path.name for path in files[0].parent.iterdir()] == [files[0].name]


def test_deep_pixels_are_refused_by_name(monkeypatch, tmp_path: Path, models) -> None:
    deep = replace(bars("toy-test", 5, 3), read=lambda i: Image.fromarray(np.zeros((32, 32), dtype=np.uint16)))
    track = toy_track(monkeypatch, sets={"test": {"source": "toy-deep", "title": "T"}}, headline={"sets": ["test"]})
    monkeypatch.setitem(SOURCES, "toy-deep", lambda data_root: deep)
    with pytest.raises(DataError, match=r"image 'toy-test/0000': expected 8 bits a channel, got mode I;16; convert it"):
        predict(models[:1], track, data_root=tmp_path, means=TORCH, quiet=True)
