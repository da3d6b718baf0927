"""Prompt banks: named lists of templates with one slot `{}` for the class name."""

from importlib.machinery import SourceFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

from bench.core.errors import DataError
from bench.core.registry import look_up


def prompt_bank(name: str) -> tuple[str, ...]:
    """The templates of a bank, in their fixed order; an unknown name is a UsageError."""
    return look_up(BANKS, name, kind="prompt bank")()


def openai_imagenet_80() -> tuple[str, ...]:
    """The 80 templates of CLIP's zero-shot ImageNet evaluation (OpenAI, MIT licence), as open_clip carries them."""
    return _from_open_clip("OPENAI_IMAGENET_TEMPLATES", 80)


def openai_imagenet_7() -> tuple[str, ...]:
    """The 7 templates that CLIP's authors found best together on ImageNet, as open_clip carries them."""
    return _from_open_clip("SIMPLE_IMAGENET_TEMPLATES", 7)


def openai_imagenet_single() -> tuple[str, ...]:
    """The one template of the authors' single mode: no full stop (methods.md 1.3)."""
    return ("a photo of a {}",)


def textual_inversion_27() -> tuple[str, ...]:
    """The neutral phrases under which textual inversion learns an object (Gal et al., MIT licence; methods.md 14.1)."""
    plain = ("a photo of", "a rendering of", "a cropped photo of", "a close-up photo of", "a good photo of")
    others = ("a bright photo of", "a rendition of")
    either = [f"{words} {article} {{}}" for words in (*plain, *others) for article in ("a", "the")]
    whole = [one for one in either if one not in ("a rendering of the {}", "a bright photo of a {}")]
    of = ("a clean", "the clean", "a dirty", "a nice", "the nice", "a cool", "the cool", "a small", "the small")
    described = [f"a photo of {words} {{}}" for words in (*of, "the weird", "the large", "my", "one")]
    return (*whole, *described, "the photo of a {}", "a dark photo of the {}")


def digits_sentences() -> tuple[str, ...]:
    """Sentences around a digit, of words that digits-sd knows: what a text model would write, without one."""
    return (
        "handwritten {}",
        "number {} written by hand",
        "clean handwritten digit {}",
        "dirty {} written by hand",
        "{} in a video game",
        "bright {} written by hand",
        "dark handwritten number {}",
        "blurry digit {} written by hand",
        "pixelated number {} in a video game",
        "large handwritten {}",
        "nice sketch of the number {}",
        "cool drawing of a handwritten {}",
        "weird doodle of the digit {}",
        "painting of a bright {}",
        "plastic toy {} in a video game",
        "cartoon {} written by hand",
        "graffiti of the number {}",
        "embroidered digit {}",
        "origami {} in a photo",
        "good rendering of a clean {}",
        "tattoo of the handwritten number {}",
        "sculpture of a large {}",
        "black and white photo of the digit {}",
        "close-up photo of a handwritten {}",
    )


BANKS = {
    "digits-sentences": digits_sentences,
    "openai-imagenet-80": openai_imagenet_80,
    "openai-imagenet-7": openai_imagenet_7,
    "openai-imagenet-single": openai_imagenet_single,
    "textual-inversion-27": textual_inversion_27,
}


def open_clip_metadata() -> ModuleType:
    """open_clip's module of class names and templates, by itself: importing the package would pull in torch."""
    spec = find_spec("open_clip")
    if spec is None or spec.origin is None:
        raise DataError("ImageNet's class names and templates are read from open_clip; pip install open-clip-torch")
    path = Path(spec.origin).parent / "zero_shot_metadata.py"
    loader = SourceFileLoader("benchopen_clip_metadata", str(path))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def _from_open_clip(name: str, expected: int) -> tuple[str, ...]:
    templates = tuple(template("{}") for template in getattr(open_clip_metadata(), name))
    if len(templates) != expected or len(set(templates)) != expected:
        raise DataError(
            f"open_clip's {name}: expected {expected} distinct templates, got {len(set(templates))} of"
            f" {len(templates)}; install the version of open-clip-torch in the constraints file"
        )
    return templates
