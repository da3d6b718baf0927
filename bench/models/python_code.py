"""`py:module:function`: code of the user's own, in a subprocess with limits; needs `--trust-code`.

`function()` gives `(preprocessing, answer)`: a mapping of the keys of `Preprocessing`, and a function
from normalised float32 [n, c, h, w] to scores [n, C]. `?memory=GiB` (default 8) and `?seconds=N` for one
chunk (default 300) bound it. The two processes exchange arrays and text, never pickles.
"""

import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
import weakref
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

import numpy as np

from bench.core.errors import DataError, UsageError
from bench.core.model_ref import ModelRef
from bench.models.classifier import Classifier
from bench.models.code_process import read_message, write_message
from bench.models.opening import declaration, options_of
from bench.models.preprocessing import Preprocessing
from bench.models.setting import Setting
from bench.models.weights_file import file_digest

MEMORY, SECONDS = 8.0, 300.0
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "TMPDIR")


def open_python(ref: ModelRef, setting: Setting) -> Classifier:
    """The classifier of `module:function`, whose module is found from the current folder or installed."""
    where, options = str(ref), options_of(ref, ("memory", "seconds"))
    if not setting.trust_code:
        raise UsageError(f"{where}: runs code that you name; look at it, then add --trust-code")
    module, colon, function = ref.name.partition(":")
    if not colon or not all(part.isidentifier() for part in (*module.split("."), function)):
        raise UsageError(f"{where}: expected py:module:function, such as py:my_model:build")
    limits = {key: _number(options.get(key), default, f"{where}: {key}") for key, default in _DEFAULTS.items()}
    process = CodeProcess(module, function, **limits, where=where)
    told = process.ask_preprocessing()
    chunk = setting.chunk(told.size)
    return Classifier(
        model=where,
        title=ref.name,
        weights=file_digest(_source(module, where)),
        declaration=declaration(ref, ref.name),
        prepare=told,
        classes=len(setting.classes),
        load=lambda: process,
        chunk=chunk,
    )


class CodeProcess:
    """The subprocess, as a network. Whatever goes wrong in it is one line of DataError here."""

    parallel = 1
    backend = "code of its own"

    def __init__(self, module: str, function: str, *, memory: float, seconds: float, where: str) -> None:
        self._where, self._seconds = where, seconds
        self.notice: str | None = None
        environment = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
        environment |= {"PYTHONPATH": os.pathsep.join([str(Path.cwd()), str(_package_root())]), "OMP_NUM_THREADS": "1"}
        self._process: Any = subprocess.Popen(
            [sys.executable, "-m", "bench.models.code_process", module, function, str(int(memory * 2**30))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        weakref.finalize(self, _stop, self._process)

    def ask_preprocessing(self) -> Preprocessing:
        """What the code says of its input, and a notice where the system cannot keep it off the network."""
        told = json.loads(self._exchange(None))
        if told.pop("isolated") is not True:
            self.notice = f"{self._where}: this system does not let us cut it off the network"
        self._prepare = Preprocessing.read(told, where=self._where)
        return self._prepare

    def session(self) -> AbstractContextManager[None]:
        """Nothing: it is another process."""
        return nullcontext()

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Scores [n, C] of pixels uint8 [n, h, w] or [n, h, w, 3]."""
        images = pixels if pixels.ndim == 4 else pixels[..., None]
        mean, std = (np.array(values, dtype=np.float32) for values in (self._prepare.mean, self._prepare.std))
        values = np.ascontiguousarray(((images.astype(np.float32) / 255 - mean) / std).transpose(0, 3, 1, 2))
        shape, _, data = self._exchange(json.dumps(values.shape).encode() + b"\n" + values.tobytes()).partition(b"\n")
        rows = json.loads(shape)[:1]
        if rows != [len(pixels)] or shape.count(b",") != 1:
            raise DataError(f"{self._where}: expected scores [{len(pixels)}, C], got {shape.decode()[:40]}")
        return np.frombuffer(data, dtype=np.float32).reshape(len(pixels), -1)

    def _exchange(self, question: bytes | None) -> bytes:
        """The answer to a question (None: to the start); a process that takes too long is stopped."""
        started, clock = time.monotonic(), threading.Timer(self._seconds, self._process.kill)
        clock.start()
        try:
            if question is not None:
                write_message(self._process.stdin, question)
            message = read_message(self._process.stdout)
        except (EOFError, BrokenPipeError):
            raise self._died(in_time=time.monotonic() - started < self._seconds) from None
        finally:
            clock.cancel()
        if message[:1] != b"=":
            raise DataError(f"{self._where}: {' '.join(message[1:].decode(errors='replace').split())[:300]}")
        return message[1:]

    def _died(self, *, in_time: bool) -> DataError:
        status = self._process.wait()
        if not in_time:
            return DataError(f"{self._where}: no answer in {self._seconds:g} seconds, stopped; ?seconds=N allows more")
        return DataError(f"{self._where}: its process died (exit status {status}); ?memory=GiB allows more memory")


def _stop(process: Any) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with suppress(BrokenPipeError):
            pipe.close()


_DEFAULTS = {"memory": MEMORY, "seconds": SECONDS}


def _number(text: str | None, default: float, where: str) -> float:
    if text is None:
        return default
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e6:
        raise UsageError(f"{where}: expected a number above 0, got {text!r}")
    return number


def _package_root() -> Path:
    return Path(__file__).resolve().parents[2]


def _source(module: str, where: str) -> Path:
    path = Path.cwd().joinpath(*module.split(".")).with_suffix(".py")
    if path.is_file():
        return path
    try:
        spec = importlib.util.find_spec(module.partition(".")[0])
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None:
        raise UsageError(f"{where}: no module {module!r} here; run it from the folder that holds it")
    return Path(spec.origin)
