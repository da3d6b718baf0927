"""`checkpoint:FILE.safetensors?arch=NAME`: weights of a timm architecture, trained anywhere.

The file's metadata, or the options, say how the input is prepared: `mode`, `size`, `mean`, `std`,
`interpolation`. Pickles are refused: opening one can run code.
"""

from pathlib import Path

from bench.core.classes import ClassName
from bench.core.errors import UsageError
from bench.core.model_ref import ModelRef
from bench.models.classifier import Classifier
from bench.models.safetensors_file import open_file

SUFFIX = ".safetensors"


def open_checkpoint(
    ref: ModelRef, *, classes: tuple[ClassName, ...], device: str = "auto", data_root: Path
) -> Classifier:
    """The classifier in the file `ref.name`; errors as `open_model` has them."""
    path = Path(ref.name).expanduser()
    if path.suffix != SUFFIX:
        raise UsageError(
            f"{ref}: expected a {SUFFIX} file, got {path.suffix or 'no ending'!r}; pickles (.pt, .pth) can run code,"
            " save the state dict with safetensors.torch.save_file"
        )
    return open_file(ref, path, classes=classes, device=device)
