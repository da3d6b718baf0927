"""A timm network with given weights, as a function from pixels to logits."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import timm
import torch
from torch import Tensor

from bench.core.errors import DataError, UsageError
from bench.core.registry import unknown
from bench.models.preprocessing import CHANNELS, Preprocessing


class TimmNetwork:
    """Weights on their architecture, in evaluation mode. Different weights than it needs are a DataError."""

    def __init__(
        self, arch: str, state: dict[str, Tensor], *, prepare: Preprocessing, classes: int, device: str, where: str
    ) -> None:
        known = timm.list_models()
        if arch not in known:
            raise UsageError(f"{where}: {unknown(arch, known=known, kind='architecture')}")
        self._where, self._size, self._arch = where, prepare.size, arch
        self._device = _device(device)
        self.parallel = 64 if self._device == "cpu" else 1
        network: Any = timm.create_model(arch, in_chans=CHANNELS[prepare.mode], num_classes=classes)
        _check(network, state, arch=arch, classes=classes, where=where)
        network.load_state_dict(state)
        self._network = network.eval().to(device=self._device, memory_format=torch.channels_last)
        self._mean, self._std = (torch.tensor(values).view(-1, 1, 1) for values in (prepare.mean, prepare.std))

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
        with torch.inference_mode():
            if self._device == "cpu":
                # Here and not in the session, because the number belongs to the thread that asks.
                torch.set_num_threads(1)
            images = torch.from_numpy(pixels).float() / 255
            images = images.permute(0, 3, 1, 2) if images.ndim == 4 else images[:, None]
            images = ((images - self._mean) / self._std).to(self._device, memory_format=torch.channels_last)
            try:
                return self._network(images).float().cpu().numpy()
            except (AssertionError, RuntimeError, ValueError) as error:
                reason = (str(error).splitlines() or ["no reason given"])[0]
                raise UsageError(
                    f"{self._where}: {self._arch} does not take {self._size}x{self._size} images: {reason}"
                ) from None


def _check(network: Any, state: dict[str, Tensor], *, arch: str, classes: int, where: str) -> None:
    """The tensors must be those of the architecture, in name and shape, and hold finite numbers."""
    wanted = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in state.items()}
    head = network.default_cfg.get("classifier", "fc")
    heads = (head,) if isinstance(head, str) else tuple(head)
    wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if wrong and all(name.rpartition(".")[0] in heads and name in wanted and name in found for name in wrong):
        raise DataError(f"{where}: its weights answer for {found[wrong[0]][0]} classes, the track has {classes}")
    if wrong:
        name = wrong[0]
        raise DataError(
            f"{where}: not the weights of {arch}: {len(wrong)} tensors differ, such as {name!r}:"
            f" expected {_shape(wanted, name)}, got {_shape(found, name)}; look at ?arch= and ?mode="
        )
    for name, tensor in state.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise DataError(f"{where}: tensor {name!r} holds numbers that are not finite; the weights are damaged")


def _shape(shapes: dict[str, tuple[int, ...]], name: str) -> str:
    return "x".join(map(str, shapes[name])) or "a number" if name in shapes else "nothing"


def _device(name: str) -> str:
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name != "cpu" and not name.startswith("cuda"):
        raise UsageError(unknown(name, known=("auto", "cpu", "cuda"), kind="device"))
    if name != "cpu" and not torch.cuda.is_available():
        raise UsageError(f"device {name!r} is not there; use --device auto or cpu")
    return name
