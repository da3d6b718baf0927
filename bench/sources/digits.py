"""The digits that need no download, as labelled image sets.

`mnist-train` and `mnist-test` are the fixed split of `mnist.py`; the four shifted sets change one thing
each: who wrote and scanned the digit, what drew it, how much of the stroke is inked, which way round
ink and ground are. Everything is a function of the package data and of the item's id.
"""

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

from bench.core.digests import derive_seed
from bench.core.errors import DataError
from bench.core.images import ImageSet
from bench.sources import fonts, mnist, redrawn

PRINTED_PER_CLASS = 100


def mnist_train(data_root: Path) -> ImageSet:
    """The 4,000 training digits, 32x32, white ink on black."""
    return _mnist("mnist-train", "train")


def mnist_test(data_root: Path) -> ImageSet:
    """The 1,000 in-distribution test digits."""
    return _mnist("mnist-test", "test")


def outlined(data_root: Path) -> ImageSet:
    """The test digits with only their outline drawn (light line on dark ground)."""
    return _redrawn("outlined-digits", redrawn.outline)


def on_paper(data_root: Path) -> ImageSet:
    """The test digits as dark ink on lighter, uneven paper."""
    return _redrawn("digits-on-paper", redrawn.ink_on_paper)


def uci(data_root: Path) -> ImageSet:
    """scikit-learn's 1,797 digits: other writers, another scanner (8x8, 17 grey levels), to 32x32 bicubic.

    Source: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998.
    """
    from sklearn.datasets import load_digits

    data = load_digits()
    small = (data.images * (255 / 16)).round().astype(np.uint8)
    images = np.stack([np.asarray(Image.fromarray(one).resize((32, 32), Image.Resampling.BICUBIC)) for one in small])
    ids = tuple(f"uci/{row:04d}" for row in range(len(images)))
    return array_set("uci-digits", images, data.target.astype(np.int64), ids)


def printed(data_root: Path) -> ImageSet:
    """1,000 digits from the held-out fonts: 100 a class; font, height, angle drawn from the id."""
    held_out = list(fonts.held_out_fonts().values())
    images, labels, ids = [], [], []
    for digit in range(10):
        for slot in range(PRINTED_PER_CLASS):
            rng = np.random.default_rng(derive_seed("printed-digits", digit, slot))
            font = held_out[rng.integers(len(held_out))]
            images.append(fonts.render(font, digit, int(rng.integers(16, 27)), angle=float(rng.uniform(-8, 8))))
            labels.append(digit)
            ids.append(f"printed/{digit}/{slot:03d}")
    return array_set("printed-digits", np.stack(images), np.array(labels, dtype=np.int64), tuple(ids))


def array_set(name: str, images: np.ndarray, labels: np.ndarray, ids: tuple[str, ...]) -> ImageSet:
    """An image set over uint8 [n, h, w] in memory; an image's digest is that of its pixels."""
    if not len(images) == len(labels) == len(ids):
        raise DataError(f"{name}: {len(images)} images, {len(labels)} labels, {len(ids)} ids; expected equal numbers")
    return ImageSet(
        name=name,
        ids=ids,
        labels=labels,
        read=lambda i: Image.fromarray(images[i]),
        sha256=lambda i: hashlib.sha256(images[i].tobytes()).hexdigest(),
    )


def _mnist(name: str, split: str) -> ImageSet:
    digits = mnist.split(split)
    return array_set(name, digits.images, digits.labels, digits.ids)


def _redrawn(name: str, draw) -> ImageSet:
    digits = mnist.test()
    ids = tuple(f"{name}/{one.split('/')[1]}" for one in digits.ids)
    images = [
        draw(image, np.random.default_rng(derive_seed(one))) for image, one in zip(digits.images, ids, strict=True)
    ]
    return array_set(name, np.stack(images), digits.labels, ids)
