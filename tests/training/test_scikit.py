"""The standard population's scikit-learn members: deterministic, packed without pickle."""

import io
import zipfile

import numpy as np
import pytest
import skops.io

from bench.core.errors import UsageError
from bench.core.training_run import TrainingData, TrainingRun
from bench.training.scikit import CLASSIFIERS, fit_estimator, pack_estimator


def record(name: str, seed: int = 0) -> TrainingRun:
    data = (TrainingData(name="toy", digest="sha256:0", images=60),)
    return TrainingRun(
        track="t", arm="real", arch=f"sklearn:{name}", data=data, image_size=8, seed=seed, classes=("0", "1", "2")
    )


@pytest.fixture(scope="module")
def images() -> tuple[np.ndarray, np.ndarray]:
    random, labels = np.random.default_rng(0), np.arange(60) % 3
    return (random.integers(0, 100, (60, 8, 8)) + 60 * labels[:, None, None]).astype(np.uint8), labels


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_each_is_deterministic_and_survives_its_archive(name: str, images) -> None:
    first, second = (fit_estimator(record(name), *images).estimator for _ in range(2))
    pixels = images[0].reshape(60, -1).astype(np.float32) / 255
    ask = "predict_proba" if hasattr(first, "predict_proba") else "decision_function"
    answers = getattr(first, ask)(pixels)
    assert answers.shape == (60, 3)
    assert np.array_equal(getattr(second, ask)(pixels), answers)
    again = skops.io.loads(pack_estimator(first, {"a": "b"}), trusted=["sklearn.tree._tree.Tree"])
    assert np.array_equal(getattr(again, ask)(pixels), answers)


def test_the_archive_holds_no_pickle_and_our_metadata(images) -> None:
    packed = pack_estimator(fit_estimator(record("forest-10"), *images).estimator, {"title": "x"})
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.read("imagenet-g.json") == b'{"title": "x"}'
        assert all(name.endswith((".json", ".npy")) for name in archive.namelist())


def test_another_seed_is_another_forest(images) -> None:
    pixels = images[0].reshape(60, -1).astype(np.float32) / 255
    odds = [fit_estimator(record("forest-10", seed), *images).estimator.predict_proba(pixels) for seed in (0, 1)]
    assert not np.array_equal(*odds)


def test_an_unknown_name_is_one_line(images) -> None:
    with pytest.raises(UsageError, match="unknown scikit-learn classifier 'knn-2': did you mean knn-"):
        fit_estimator(record("knn-2"), *images)
