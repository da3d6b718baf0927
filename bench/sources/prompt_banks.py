"""Prompt banks: named lists of templates with one slot `{}` for the class name."""

from importlib.machinery import SourceFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_loader
from pathlib import Path

from bench.core.errors import DataError
from bench.core.registry import look_up


def prompt_bank(name: str) -> tuple[str, ...]:
    """The templates of a bank, in their fixed order; an unknown name is a UsageError."""
    return look_up(BANKS, name, kind="prompt bank")()


def openai_imagenet_80() -> tuple[str, ...]:
    """The 80 templates of CLIP's zero-shot ImageNet evaluation (OpenAI, MIT licence), as open_clip carries them."""
    templates = tuple(template("{}") for template in _open_clip_metadata().OPENAI_IMAGENET_TEMPLATES)
    if len(templates) != 80 or len(set(templates)) != 80:
        raise DataError(
            f"open_clip's ImageNet templates: expected 80 distinct ones, got {len(set(templates))} of"
            f" {len(templates)}; install the version of open-clip-torch in the constraints file"
        )
    return templates


def openai_imagenet_single() -> tuple[str, ...]:
    """The one template of the authors' single mode: no full stop (methods.md 1.3)."""
    return ("a photo of a {}",)


BANKS = {
    "openai-imagenet-80": openai_imagenet_80,
    "openai-imagenet-single": openai_imagenet_single,
}


def _open_clip_metadata():
    # The file by itself: importing the package would pull in torch, and `list` should not wait for it.
    spec = find_spec("open_clip")
    if spec is None or spec.origin is None:
        raise DataError("the prompt bank openai-imagenet-80 is read from open_clip; pip install open-clip-torch")
    path = Path(spec.origin).parent / "zero_shot_metadata.py"
    loader = SourceFileLoader("bench_open_clip_metadata", str(path))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module
