"""What every feature extractor gives: features of an image that depend on that image alone."""

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.core.errors import DataError, UsageError
from bench.core.model_ref import ModelRef
from bench.core.quality import ExtractorCard
from bench.core.registry import look_up
from bench.models import EXTRACTORS

CHUNK = 32
ALIASES = {"inception": "inception:tensorflow", "dinov2": "timm:vit_large_patch14_dinov2.lvd142m"}


@dataclass(frozen=True)
class Extractor:
    """`prepare` makes one image an array; `load` gives the network, from a stack of CHUNK arrays to [CHUNK, d].

    Every chunk has CHUNK images (the last one is padded) and one thread, so that batch size, order and number of
    workers cannot change a bit. `read_text`, where there is a text tower: texts to [n, d]; `logit_scale`: what its
    cosines are multiplied by.
    """

    card: ExtractorCard
    prepare: Callable[[Any], np.ndarray]
    load: Callable[[], Callable[[torch.Tensor], torch.Tensor]]
    device: str = "cpu"
    read_text: Callable[[Sequence[str]], np.ndarray] | None = None
    logit_scale: Callable[[], float] | None = None

    @cached_property
    def _network(self) -> Callable[[torch.Tensor], torch.Tensor]:
        return self.load()

    def features(self, images: Sequence[Any], *, workers: int | None = None) -> np.ndarray:
        """float32 [n, d] of PIL images, n >= 1; DataError where a feature is not a finite number."""
        chunks = [images[start : start + CHUNK] for start in range(0, len(images), CHUNK)]
        network = self._network
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        crew = min(workers or cores, len(chunks)) if self.device == "cpu" else 1
        before = torch.get_num_threads()
        try:
            with ThreadPoolExecutor(crew) as pool:
                return np.concatenate(list(pool.map(lambda chunk: self._answer(network, chunk), chunks)))
        finally:
            torch.set_num_threads(before)

    def _answer(self, network: Callable[[torch.Tensor], torch.Tensor], chunk: Sequence[Any]) -> np.ndarray:
        if self.device == "cpu":
            torch.set_num_threads(1)
        arrays = [self.prepare(image) for image in chunk]
        pixels = torch.from_numpy(np.stack(arrays + arrays[-1:] * (CHUNK - len(arrays)))).to(self.device)
        with torch.inference_mode():
            found = network(pixels)[: len(chunk)].float().cpu().numpy()
        if not np.isfinite(found).all():
            raise DataError(f"{self.card.name}: a feature is not a finite number; its weights are damaged")
        return found


def open_extractor(text: str, *, data_root: Path, device: str = "auto") -> Extractor:
    """The extractor that `text` names; its weights are found and hashed now, and read at the first question.

    UsageError for an unknown source or option; DataError where weights are absent (with the file to put and
    where), damaged, or not the pinned ones.
    """
    name, mark, query = text.partition("?")
    ref = ModelRef.parse(ALIASES.get(name, name) + mark + query)
    return look_up(EXTRACTORS, ref.source, kind="extractor source")(ref, device=_device(device), data_root=data_root)


def card(name: str, weights: str, prepared: dict[str, str | int | float]) -> ExtractorCard:
    """The card of an extractor on this machine."""
    decoder = f"Pillow {version('pillow')}"
    return ExtractorCard(name=name, weights=weights, input=prepared, decoder=decoder, precision="float32 features")


def check_options(ref: ModelRef, known: tuple[str, ...]) -> None:
    """UsageError for an option that the source does not know."""
    for key, _ in ref.options:
        if key not in known:
            raise UsageError(f"{ref}: unknown option {key!r}; known: {', '.join(known) or 'none'}")


def weights_file(ref: ModelRef, place: Path, fetch: Callable[[], Path], *, whence: str) -> Path:
    """The file of `?weights=`, else `place`, else what `fetch` gets unless the hub is forbidden; else a DataError."""
    given = ref.option("weights")
    if given is not None:
        path = Path(given).expanduser()
        if not path.is_file():
            raise DataError(f"{ref}: no weights at {path}; give a file that exists")
        return path
    if place.is_file():
        return place
    if os.environ.get("HF_HUB_OFFLINE") not in ("1", "true", "TRUE"):
        try:
            return fetch()
        except Exception:  # noqa: S110 - whatever the network does, the remedy is the same
            pass
    raise DataError(
        f"{ref}: its weights are not here and cannot be fetched; put {whence} at {place}, or add ?weights=FILE"
    )


def file_digest(path: Path) -> str:
    """`sha256:…` of a file."""
    with open(path, "rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def check_pin(ref: ModelRef, path: Path, *, pinned: str | None) -> str:
    """The digest of `path`; DataError where it is not `pinned`, or not the one of `?sha256=`."""
    found = file_digest(path)
    wanted = f"sha256:{ref.option('sha256')}" if ref.option("sha256") else pinned
    if wanted is not None and found != wanted:
        raise DataError(
            f"{ref}: {path} has digest {found}, expected {wanted}; get those weights, or pin these by ?sha256="
        )
    return found


def _device(name: str) -> str:
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return name
