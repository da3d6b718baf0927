"""scikit-learn models from skops files: answers independent of the batch; nothing untrusted is made."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from bench.core.classes import ClassName
from bench.core.errors import DataError
from bench.core.model_ref import ModelRef
from bench.core.training_run import TrainingData, TrainingRun
from bench.models.classifier import Classifier
from bench.models.setting import Setting
from bench.models.skops_file import open_sklearn
from bench.training.scikit import pack_estimator

CLASSES = tuple(ClassName(id=str(i), name=str(i)) for i in range(3))
RUN = TrainingRun(
    track="t",
    arm="real",
    arch="sklearn:x",
    data=(TrainingData(name="toy", digest="sha256:0", images=60),),
    image_size=8,
    classes=("0", "1", "2"),
)
SAID = {
    "title": "x",
    "classes": '["0", "1", "2"]',
    "training": RUN.model_dump_json(),
    "mode": "L",
    "size": "8",
    "mean": "0",
    "std": "1",
    "interpolation": "bicubic",
}


def opened(path: Path) -> Classifier:
    return open_sklearn(ModelRef.parse(f"sklearn:{path}"), Setting(CLASSES, path.parent))


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    random = np.random.default_rng(0)
    return (random.integers(0, 100, (90, 8, 8)) + 60 * (np.arange(90) % 3)[:, None, None]).astype(np.uint8)


@pytest.mark.parametrize("estimator", [KNeighborsClassifier(1, algorithm="brute"), SVC()])
def test_answers_do_not_depend_on_batch_size_or_order(estimator, pixels: np.ndarray, tmp_path: Path) -> None:
    flat = pixels.reshape(90, -1).astype(np.float32) / 255
    estimator.fit(flat, np.arange(90) % 3)
    (tmp_path / "model.skops").write_bytes(pack_estimator(estimator, SAID))
    model, images = opened(tmp_path / "model.skops"), [Image.fromarray(image) for image in pixels]
    whole = model.probabilities(images)
    assert np.array_equal(whole.argmax(axis=1), estimator.predict(flat))
    assert np.array_equal(np.concatenate([model.probabilities([image]) for image in images[:5]]), whole[:5])
    assert np.array_equal(model.probabilities(images[::-1]), whole[::-1])


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        opened(path).probabilities([Image.new("L", (8, 8))])
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_damaged_or_foreign_file_is_one_line(pixels: np.ndarray, tmp_path: Path) -> None:
    path, flat = tmp_path / "model.skops", pixels.reshape(90, -1).astype(np.float32) / 255
    whole = pack_estimator(KNeighborsClassifier(1).fit(flat, np.arange(90) % 3), SAID)
    assert "no such file" in refusal(path)
    path.write_bytes(whole[: len(whole) // 2])
    assert "not a whole model file of ours" in refusal(path)
    estimator = KNeighborsClassifier(1).fit(flat, np.arange(90) % 2)
    path.write_bytes(pack_estimator(estimator, SAID))
    assert "the estimator's classes are not 0..2" in refusal(path)
    path.write_bytes(pack_estimator(estimator, SAID | {"classes": json.dumps(["a", "b"])}))
    assert "was trained for 2 classes (a, b…), the track asks for 3 classes" in refusal(path)
    path.write_bytes(pack_estimator(estimator, {"title": "x"}))
    assert "its metadata lack classes, or hold more than text" in refusal(path)


def test_a_type_that_is_not_trusted_is_never_made(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    path.write_bytes(pack_estimator(FunctionTransformer(print), SAID))
    assert "not a skops file that can be trusted" in refusal(path)
