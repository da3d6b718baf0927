"""Features of image sets: extracted once, kept by content, taken from there ever after."""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from bench.core.digests import derive_seed
from bench.core.errors import DataError
from bench.core.quality import SetCard
from bench.pipelines.quality.image_sets import NamedSet
from bench.store.features import FeatureFolder

if TYPE_CHECKING:  # It brings torch with it.
    from bench.models.extractor import Extractor

FEW_SIZES = 4
STEP = 256  # images read before the bar moves


@dataclass(frozen=True, eq=False)
class Featured:
    """A set with its features: rows in the order of sorted ids, `labels` the class id of each row."""

    card: SetCard
    ids: np.ndarray
    labels: np.ndarray
    features: np.ndarray
    names: dict[str, str]

    @cached_property
    def places(self) -> dict[str, np.ndarray]:
        """The rows of each class id."""
        order = np.argsort(self.labels, kind="stable")
        ids, starts = np.unique(self.labels[order], return_index=True)
        return dict(zip(ids.tolist(), np.split(order, starts[1:]), strict=True))

    def pick(self, rows: np.ndarray) -> "Featured":
        """The images at `rows`; `card` stays that of the whole set."""
        return replace(self, ids=self.ids[rows], labels=self.labels[rows], features=self.features[rows])


def features_of(named: NamedSet, extractor: "Extractor", *, data_root: Path, quiet: bool = False) -> Featured:
    """The features of every image of `named`; DataError, naming the image, for one that cannot be read."""
    images = named.images
    order = np.argsort(np.array(images.ids), kind="stable")
    kept = FeatureFolder.of(
        data_root, set_digest=images.digest, extractor=extractor.card.model_dump(mode="json"), n=len(images)
    )
    with tqdm(total=len(order), desc=f"features {named.text}", unit="image", disable=quiet or None, leave=False) as bar:

        def make(rows: slice) -> tuple[np.ndarray, dict[str, int]]:
            parts, kinds = [], Counter()
            chosen = order[rows]
            for start in range(0, len(chosen), STEP):
                block = {images.ids[int(row)]: images.read(int(row)) for row in chosen[start : start + STEP]}
                kinds.update(_encoding(image) for image in block.values())
                parts.append(_extracted(extractor, block, named.text))
                bar.update(len(block))
            return np.concatenate(parts), dict(kinds)

        kept.fill(make)
    return Featured(
        card=SetCard(
            name=named.text,
            digest=images.digest,
            images=len(images),
            encodings=_merged(kept.encodings()),
            notes=_copies(named),
        ),
        ids=np.array(images.ids)[order],
        labels=named.labels[order],
        features=kept.whole(),
        names=named.names,
    )


def _extracted(extractor: "Extractor", block: dict[str, Any], what: str) -> np.ndarray:
    """Their features; a DataError names the first image that the extractor refuses, if it is one image's fault."""
    try:
        return extractor.features(list(block.values()))
    except DataError as error:
        for image_id, image in block.items():
            try:
                extractor.prepare(image)
            except DataError as refused:
                raise DataError(f"{what}, image {image_id}: {refused}") from None
        raise error


def draw(ids: np.ndarray, count: int, *, seed: int, what: str) -> np.ndarray:
    """Positions of `count` of `ids`, those of smallest hash with the seed: whatever their order or number."""
    if len(ids) < count:
        raise DataError(f"{what}: expected at least {count} images, got {len(ids)}; ask for fewer or add images")
    ranks = [derive_seed("quality-draw", seed, str(one)) for one in ids]
    return np.sort(np.argsort(ranks, kind="stable")[:count])


def _encoding(image: Any) -> str:
    """`JPEG RGB 500x375`, or `pixels L 32x32` for an image that came from no file."""
    return f"{image.format or 'pixels'} {image.mode} {image.width}x{image.height}"


def _merged(encodings: dict[str, int]) -> dict[str, int]:
    """Of each format and mode every size, or all together where there are many."""
    by_mode: dict[str, dict[str, int]] = defaultdict(dict)
    for kind, count in encodings.items():
        by_mode[kind.rpartition(" ")[0]][kind] = count
    merged: dict[str, int] = {}
    for mode, sizes in sorted(by_mode.items()):
        merged |= sizes if len(sizes) <= FEW_SIZES else {f"{mode}, mixed sizes": sum(sizes.values())}
    return merged


def _copies(named: NamedSet) -> tuple[str, ...]:
    counts = Counter(named.images.sha256(index) for index in range(len(named.images)))
    extra = sum(count - 1 for count in counts.values())
    if not extra:
        return ()
    verb = "image is a copy" if extra == 1 else "images are copies"
    return (f"{named.text}: {extra} {verb} of another, bit for bit; they count as given",)
