"""A timm architecture with given weights."""

from typing import Any

import timm
from torch import Tensor, nn

from bench.core.errors import DataError, UsageError
from bench.core.registry import unknown


def timm_network(arch: str, state: dict[str, Tensor], *, channels: int, classes: int, where: str) -> nn.Module:
    """`state` on `arch`. UsageError for an unknown architecture; DataError for other weights than it needs."""
    known = timm.list_models()
    if arch not in known:
        raise UsageError(f"{where}: {unknown(arch, known=known, kind='architecture')}")
    network: Any = timm.create_model(arch, in_chans=channels, num_classes=classes)
    head = network.default_cfg.get("classifier", "fc")
    fill(network, state, heads=(head,) if isinstance(head, str) else tuple(head), classes=classes, where=where)
    return network


def fill(network: nn.Module, state: dict[str, Tensor], *, heads: tuple[str, ...], classes: int, where: str) -> None:
    """Load `state`; DataError unless its tensors are those of `network` in name and shape. `heads`: the last layers."""
    wanted = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in state.items()}
    wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if wrong and all(name.rpartition(".")[0] in heads and name in wanted and name in found for name in wrong):
        raise DataError(f"{where}: its weights answer for {found[wrong[0]][0]} classes, the track has {classes}")
    if wrong:
        name = wrong[0]
        raise DataError(
            f"{where}: not the weights of this architecture: {len(wrong)} tensors differ, such as {name!r}:"
            f" expected {_shape(wanted, name)}, got {_shape(found, name)}; look at the architecture and the mode"
        )
    network.load_state_dict(state)


def _shape(shapes: dict[str, tuple[int, ...]], name: str) -> str:
    return "x".join(map(str, shapes[name])) or "a number" if name in shapes else "nothing"
