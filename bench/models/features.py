"""Features of images, for judging how alike they are: an oracle's, CLIP's, a timm network's, or plain pixels.

Weights lie in a folder of one's own as safetensors, the way the Hugging Face Hub lays them out; nothing is fetched,
no pickle is opened.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bench.core.digests import digest_bytes
from bench.core.errors import DataError, UsageError
from bench.core.registry import look_up

SIDE = 32


@dataclass(frozen=True)
class Extractor:
    """`read`: pictures of any mode and size to features float32 [n, d]; `digest`: of its weights."""

    name: str
    digest: str
    read: Callable[[Sequence[Image.Image]], np.ndarray]


def open_extractor(name: str) -> Extractor:
    """`pixels`, `oracle:NAME`, `openclip:FOLDER` or `timm:FOLDER`; DataError where weights are absent or damaged."""
    kind, _, where = name.partition(":")
    opened: Extractor = look_up(_KINDS, kind, kind="extractor")(name, where)
    return opened


def _pixels(name: str, where: str) -> Extractor:
    def read(images: Sequence[Image.Image]) -> np.ndarray:
        small = [image.convert("L").resize((SIDE, SIDE), Image.Resampling.BILINEAR) for image in images]
        pixels = np.stack([np.asarray(image, np.float32).reshape(-1) for image in small])
        return pixels - pixels.mean(axis=1, keepdims=True)

    return Extractor(name, "none", read)


def _oracle(name: str, where: str) -> Extractor:
    from bench.models.oracle import open_oracle

    oracle = open_oracle(where)
    return Extractor(name, oracle.digest, lambda images: oracle.features([oracle.fitted(image) for image in images]))


def _openclip(name: str, where: str) -> Extractor:
    folder = _folder(name, where, "open_clip_config.json", "open_clip_model.safetensors")
    import open_clip

    with _loading(name):
        model, _, prepare = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    return _network(name, folder / "open_clip_model.safetensors", model.eval().encode_image, prepare)


def _timm(name: str, where: str) -> Extractor:
    folder = _folder(name, where, "config.json", "model.safetensors")
    import timm

    with _loading(name):
        model = timm.create_model(f"local-dir:{folder}", pretrained=True, num_classes=0).eval()
        prepare = timm.data.create_transform(**timm.data.resolve_model_data_config(model), is_training=False)
    return _network(name, folder / "model.safetensors", model, prepare)


def _network(name: str, weights: Path, network: Callable[[Any], Any], prepare: Callable[[Any], Any]) -> Extractor:
    import torch

    def read(images: Sequence[Image.Image]) -> np.ndarray:
        with torch.inference_mode():
            found = network(torch.stack([prepare(image.convert("RGB")) for image in images]))
        return found.float().numpy()

    return Extractor(name, digest_bytes(weights.read_bytes()), read)


def _folder(name: str, where: str, *files: str) -> Path:
    folder = Path(where).expanduser()
    if not where:
        raise UsageError(f"extractor {name!r}: expected {name.partition(':')[0]}:FOLDER with {' and '.join(files)}")
    for file in files:
        if not (folder / file).is_file():
            raise DataError(f"extractor {name}: {folder} has no {file}; put the weights there, or use pixels")
    return folder.resolve()


@contextmanager
def _loading(name: str) -> Iterator[None]:
    """Whatever a library raises over a damaged folder becomes one line."""
    try:
        yield
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
        raise DataError(f"extractor {name}: its weights do not load: {reason}") from None


_KINDS: dict[str, Any] = {"pixels": _pixels, "oracle": _oracle, "openclip": _openclip, "timm": _timm}
