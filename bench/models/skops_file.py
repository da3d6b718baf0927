"""A scikit-learn classifier in a skops file: only the types named here are ever made; no pickle."""

import json
import zipfile
import zlib
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from bench.core.errors import DataError, UsageError
from bench.core.model_ref import ModelRef
from bench.core.record import parse
from bench.core.training_run import TrainingRun
from bench.models.classifier import Classifier
from bench.models.opening import declaration, options_of
from bench.models.preprocessing import Preprocessing
from bench.models.safetensors_file import check_classes
from bench.models.setting import Setting
from bench.models.weights_file import check_size, file_digest

METADATA = "imagenet-g.json"
TRUSTED = ["sklearn.tree._tree.Tree"]
"""What skops itself does not vouch for and our classifiers need: the trees of a forest."""
DAMAGED = (
    *(OSError, ValueError, KeyError, AttributeError, EOFError, RuntimeError, RecursionError),
    *(zipfile.BadZipFile, zlib.error),
)


def open_sklearn(ref: ModelRef, setting: Setting) -> Classifier:
    """`sklearn:FILE.skops`, an estimator fitted anywhere and packed with our metadata (`pack_estimator`)."""
    options_of(ref)
    path = Path(ref.name).expanduser()
    if path.suffix != ".skops":
        raise UsageError(
            f"{ref}: expected a .skops file, got {path.suffix or 'no ending'!r}; pickles (.pkl, .joblib) can run code,"
            " save it with skops, or convert it to ONNX and use onnx:"
        )
    return open_skops(ref, path, setting)


def open_skops(ref: ModelRef, path: Path, setting: Setting) -> Classifier:
    """The classifier in `path`, a skops archive with our metadata; DataError for a damaged one or other classes."""
    where, said = str(ref), _metadata(path)
    check_classes(said, setting.classes, where=where)
    training = parse(TrainingRun, json.loads(said["training"]), where=where) if "training" in said else None
    arch = training.arch if training else said.get("arch", "scikit-learn")
    return Classifier(
        model=where,
        title=said.get("title", path.stem),
        weights=file_digest(path),
        declaration=declaration(ref, arch, training=training, licence=said.get("licence")),
        prepare=Preprocessing.read(said, where=where),
        classes=len(setting.classes),
        load=lambda: EstimatorAnswers(path, classes=len(setting.classes)),
    )


class EstimatorAnswers:
    """A fitted estimator as a function from pixels to scores: log-probabilities, or its decision function."""

    parallel = 1
    notice = None

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
        self.backend = f"scikit-learn {version('scikit-learn')}"

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
            check_size(path, sum(member.file_size for member in archive.infolist()))
            said = json.loads(archive.read(METADATA))
        strange = [key for key, value in said.items() if not isinstance(value, str)]
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except DAMAGED as error:
        raise DataError(f"{path}: not a whole model file of ours ({_line(error)}); train it again") from None
    if "classes" not in said or strange:
        raise DataError(f"{path}: its metadata lack classes, or hold more than text; train it again")
    return said


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
