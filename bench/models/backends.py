"""What computes a torch network on a CPU: torch itself, OpenVINO or ONNX Runtime, always in float32.

A backend is tried on the first chunk that is asked, next to torch; one that disagrees, or cannot take
the network, is dropped with a notice. Measured with EfficientNet-Lite0 (images a second of the forward
pass): on two cores with AVX-512 torch 58, ONNX Runtime 174, OpenVINO 309; on two with AVX2 torch 38,
ONNX Runtime 115, OpenVINO 109, which also takes 2 seconds longer to make ready. bfloat16 is left out
because it changes top-1 on 0.8 % of images.
"""

import io
import sys
import threading
import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

import numpy as np
import torch

from bench.core.errors import UsageError
from bench.core.registry import unknown
from bench.models.classifier import cores

Answer = Callable[[np.ndarray], np.ndarray]
TOLERANCE = 1e-3
EXTRAS = {"openvino": "fast", "onnxruntime": "onnx"}
BACKENDS = ("openvino", "onnxruntime", "torch")
"""Each is also the name of the package that it needs."""

# Tracing a network, and silencing warnings meanwhile, is the business of a whole process.
_CONVERTING = threading.Lock()


class Settled(NamedTuple):
    """`answer`: pixels uint8 to logits; `backend`: its name and version; `notice`: why another one is not used."""

    answer: Answer
    backend: str
    notice: str | None


def check_backend(name: str) -> None:
    """UsageError for a backend that is unknown or not installed."""
    if name == "auto":
        return
    if name not in BACKENDS:
        raise UsageError(unknown(name, known=("auto", *BACKENDS), kind="backend"))
    if not _installed(name):
        raise UsageError(
            f"backend {name!r} is not installed: pip install 'imagenet-g-bench[{EXTRAS[name]}]', or use --backend torch"
        )


def settle(network: torch.nn.Module, torch_answer: Answer, pixels: np.ndarray, name: str) -> Settled:
    """The fastest of the asked backends that agrees with `torch_answer` on `pixels`.

    Agreeing means the same best class for every image, and logits within TOLERANCE of their size.
    """
    reference = torch_answer(pixels)
    tried = [name] if name != "auto" else [one for one in fastest_first() if _installed(one)]
    notice = None
    for one in tried:
        if one == "torch":
            break
        try:
            answer = BUILDERS[one](network, pixels)
            why_not = _difference(answer(pixels), reference)
        except Exception as error:  # a converter meets an operator that it does not know in many ways
            why_not = f"cannot take this network ({(str(error).split(chr(10)) or [''])[0][:120]})"
        if why_not is None:
            return Settled(answer, _named(one), notice)
        notice = f"backend {one} {why_not}; torch is used instead"
    return Settled(torch_answer, _named("torch"), notice)


def fastest_first() -> tuple[str, ...]:
    """BACKENDS by speed on this processor. What it is decides and no clock, so that answers are the same every time."""
    openvino, onnxruntime, torch_itself = BACKENDS
    if torch.backends.cpu.get_cpu_capability() == "AVX512":
        return openvino, onnxruntime, torch_itself
    return onnxruntime, openvino, torch_itself


def _difference(found: np.ndarray, reference: np.ndarray) -> str | None:
    allowed = TOLERANCE * max(1.0, float(np.abs(reference).max()))
    off = np.abs(found - reference).max() if found.shape == reference.shape else np.inf
    if np.isnan(reference).any():
        return "was not compared, torch itself answers NaN"
    if not off <= allowed:
        return f"disagrees with torch by {off:.2g} in the logits of the first images ({allowed:.2g} allowed)"
    changed = int((found.argmax(axis=1) != reference.argmax(axis=1)).sum())
    return f"changes the best class of {changed} of the first {len(found)} images" if changed else None


def _openvino(network: torch.nn.Module, pixels: np.ndarray) -> Answer:
    # Importing OpenVINO reports to its makers where this package is there; without it nothing is sent.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    with _CONVERTING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = openvino.convert_model(network, example_input=torch.from_numpy(pixels), input=list(pixels.shape))
    streams = cores()
    compiled = openvino.Core().compile_model(
        model,
        "CPU",
        {
            "INFERENCE_PRECISION_HINT": "f32",
            "NUM_STREAMS": streams,
            "INFERENCE_NUM_THREADS": streams,
            "ENABLE_CPU_PINNING": False,
        },
    )
    mine = threading.local()

    def answer(pixels: np.ndarray) -> np.ndarray:
        if not hasattr(mine, "request"):
            mine.request = compiled.create_infer_request()
        return mine.request.infer([np.ascontiguousarray(pixels)])[0].copy()

    return answer


def _onnxruntime(network: torch.nn.Module, pixels: np.ndarray) -> Answer:
    file = io.BytesIO()
    with _CONVERTING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, (torch.from_numpy(pixels),), file, dynamo=False)
    return session_answer(file.getvalue())


def session(model: bytes) -> Any:
    """An ONNX Runtime session of one thread on the CPU; nothing is reported to anybody."""
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def session_answer(model: bytes) -> Answer:
    """The first output of an ONNX model as a function of its first input."""
    opened = session(model)
    name = opened.get_inputs()[0].name
    return lambda pixels: opened.run(None, {name: pixels})[0]


BUILDERS = {"openvino": _openvino, "onnxruntime": _onnxruntime}


def _installed(name: str) -> bool:
    # A network becomes an ONNX file by the package onnx.
    packages = ("onnxruntime", "onnx") if name == "onnxruntime" else (name,)
    try:
        return all(version(package) for package in packages)
    except PackageNotFoundError:
        return False


def _named(name: str) -> str:
    return f"{name} {version(name)}, float32"
