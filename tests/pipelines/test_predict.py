"""`predict`: files that hold are reused, others made again; nothing depends on how the work is cut."""

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from bench.core.errors import UsageError
from bench.pipelines.scoring import answering
from bench.pipelines.scoring import predict as module
from bench.pipelines.scoring.predict import Means, predict
from bench.pipelines.training.train import train
from bench.store.predictions import read_predictions
from bench.store.runs import run_folder
from tests.toy_track import bars, toy_track


def test_answers_are_kept_reused_and_made_again_where_they_no_longer_hold(monkeypatch, tmp_path: Path) -> None:
    track = toy_track(monkeypatch)
    run = train(track, "real", data_root=tmp_path, quiet=True)
    files = predict([f"run:{run.id}"], track, data_root=tmp_path, quiet=True)
    images = bars("toy-test", 5, 3)
    expected = f"predictions/toy/run-{run.id}/test-{images.digest[7:19]}.parquet"
    assert files[0].relative_to(tmp_path).as_posix() == expected
    header = read_predictions(files[0]).header
    assert (header.weights, header.dataset_digest, header.limited) == (run.weights, images.digest, False)
    assert header.declaration is not None
    assert header.declaration.training == run.run
    before = [path.read_bytes() for path in files]

    asked: list[int] = []
    ask = module.answered
    monkeypatch.setattr(
        module,
        "answered",
        lambda models, images, work, *a, **k: asked.append(len(work)) or ask(models, images, work, *a, **k),
    )
    predict([f"run:{run.id}"], track, data_root=tmp_path, quiet=True)
    assert asked == [0, 0]
    files[1].write_bytes(before[1][:100])
    predict([f"run:{run.id}"], track, data_root=tmp_path, quiet=True)
    assert asked == [0, 0, 0, 1]
    assert [path.read_bytes() for path in files] == before
    monkeypatch.setattr(answering, "BLOCK", 7)
    for path in files:
        path.unlink()
    predict([f"run:{run.id}"], track, data_root=tmp_path, means=Means(workers=3), quiet=True)
    assert [path.read_bytes() for path in files] == before


def test_several_models_come_model_by_model_and_a_limit_is_marked(monkeypatch, tmp_path: Path) -> None:
    track = toy_track(monkeypatch)
    runs = [train(track, "real", arch=f"sklearn:{name}", data_root=tmp_path) for name in ("tree-5", "naive-bayes")]
    files = predict([f"run:{run.id}" for run in runs], track, data_root=tmp_path, limit=20, quiet=True)
    found = [read_predictions(path) for path in files]
    assert [(one.header.model[4:], one.header.set) for one in found] == [
        (run.id, name) for run in runs for name in ("test", "shift")
    ]
    assert all(one.header.limited and len(one.image_ids) == 20 for one in found)
    whole = predict([f"run:{runs[0].id}"], track, data_root=tmp_path, limit=50, sets=["test"], quiet=True)
    assert not read_predictions(whole[0]).header.limited


def test_an_unknown_set_is_one_line(monkeypatch, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown set of track toy 'shfit': did you mean shift"):
        predict([], toy_track(monkeypatch), sets=["shfit"], data_root=tmp_path)


def test_a_run_answers_what_timm_answers_with_its_weights(monkeypatch, tmp_path: Path) -> None:
    run = train(toy_track(monkeypatch), "real", data_root=tmp_path, quiet=True)
    weights = run_folder(tmp_path, run.run) / "model.safetensors"
    network = timm.create_model("test_vit", in_chans=1, num_classes=10).eval()
    network.load_state_dict(load_file(weights))
    with safe_open(weights, "pt") as file:
        said = file.metadata()
    images = bars("toy-test", 5, 3)
    pixels = torch.tensor(np.stack([np.asarray(images.read(i)) for i in range(len(images))]))[:, None] / 255
    with torch.inference_mode():
        expected = network((pixels - float(said["mean"])) / float(said["std"])).softmax(dim=1).numpy()
    (file,) = predict([f"run:{run.id}"], toy_track(monkeypatch), sets=["test"], data_root=tmp_path, quiet=True)
    found = read_predictions(file)
    order = [images.ids.index(one) for one in found.image_ids]
    assert np.array_equal(found.answers.topk_class[:, 0], expected[order].argmax(axis=1))
    assert np.allclose(found.answers.topk_probability[:, 0], expected[order].max(axis=1), atol=1e-5)
