"""A torch module as a `Network`: from pixels to logits, the sums of a chunk in one order."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bench.core.errors import DataError, UsageError
from bench.core.registry import unknown
from bench.models.backends import Answer, settle
from bench.models.preprocessing import Preprocessing
from bench.models.setting import Setting


class FromPixels(nn.Module):
    """uint8 [n, h, w] or [n, h, w, c], scaled and normalised, then through `network`."""

    def __init__(self, network: nn.Module, prepare: Preprocessing) -> None:
        super().__init__()
        self.network = network
        for name, values in (("mean", prepare.mean), ("std", prepare.std)):
            self.register_buffer(name, torch.tensor(values).view(-1, 1, 1), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits [n, C]."""
        images = pixels.float() / 255
        images = images.permute(0, 3, 1, 2) if images.ndim == 4 else images[:, None]
        return self.network(((images - self.mean) / self.std).contiguous(memory_format=torch.channels_last))


class TorchNetwork:
    """`module` (normalised float32 [n, c, h, w] to logits) in evaluation mode; DataError for weights that are NaN."""

    def __init__(self, module: nn.Module, *, prepare: Preprocessing, setting: Setting, where: str) -> None:
        _check_finite(module, where)
        self._where, self._size = where, prepare.size
        self._device = device_of(setting.device)
        self.parallel = 64 if self._device == "cpu" else 1
        self._wanted = setting.backend if self._device == "cpu" else "torch"
        self._network = FromPixels(_evaluating(module), prepare).to(self._device, memory_format=torch.channels_last)
        self._answer: Answer | None = None
        self._lock = threading.Lock()
        self.backend, self.notice = f"torch {torch.__version__}", None

    @contextmanager
    def session(self) -> Iterator[None]:
        """One thread a chunk: the chunks share the cores, and a chunk's sums have one order."""
        before = torch.get_num_threads()
        try:
            yield
        finally:
            torch.set_num_threads(before)

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Logits float32 [n, C] of pixels uint8 [n, h, w] or [n, h, w, 3]."""
        if self._answer is None:
            with self._lock:
                if self._answer is None:
                    self._answer = self._settled(pixels)
        return self._answer(pixels)

    def _settled(self, pixels: np.ndarray) -> Answer:
        if self._wanted == "torch":
            return self._by_torch
        with torch.no_grad():
            found = settle(self._network, self._by_torch, pixels, self._wanted)
        self.backend, self.notice = found.backend, found.notice and f"{self._where}: {found.notice}"
        return found.answer

    def _by_torch(self, pixels: np.ndarray) -> np.ndarray:
        if self._device == "cpu":
            # Here and not in the session, because the number belongs to the thread that asks.
            torch.set_num_threads(1)
        try:
            return self._halving(torch.from_numpy(pixels))
        except (AssertionError, RuntimeError, ValueError) as error:
            reason = (str(error).splitlines() or ["no reason given"])[0][:200]
            raise UsageError(
                f"{self._where}: the network does not take {self._size}x{self._size} images: {reason}"
            ) from None

    @torch.inference_mode()
    def _halving(self, pixels: Tensor) -> np.ndarray:
        """The logits, asked in halves where the memory does not hold the whole."""
        try:
            return self._network(pixels.to(self._device)).float().cpu().numpy()
        except (RuntimeError, MemoryError) as error:
            if len(pixels) == 1 or not _out_of_memory(error):
                raise
        if self._device != "cpu":
            torch.cuda.empty_cache()
        half = len(pixels) // 2
        return np.concatenate([self._halving(pixels[:half]), self._halving(pixels[half:])])


def device_of(name: str) -> str:
    """`cpu` or `cuda…`, from what the user asked; UsageError for another, or one that is not there."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name != "cpu" and not name.startswith("cuda"):
        raise UsageError(unknown(name, known=("auto", "cpu", "cuda"), kind="device"))
    if name != "cpu" and not torch.cuda.is_available():
        raise UsageError(f"device {name!r} is not there; use --device auto or cpu")
    return name


def _evaluating(module: Any) -> nn.Module:
    # The module of an exported program has no modes; it was exported in one.
    return module if getattr(module, "exported", False) else module.eval()


def _out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in str(error)


def _check_finite(module: nn.Module, where: str) -> None:
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise DataError(f"{where}: tensor {name!r} holds numbers that are not finite; the weights are damaged")
