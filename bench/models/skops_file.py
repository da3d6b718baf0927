"""A scikit-learn classifier in a skops file: only the types named here are ever made; no pickle."""

import hashlib
import json
import zipfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from bench.core.classes import ClassName
from bench.core.errors import DataError
from bench.core.model_ref import ModelRef
from bench.core.record import parse
from bench.core.score import Declaration
from bench.core.training_run import TrainingRun
from bench.models.classifier import Classifier
from bench.models.preprocessing import Preprocessing

METADATA = "imagenet-g.json"
TRUSTED = ["sklearn.tree._tree.Tree"]
"""What skops itself does not vouch for and our classifiers need: the trees of a forest."""


def open_skops(ref: ModelRef, path: Path, *, classes: tuple[ClassName, ...]) -> Classifier:
    """The classifier in `path`, a skops archive with our metadata; DataError for a damaged one or other classes."""
    where, said = str(ref), _metadata(path)
    wanted = [item.id for item in classes]
    if json.loads(said["classes"]) != wanted:
        found = len(json.loads(said["classes"]))
        raise DataError(f"{where}: was trained for other classes ({found}), the track has {len(wanted)}")
    training = parse(TrainingRun, json.loads(said["training"]), where=where)
    return Classifier(
        model=where,
        title=said["title"],
        weights="sha256:" + hashlib.sha256(path.read_bytes()).hexdigest(),
        declaration=Declaration(arch=training.arch, training=training),
        prepare=Preprocessing.read(said, where=where),
        classes=len(classes),
        load=lambda: EstimatorAnswers(path, classes=len(classes)),
    )


class EstimatorAnswers:
    """A fitted estimator as a function from pixels to scores: log-probabilities, or its decision function."""

    parallel = 1

    def __init__(self, path: Path, *, classes: int) -> None:
        import skops.io
        from threadpoolctl import ThreadpoolController

        try:
            self._estimator: Any = skops.io.load(path, trusted=TRUSTED)
        except Exception as error:  # skops raises whatever a damaged or hostile archive provokes
            raise DataError(f"{path}: not a skops file that can be trusted: {_line(error)}") from None
        if list(getattr(self._estimator, "classes_", ())) != list(range(classes)):
            raise DataError(f"{path}: the estimator's classes are not 0..{classes - 1}; train it again")
        self._pools = ThreadpoolController()

    def session(self) -> AbstractContextManager[None]:
        """Nothing: the limit on threads is set where the question is asked."""
        return nullcontext()

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Scores float64 [n, C] of pixels uint8 [n, h, w] or [n, h, w, 3]; minus infinity rules a class out."""
        flat = pixels.reshape(len(pixels), -1).astype(np.float32) / 255
        with self._pools.limit(limits=1), np.errstate(divide="ignore"):
            if hasattr(self._estimator, "predict_proba"):
                return np.log(self._estimator.predict_proba(flat))
            return self._estimator.decision_function(flat)


def _metadata(path: Path) -> dict[str, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            said = json.loads(archive.read(METADATA))
        missing = [key for key in ("classes", "training", "title") if not isinstance(said.get(key), str)]
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, ValueError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not a whole model file of ours ({_line(error)}); train it again") from None
    if missing:
        raise DataError(f"{path}: its metadata lack {', '.join(missing)}; train it again")
    return said


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
