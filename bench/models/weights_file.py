"""Weights from files that others wrote: safetensors, or torch's own format read as tensors and nothing else."""

import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from safetensors import SafetensorError

from bench.core.errors import DataError

LARGEST = 16 * 2**30
"""Bytes of a model file, packed or unpacked; the largest ViT of today in float32 has 10."""
PICKLED = (".pt", ".pth", ".bin")
WRAPPERS = ("state_dict", "model", "model_state_dict")
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def file_digest(path: Path) -> str:
    """`sha256:…` of a file's bytes; DataError where it is absent, unreadable or larger than LARGEST."""
    with readable(path):
        check_size(path, path.stat().st_size)
        with open(path, "rb") as file:
            return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def check_size(path: Path, size: int) -> None:
    """DataError for more bytes than LARGEST."""
    if size > LARGEST:
        raise DataError(f"{path}: {size / 2**30:.1f} GiB, expected at most {LARGEST / 2**30:g}; export a smaller one")


def read_state(path: Path) -> dict[str, Any]:
    """The tensors of `path` by name, on the CPU.

    safetensors, or a state dict that `torch.save` wrote, plain or under `state_dict` or `model`. That is
    a pickle: it is read with `weights_only=True`, which makes tensors and refuses everything else.
    """
    from safetensors.torch import load_file

    with readable(path):
        check_size(path, path.stat().st_size)
        return load_file(path) if path.suffix == ".safetensors" else _unpickled(path)


def parameters(shapes: Iterable[tuple[str, tuple[int, ...]]]) -> int:
    """How many learned numbers there are; running statistics are not counted."""
    total = 0
    for name, shape in shapes:
        count = 0 if name.endswith(STATISTICS) else 1
        for size in shape:
            count *= size
        total += count
    return total


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """What can be wrong with a file, as one line of DataError."""
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    except SafetensorError as error:
        raise DataError(f"{path}: not a whole safetensors file ({error}); copy or train it again") from None


def _unpickled(path: Path) -> dict[str, Any]:
    import torch

    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            check_size(path, sum(member.file_size for member in archive.infolist()))
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError:
        raise DataError(
            f"{path}: holds more than tensors, and a pickle can run code; save the state dict with"
            " safetensors.torch.save_file"
        ) from None
    except (RuntimeError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: not a whole file of torch.save ({_line(error)}); copy it again") from None
    for wrapper in WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(wrapper), dict):
            found = found[wrapper]
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise DataError(f"{path}: expected a state dict (names and tensors), got another {type(found).__name__}")
    return {str(name).removeprefix("module."): tensor for name, tensor in found.items()}


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
