"""`checkpoint:FILE?arch=NAME`: weights of a timm architecture, trained anywhere.

A safetensors file's metadata, or the options, say how the input is prepared: `mode`, `size`, `mean`,
`std`, `interpolation`, and where they differ from the default `resize` and `fit`. A `.pt` or `.pth` is
read as tensors and nothing else.
"""

from pathlib import Path

from bench.core.errors import UsageError
from bench.core.model_ref import ModelRef
from bench.models.classifier import Classifier
from bench.models.safetensors_file import Header, open_header, read_header
from bench.models.setting import Setting
from bench.models.weights_file import PICKLED, file_digest, read_state

SUFFIX = ".safetensors"


def open_checkpoint(ref: ModelRef, setting: Setting) -> Classifier:
    """The classifier in the file `ref.name`; errors as `open_model` has them."""
    path = Path(ref.name).expanduser()
    if path.suffix == SUFFIX:
        return open_header(ref, read_header(path), setting)
    if path.suffix not in PICKLED:
        known = " or ".join((SUFFIX, *PICKLED))
        raise UsageError(f"{ref}: expected a file that ends in {known}, got {path.suffix or 'no ending'!r}")
    digest, state = file_digest(path), read_state(path)
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    return open_header(ref, Header(path, {}, shapes, digest), setting)
