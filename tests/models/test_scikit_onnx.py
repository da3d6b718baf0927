"""A scikit-learn classifier as ONNX: features in, probabilities out, as scikit-learn itself gives them."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from bench.core.errors import UsageError
from bench.core.model_ref import ModelRef
from bench.models.classifier import Classifier
from bench.models.door import open_model
from bench.models.setting import Setting
from tests.models.small_models import SAID, classes, normalised, pictures

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def linear(estimator: LogisticRegression, path: Path, said: dict[str, str]) -> None:
    """What scikit-learn's converters write for a linear classifier."""
    helper, kind = onnx.helper, onnx.TensorProto
    node = helper.make_node(
        "LinearClassifier",
        ["features"],
        ["label", "probabilities"],
        domain="ai.onnx.ml",
        coefficients=estimator.coef_.ravel().tolist(),
        intercepts=estimator.intercept_.tolist(),
        classlabels_ints=estimator.classes_.tolist(),
        post_transform="SOFTMAX",
    )
    graph = helper.make_graph(
        [node],
        "linear",
        [helper.make_tensor_value_info("features", kind.FLOAT, [None, 768])],
        [
            helper.make_tensor_value_info("label", kind.INT64, [None]),
            helper.make_tensor_value_info("probabilities", kind.FLOAT, [None, 4]),
        ],
    )
    opsets = [helper.make_opsetid("ai.onnx.ml", 1), helper.make_opsetid("", 15)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    helper.set_model_props(model, said)
    onnx.save(model, path)


def opened(path: Path) -> Classifier:
    return open_model(ModelRef.parse(f"onnx:{path}"), Setting(classes(4), path.parent, device="cpu"))


def test_probabilities_are_those_of_scikit_learn(tmp_path: Path) -> None:
    images = pictures(40)
    features = normalised(images).numpy().transpose(0, 2, 3, 1).reshape(40, -1)
    estimator = LogisticRegression(max_iter=20, C=1e-3).fit(features, np.arange(40) % 4)
    linear(estimator, tmp_path / "own.onnx", SAID | {"scores": "probabilities"})
    found = opened(tmp_path / "own.onnx").probabilities(images[:9])
    assert np.allclose(found, estimator.predict_proba(features[:9]), atol=1e-4)
    assert (found.argmax(axis=1) == estimator.predict(features[:9])).all()


def test_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    estimator = LogisticRegression(max_iter=500).fit(np.eye(4, 768), np.arange(4))
    linear(estimator, tmp_path / "own.onnx", {})
    with pytest.raises(UsageError, match="does not say how its input is prepared: missing mode, size"):
        opened(tmp_path / "own.onnx")
    linear(estimator, tmp_path / "own.onnx", SAID | {"scores": "odds"})
    with pytest.raises(UsageError, match="scores: expected logits or probabilities, got 'odds'"):
        opened(tmp_path / "own.onnx")
