"""The weights a recipe names: where they lie, and the digest that pins them.

`python -m bench.synthesis.pinned_weights NAME_OR_FOLDER` prints the digest to write into a recipe, of a text model too.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

from huggingface_hub import try_to_load_from_cache

from bench.core.digests import content_digest
from bench.core.errors import BenchError, DataError, UsageError
from bench.core.recipe import Generator
from bench.core.registry import unknown

SHIPPED = Path(__file__).parent / "weights"
# What decides an image: weights, configurations, tokenizer merges. Not the model card beside them.
_DEFINING = (".safetensors", ".bin", ".json", ".txt")


def weights_folder(generator: Generator) -> Path:
    """The folder of a generator: a shipped name, a path, or `owner/name` of the hub at its revision.

    Its revision and its digest are checked where the recipe gives them; others, or absent weights, are a
    DataError. A generator that the recipe could not pin yet is a UsageError.
    """
    if generator.unpinned:
        raise UsageError(f"generator {generator.name!r} is not pinned yet: {generator.unpinned}")
    folder = _locate(generator)
    _check_revision(generator, folder)
    if generator.weights is not None:
        found = weights_digest(folder)
        if found != generator.weights:
            raise DataError(
                f"generator {generator.name!r}: its weights in {folder} have digest {found}, the recipe"
                f" expects {generator.weights}; get those weights, or name these in a new version"
            )
    return folder


def why_absent(generator: Generator) -> str | None:
    """Why the generator's weights are not here, in a line; None where they are. Asks no hub, hashes nothing."""
    if generator.unpinned:
        return f"generator {generator.name} is not pinned yet: {generator.unpinned}"
    if generator.from_nothing:
        return None
    if not _on_hub(generator.name):
        try:
            _locate(generator)
        except BenchError as error:
            return str(error)
        return None
    found = try_to_load_from_cache(generator.name, "model_index.json", revision=generator.revision)
    if isinstance(found, str):
        return None
    return f"the weights of {generator.name}, which `generate` fetches from the hub ({generator.licence})"


def weights_digest(folder: Path) -> str:
    """`sha256:…` over sorted (relative path, SHA-256) of what defines the pipeline in `folder`.

    That is `model_index.json`, and the safetensors, JSON and text files of the component folders.
    """
    files = [path for path in folder.glob("*/**/*") if path.suffix in _DEFINING]
    index = folder / "model_index.json"
    if not index.is_file() or not files:
        raise DataError(f"{folder}: expected a diffusers pipeline (model_index.json and component folders), found none")
    return content_digest((str(path.relative_to(folder).as_posix()), _sha256(path)) for path in [index, *files])


def folder_digest(folder: Path) -> str:
    """The same over the safetensors, JSON and text files of a folder of transformers, and its tokenizer's."""
    files = [path for path in folder.glob("*") if path.suffix in (*_DEFINING, ".model") and path.suffix != ".bin"]
    return content_digest((path.name, _sha256(path)) for path in files)


def shipped() -> tuple[str, ...]:
    """Names of the weights that come with this package."""
    return tuple(sorted(path.parent.name for path in SHIPPED.glob("*/model_index.json")))


def layout(name: str) -> str:
    """The class of diffusers that a shipped generator's weights are laid out for."""
    return str(json.loads((SHIPPED / name / "model_index.json").read_text())["_class_name"])


def _on_hub(name: str) -> bool:
    return "/" in name and not name.startswith(("/", "./", "../", "~"))


def _locate(generator: Generator) -> Path:
    name = generator.name
    if _on_hub(name):
        return _from_hub(generator)
    if "/" not in name:
        if name not in shipped():
            raise UsageError(unknown(name, known=shipped(), kind="shipped generator"))
        return SHIPPED / name
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise DataError(f"generator {name!r}: no such folder")
    return folder


def _check_revision(generator: Generator, folder: Path) -> None:
    """A folder of the hub's cache is named by its commit."""
    path = folder.resolve()
    is_commit = re.fullmatch(r"[0-9a-f]{40}", path.name) and path.parent.name == "snapshots"
    if is_commit and path.name != generator.revision:
        raise DataError(
            f"generator {generator.name!r}: the weights in {folder} are revision {path.name}, the recipe expects"
            f" {generator.revision}; get that revision, or name this one in a new version"
        )


def _from_hub(generator: Generator) -> Path:
    # Imported here: reading a recipe or listing names must not pull in torch.
    from diffusers import DiffusionPipeline

    name, revision = generator.name, generator.revision
    try:
        folder = DiffusionPipeline.download(name, revision=revision, use_safetensors=generator.format != "bin")
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:120]
        raise DataError(
            f"generator {name!r} at revision {revision} is neither in the hub's cache nor can it be fetched"
            f" ({reason}); allow the download once, or name a folder"
        ) from None
    return Path(folder)


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if "/" in sys.argv[1] else SHIPPED / sys.argv[1]
    print(weights_digest(folder) if (folder / "model_index.json").is_file() else folder_digest(folder))
