"""Predicting beside timm's `validate.py` loop, and several models in one pass beside a pass for each."""

import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from bench.core.errors import BenchError, DataError
from bench.core.images import ImageSet
from bench.models.classifier import Classifier, cores
from bench.models.setting import Setting
from bench.pipelines.answering import Question, opened
from bench.pipelines.benchmarks.comparison import Comparison, comparison, seconds
from bench.pipelines.predict import predict_set
from bench.pipelines.tracks import load_track, open_set
from bench.store.paths import checkout
from bench.store.predictions import read_predictions

MODELS = tuple(f"efficientnet_lite{number}" for number in range(3))
SAMPLE = Path("..") / "shared" / "data" / "imagenet-sample" / "val"
SAME = 0.999
ROUNDS = 2
TRACK = """\
name: sample
classes: imagenet-1k
in_distribution: photo
headline: {{metric: top1, sets: [photo]}}
sets:
  photo: {{folder: {folder}, map: wnid}}
"""


def score_vs_timm_validate(*, limit: int = 1000) -> Comparison:
    """One model with the backend that `predict` chooses, against the loop of timm's `validate.py`."""
    return _one_model("score-vs-timm-validate", "auto", limit)


def score_torch_vs_timm_validate(*, limit: int = 1000) -> Comparison:
    """The same with plain torch on our side."""
    return _one_model("score-torch-vs-timm-validate", "torch", limit)


def score_three_in_one_pass(*, limit: int = 1000) -> Comparison:
    """The command `predict` with three models against three commands with one, from start to end, both as typed."""
    with tempfile.TemporaryDirectory() as name:
        track = _track_file(Path(name))

        def command(number: str, *models: str) -> None:
            root = Path(name) / number
            options = ["--track", str(track), "--data-root", str(root), "--limit", str(limit), "--quiet"]
            _run([sys.executable, "run_bench.py", "predict", *models, *options])

        refs = [f"package:{model}" for model in MODELS]
        times = []
        for turn in range(ROUNDS):
            together = seconds(lambda turn=turn: command(f"{turn}-all", *refs))
            alone = sum(seconds(lambda ref=ref, turn=turn: command(f"{turn}-{ref[-1]}", ref)) for ref in refs)
            times.append((together, alone))
    ours, peer = (min(side) for side in zip(*times, strict=True))
    total = limit * len(MODELS)
    return comparison("score-three-in-one-pass", ours=total / ours, peer=total / peer, unit="images/s")


def _one_model(name: str, backend: str, limit: int) -> Comparison:
    """Loading the model is left out on both sides, and what its first chunk settles; hashing and writing are ours."""
    ours, peer = [], []
    with tempfile.TemporaryDirectory() as folder:
        track = load_track(str(_track_file(Path(folder))))
        setting = Setting(track.classes, Path(folder), backend=backend)
        question = Question((f"package:{MODELS[0]}",), setting, track, "photo", limit, cores())
        (model,) = opened(question.models, setting)
        images = open_set(track, "photo", data_root=setting.data_root).first(limit)
        model.probabilities([images.read(0)])
        for _ in range(ROUNDS):
            start = time.perf_counter()
            (file,) = predict_set(question, [model], "local", quiet=True)
            ours.append(time.perf_counter() - start)
            told = json.loads(_run([sys.executable, "-m", _loop(), MODELS[0], str(_sample()), str(limit)]))
            peer.append(told["seconds"])
            _check_same(file, images, told["top1"])
            file.unlink()
        bound = _bound(model, images)
    found = comparison(name, ours=limit / min(ours), peer=limit / min(peer), unit="images/s")
    return found.model_copy(update={"limit_share": round(bound / min(ours), 3)})


def _bound(model: Classifier, images: ImageSet) -> float:
    """Seconds of decoding and of the forward pass, each alone with all cores: nothing is faster than their sum."""
    chunks = [range(at, min(at + model.chunk, len(images))) for at in range(0, len(images), model.chunk)]
    prepared: list[np.ndarray] = []

    def decode(rows: range) -> np.ndarray:
        return model.prepare.pixels([images.read(row) for row in rows])

    with model.network.session(), ThreadPoolExecutor(cores()) as pool:
        first = seconds(lambda: prepared.extend(pool.map(decode, chunks)))
        return first + seconds(lambda: list(pool.map(model.answer, prepared)))


def _check_same(file: Path, images: ImageSet, theirs: list[int]) -> None:
    """BenchError unless both sides give the same best class: a faster wrong answer is no answer."""
    predictions = read_predictions(file)
    ours = dict(zip(predictions.image_ids, predictions.answers.topk_class[:, 0].tolist(), strict=True))
    same = np.mean([ours[image_id] == best for image_id, best in zip(sorted(images.ids), theirs, strict=True)])
    if same < SAME:
        raise BenchError(f"the same best class on {same:.1%} of {len(images)} images, expected {SAME:.1%}")


def _track_file(folder: Path) -> Path:
    path = folder / "sample.yaml"
    path.write_text(TRACK.format(folder=_sample()), encoding="utf-8")
    return path


def _sample() -> Path:
    folder = (checkout() / SAMPLE).resolve()
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; this comparison needs ImageNet photographs in folders by class")
    return folder


def _loop() -> str:
    return "bench.pipelines.benchmarks.timm_loop"


def _run(command: list[str]) -> Any:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=checkout()).stdout
