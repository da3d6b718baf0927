"""The weights a recipe names: where they lie, and the digest that pins them.

`python -m bench.synthesis.pinned_weights NAME_OR_FOLDER` prints the digest to write into a recipe.
"""

import hashlib
import sys
from pathlib import Path

from bench.core.digests import content_digest
from bench.core.errors import DataError, UsageError
from bench.core.recipe import Generator
from bench.core.registry import unknown

SHIPPED = Path(__file__).parent / "weights"
# What decides an image: weights, configurations, tokenizer merges. Not the model card beside them.
_DEFINING = (".safetensors", ".json", ".txt")


def weights_folder(generator: Generator) -> Path:
    """The folder of a generator: a shipped name, a path, or `owner/name` of the hub at its revision.

    The digest is checked where the recipe gives one; another one, or absent weights, is a DataError.
    """
    folder = _locate(generator)
    if generator.weights is not None:
        found = weights_digest(folder)
        if found != generator.weights:
            raise DataError(
                f"generator {generator.name!r}: its weights in {folder} have digest {found}, the recipe"
                f" expects {generator.weights}; get those weights, or name these in a new version"
            )
    return folder


def weights_digest(folder: Path) -> str:
    """`sha256:…` over sorted (relative path, SHA-256) of what defines the pipeline in `folder`.

    That is `model_index.json`, and the safetensors, JSON and text files of the component folders.
    """
    files = [path for path in folder.glob("*/**/*") if path.suffix in _DEFINING]
    index = folder / "model_index.json"
    if not index.is_file() or not files:
        raise DataError(f"{folder}: expected a diffusers pipeline (model_index.json and component folders), found none")
    return content_digest((str(path.relative_to(folder).as_posix()), _sha256(path)) for path in [index, *files])


def shipped() -> tuple[str, ...]:
    """Names of the weights that come with this package."""
    return tuple(sorted(path.parent.name for path in SHIPPED.glob("*/model_index.json")))


def _locate(generator: Generator) -> Path:
    name = generator.name
    if "/" not in name:
        if name not in shipped():
            raise UsageError(unknown(name, known=shipped(), kind="shipped generator"))
        return SHIPPED / name
    if name.startswith(("/", "./", "../", "~")):
        folder = Path(name).expanduser()
        if not folder.is_dir():
            raise DataError(f"generator {name!r}: no such folder")
        return folder
    return _from_hub(name, generator.revision)


def _from_hub(name: str, revision: str) -> Path:
    # Imported here: reading a recipe or listing names must not pull in torch.
    from diffusers import DiffusionPipeline

    try:
        return Path(DiffusionPipeline.download(name, revision=revision, use_safetensors=True))
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:120]
        raise DataError(
            f"generator {name!r} at revision {revision} is neither in the hub's cache nor can it be fetched"
            f" ({reason}); allow the download once, or name a folder"
        ) from None


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    print(weights_digest(Path(sys.argv[1]) if "/" in sys.argv[1] else SHIPPED / sys.argv[1]))
