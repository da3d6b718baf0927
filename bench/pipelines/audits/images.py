"""What an audit knows of each image of a set, gathered in one pass over the pictures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from bench.core.images import ImageSet
from bench.filters.blank import widest_span
from bench.filters.likeness import difference, look
from bench.filters.rule import Probabilities
from bench.metrics.neighbours import distances, nearest, nearest_hashes, unit

BATCH = 256


@dataclass(frozen=True)
class Gathered:
    """n images: `labels` int64 [n], -1 for none of the classes; `features` float32 [n, d] of length 1; `hashes`
    uint64 [n]; `thumbnails` uint8 [n, 1024]; `spans` int64 [n], the widest difference of values in a channel;
    `probabilities` float32 [n, C], or None without a classifier. `read(i)`: the picture."""

    ids: Sequence[str]
    labels: np.ndarray
    features: np.ndarray
    hashes: np.ndarray
    thumbnails: np.ndarray
    spans: np.ndarray
    probabilities: np.ndarray | None
    read: Callable[[int], Any]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Matches:
    """For each image the one that is most like it: `index` int64 [n], Euclidean `distance` of unit features,
    `bits` between hashes, `difference` of thumbnails, and whether they are the `same` picture."""

    index: np.ndarray
    distance: np.ndarray
    bits: np.ndarray
    difference: np.ndarray
    same: np.ndarray


def gather(
    images: ImageSet, extract: Callable[[Any], np.ndarray], classify: Probabilities | None, *, quiet: bool
) -> Gathered:
    """Look at every image once, `BATCH` at a time."""
    features, hashes, thumbnails, spans, answers = [], [], [], [], []
    bar = tqdm(total=len(images), desc=f"look at {images.name}", unit="img", disable=True if quiet else None)
    with bar:
        for start in range(0, len(images), BATCH):
            shown = [images.read(index) for index in range(start, min(start + BATCH, len(images)))]
            seen = look(shown)
            features.append(unit(extract(shown)))
            hashes.append(seen.hashes)
            thumbnails.append(seen.thumbnails)
            spans += [widest_span(image) for image in shown]
            if classify is not None:
                answers.append(classify(shown))
            bar.update(len(shown))
    return Gathered(
        ids=images.ids,
        labels=images.labels,
        features=np.concatenate(features),
        hashes=np.concatenate(hashes),
        thumbnails=np.concatenate(thumbnails),
        spans=np.array(spans),
        probabilities=np.concatenate(answers) if answers else None,
        read=images.read,
    )


def match(left: Gathered, right: Gathered, *, bits: int, difference_: float, itself: bool = False) -> Matches:
    """The image of `right` most like each of `left`: by features, unless only the nearest by hash is the same picture.

    Two pictures are the same when at most `bits` of their hashes and at most `difference_` of their thumbnails differ.
    `itself`: both are the same images, and none matches itself.
    """
    by_features = nearest(left.features, right.features, itself=itself)[1]
    by_hash = nearest_hashes(left.hashes, right.hashes, itself=itself)[1]
    found = [_compared(left, right, index, bits, difference_) for index in (by_features, by_hash)]
    take = found[1].same & ~found[0].same
    names = ("index", "distance", "bits", "difference", "same")
    return Matches(*(np.where(take, getattr(found[1], name), getattr(found[0], name)) for name in names))


def _compared(left: Gathered, right: Gathered, index: np.ndarray, bits: int, difference_: float) -> Matches:
    apart = np.bitwise_count(left.hashes ^ right.hashes[index])
    parts = [slice(start, start + BATCH) for start in range(0, len(left), BATCH)]
    differ = np.concatenate([difference(left.thumbnails[part], right.thumbnails[index[part]]) for part in parts])
    far = np.concatenate([distances(left.features[part], right.features[index[part]]) for part in parts])
    return Matches(index, far, apart, differ, (apart <= bits) & (differ <= difference_))
