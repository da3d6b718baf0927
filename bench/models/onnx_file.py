"""`onnx:FILE`: an ONNX model, computed by ONNX Runtime on the CPU.

The model's metadata (`metadata_props`), or the options, say how its input is prepared (`mode`, `size`,
`mean`, `std`, `interpolation`, `resize`, `fit`) and, with `scores=probabilities`, that it answers
probabilities instead of logits. Input [n, c, h, w] float32, or [n, c * h * w] (row by row, channels last)
as scikit-learn's converters have it. Weights lie in the one file; operators of others are not loaded.
"""

from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from bench.core.errors import DataError, UsageError
from bench.core.model_ref import ModelRef
from bench.models.classifier import Classifier
from bench.models.opening import declaration, options_of
from bench.models.preprocessing import KEYS, Preprocessing
from bench.models.safetensors_file import check_classes
from bench.models.setting import Setting
from bench.models.weights_file import file_digest, readable

SCORES = ("logits", "probabilities")


def open_onnx(ref: ModelRef, setting: Setting) -> Classifier:
    """The classifier in the file `ref.name`; DataError for a damaged one, UsageError without preprocessing."""
    where, options, path = str(ref), options_of(ref, (*KEYS, "scores")), Path(ref.name).expanduser()
    try:
        version("onnxruntime")
    except PackageNotFoundError:
        raise DataError(f"{where}: ONNX Runtime is not installed: pip install 'imagenet-g-bench[onnx]'") from None
    digest, session = file_digest(path), _session(path)
    said = {**options, **session.get_modelmeta().custom_metadata_map}
    check_classes(said, setting.classes, where=where)
    prepare, scores = Preprocessing.read(said, where=where), said.get("scores", "logits")
    if scores not in SCORES:
        raise UsageError(f"{where}: scores: expected {' or '.join(SCORES)}, got {scores!r}")
    chunk = setting.chunk(prepare.size)
    return Classifier(
        model=where,
        title=said.get("title", path.stem),
        weights=digest,
        declaration=declaration(ref, said.get("arch", "onnx"), licence=said.get("licence")),
        prepare=prepare,
        classes=len(setting.classes),
        load=lambda: OnnxNetwork(session, prepare, logarithm=scores == "probabilities", where=where),
        chunk=chunk,
    )


class OnnxNetwork:
    """A session as a function from pixels to logits or log-probabilities."""

    parallel = 64
    notice = None

    def __init__(self, session: Any, prepare: Preprocessing, *, logarithm: bool, where: str) -> None:
        self._session, self._logarithm, self._where = session, logarithm, where
        self.backend = f"onnxruntime {version('onnxruntime')}, float32"
        inputs = session.get_inputs()
        if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) not in (2, 4):
            told = ", ".join(f"{one.name}: {one.type}{one.shape}" for one in inputs)
            raise DataError(f"{where}: expected one float input [n, c, h, w] or [n, features], got {told}")
        self._input, self._flat = inputs[0].name, len(inputs[0].shape) == 2
        fixed = inputs[0].shape[0]
        self._batch = fixed if isinstance(fixed, int) else None
        tensors = [one for one in session.get_outputs() if one.type == "tensor(float)"]
        if not tensors:
            raise DataError(f"{where}: no float tensor among its outputs; convert it with options={{'zipmap': False}}")
        self._output = tensors[0].name
        self._mean, self._std = (np.array(values, dtype=np.float32) for values in (prepare.mean, prepare.std))

    def session(self) -> AbstractContextManager[None]:
        """Nothing: the session has one thread."""
        return nullcontext()

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Scores [n, C] of pixels uint8 [n, h, w] or [n, h, w, 3]."""
        images = pixels if pixels.ndim == 4 else pixels[..., None]
        values = (images.astype(np.float32) / 255 - self._mean) / self._std
        values = values.reshape(len(values), -1) if self._flat else np.ascontiguousarray(values.transpose(0, 3, 1, 2))
        step = self._batch or len(values)
        scores = np.concatenate(
            [self._run(values[start : start + step], step) for start in range(0, len(values), step)]
        )
        with np.errstate(divide="ignore"):
            return np.log(scores) if self._logarithm else scores

    def _run(self, values: np.ndarray, step: int) -> np.ndarray:
        padded = np.concatenate([values, *[values[-1:]] * (step - len(values))])
        try:
            return self._session.run([self._output], {self._input: padded})[0][: len(values)]
        except Exception as error:  # the runtime's own errors have no common base
            raise DataError(f"{self._where}: does not run: {(str(error).splitlines() or [''])[0][:200]}") from None


def _session(path: Path) -> Any:
    from bench.models.backends import session

    with readable(path):
        model = path.read_bytes()
    try:
        # From bytes, so that the model can name no other file to read.
        return session(model)
    except Exception as error:  # the runtime's own errors have no common base
        raise DataError(
            f"{path}: not an ONNX model in one file ({(str(error).splitlines() or [''])[0][:160]}); export it again"
        ) from None
