"""What every adaptation of this shelf is: something a generator learns before it draws, kept as a state of its own.

A state is tensors under a digest. It depends on the generator, the parameters, the images it is learned from and a seed
that these decide; one thread does the sums, so the same machine learns the same bits.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from PIL import Image
from safetensors import SafetensorError

from bench.core.digests import canonical_json, digest_bytes
from bench.core.errors import DataError
from bench.core.recipe import Recipe

ABOUT = "about"


@dataclass(frozen=True)
class Lesson:
    """What is learned, and from what: real `images` with the class name of each, their class, if it is of one."""

    recipe: Recipe
    class_name: str
    images: Sequence[Image.Image]
    names: Sequence[str]
    seed: int


@dataclass(frozen=True)
class State:
    """What was learned: by which adaptation, for which class ("" where for all) and generator, as tensors."""

    adaptation: str
    class_name: str
    generator: str
    tensors: Mapping[str, Any]

    @cached_property
    def data(self) -> bytes:
        """A safetensors file; equal states give equal bytes."""
        # Imported here, so that a maker that learns nothing starts without torch.
        from safetensors.torch import save

        about = {"adaptation": self.adaptation, "class_name": self.class_name, "generator": self.generator}
        tensors = {name: tensor.detach().contiguous().cpu() for name, tensor in sorted(self.tensors.items())}
        return save(tensors, metadata={ABOUT: canonical_json(about)})

    @cached_property
    def digest(self) -> str:
        """`sha256:…` of that file."""
        return digest_bytes(self.data)


class Adaptation(Protocol):
    """One of `ADAPTATIONS`, made from the recipe's parameters for it."""

    def __init__(self, parameters: Any) -> None: ...

    def learn(self, pipeline: Any, lesson: Lesson) -> dict[str, Any]:
        """The tensors of a state; `pipeline` has learned what stands before this in the recipe, and may be changed."""
        ...


def read_state(data: bytes, where: str) -> State:
    """The state in a file's bytes; DataError, naming `where`, where it is none of ours."""
    from safetensors.torch import load

    try:
        size = int.from_bytes(data[:8], "little")
        about = json.loads(json.loads(data[8 : 8 + size])["__metadata__"][ABOUT])
        return State(about["adaptation"], about["class_name"], about["generator"], load(data))
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{where}: no learned state of ours, or damaged ({str(error)[:80]}); remove it") from None


def put_weights(module: Any, state: State, *, what: str) -> None:
    """The state's tensors in the place of the module's own; DataError where they are those of another module."""
    own = dict(module.named_parameters())
    for name, tensor in state.tensors.items():
        found = tuple(own[name].shape) if name in own else None
        if found != tuple(tensor.shape):
            raise DataError(
                f"{state.adaptation} state {state.digest[:19]}…: made for another {what}: {name} is"
                f" {tuple(tensor.shape)} there and {found or 'absent'} here; learn it again for this generator"
            )
        own[name].data.copy_(tensor)


def changed_weights(module: Any, names: Sequence[str]) -> dict[str, Any]:
    """The module's parameters of these names, as a state keeps them."""
    own = dict(module.named_parameters())
    return {name: own[name].detach().clone() for name in names}
