"""Backends of a CPU: they agree with torch, or are dropped with a notice; memory that is short halves the batch."""

from pathlib import Path

import numpy as np
import pytest
import torch

from bench.core.errors import UsageError
from bench.models import backends
from bench.models.backends import check_backend, fastest_first
from bench.models.setting import Setting
from bench.models.torch_network import TorchNetwork
from tests.models.small_models import SMALL, classes, convnet, pictures

PIXELS = SMALL.pixels(pictures())


def network(backend: str, module: torch.nn.Module | None = None) -> TorchNetwork:
    setting = Setting(classes(10), Path(), device="cpu", backend=backend)
    return TorchNetwork(module or convnet(10, spoil=False), prepare=SMALL, setting=setting, where="x")


@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
def test_a_backend_answers_what_torch_answers(name: str) -> None:
    pytest.importorskip(name)
    ours, reference = network(name), network("torch")
    assert np.allclose(ours(PIXELS), reference(PIXELS), atol=1e-5)
    assert np.array_equal(ours(PIXELS[::-1])[::-1], ours(PIXELS))
    assert ours.backend.startswith(f"{name} ")
    assert ours.backend.endswith(", float32")
    assert ours.notice is None
    assert reference.backend.startswith("torch ")


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda scores: scores + 0.5 * np.arange(10), "disagrees with torch by"),
        (lambda scores: scores[:, :3], "disagrees with torch by inf"),
        (lambda scores: scores * np.nan, "disagrees with torch by nan"),
    ],
)
def test_a_backend_that_disagrees_is_dropped_with_a_notice(wrong, why: str, monkeypatch) -> None:
    reference = network("torch")(PIXELS)
    monkeypatch.setitem(backends.BUILDERS, "openvino", lambda module, pixels: lambda pixels: wrong(reference))
    ours = network("openvino")
    assert np.array_equal(ours(PIXELS), reference)
    assert ours.backend.startswith("torch ")
    assert ours.notice is not None
    assert f"x: backend openvino {why}" in ours.notice
    assert ours.notice.endswith("torch is used instead")


def test_a_backend_that_cannot_take_the_network_is_dropped_with_a_notice(monkeypatch) -> None:
    def refuses(module, pixels):
        raise RuntimeError("no such operator\nand much more")

    monkeypatch.setitem(backends.BUILDERS, "openvino", refuses)
    ours = network("openvino")
    ours(PIXELS)
    assert ours.notice == "x: backend openvino cannot take this network (no such operator); torch is used instead"


@pytest.mark.parametrize(
    ("kind", "first"), [("AVX512", "openvino"), ("AVX2", "onnxruntime"), ("DEFAULT", "onnxruntime")]
)
def test_the_processor_decides_which_is_tried_first(kind: str, first: str, monkeypatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: kind)
    assert fastest_first()[0] == first
    assert sorted(fastest_first()) == sorted(backends.BACKENDS)
    monkeypatch.setattr(backends, "_installed", lambda name: True)
    monkeypatch.setattr(backends, "version", lambda name: "1")
    for name in ("openvino", "onnxruntime"):
        monkeypatch.setitem(backends.BUILDERS, name, lambda module, pixels, name=name: network("torch").__call__)
    ours = network("auto")
    ours(PIXELS)
    assert ours.backend.startswith(first)


def test_a_backend_that_is_not_there_is_one_line(monkeypatch) -> None:
    with pytest.raises(UsageError, match="unknown backend 'opnvino': did you mean openvino"):
        check_backend("opnvino")
    monkeypatch.setattr(backends, "_installed", lambda name: False)
    with pytest.raises(
        UsageError, match=r"backend 'openvino' is not installed: pip install 'imagenet-g-bench\[fast\]'"
    ):
        check_backend("openvino")


def test_a_batch_that_does_not_fit_is_asked_in_halves() -> None:
    sizes: list[int] = []

    class Tight(torch.nn.Module):
        def forward(self, images):
            sizes.append(len(images))
            if len(images) > 2:
                raise torch.OutOfMemoryError("out of memory")
            return images.mean(dim=(2, 3))

    found = network("torch", Tight())(PIXELS)
    assert sizes == [5, 2, 3, 1, 2]
    assert np.allclose(found, (PIXELS / 255.0 * 2 - 1).mean(axis=(1, 2)), atol=1e-5)
