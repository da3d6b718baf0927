"""A detection track of three classes of bright shapes on 64x64 noise, small enough to train and score in a test."""

import hashlib

import numpy as np
import pytest
from PIL import Image

from bench.core.boxes import BoxedImages, Boxes
from bench.core.record import parse
from bench.core.track import Track
from bench.sources import BOXED


def shapes(name: str, count: int, seed: int) -> BoxedImages:
    """Class 0 is a full square, 1 a flat bar, 2 a tall one; the last image is empty."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 60, (count, 64, 64), dtype=np.uint8)
    rows = []
    for image in range(count - 1):
        for column in range(int(random.integers(1, 4))):
            label, x, y = int(random.integers(3)), 2 + 20 * column, int(random.integers(2, 44))
            width, height = ((16, 16), (16, 6), (6, 16))[label]
            pixels[image, y : y + height, x : x + width] += 150
            rows.append((image, (x, y, x + width, y + height), label))
    return BoxedImages(
        name=name,
        ids=tuple(f"{name}/{i:03d}" for i in range(count)),
        sizes=np.full((count, 2), 64, dtype=np.int64),
        truth=Boxes.of(rows),
        read=lambda i: Image.fromarray(pixels[i]),
        sha256=lambda i: hashlib.sha256(pixels[i].tobytes()).hexdigest(),
    )


def near(images: BoxedImages, *, seed: int, noise: float = 1.0) -> Boxes:
    """What a fair detector could have found: most of the truth, moved a little, and some that is not there."""
    random = np.random.default_rng(seed)
    kept = np.flatnonzero(random.random(len(images.truth)) < 0.85)
    loose = random.integers(0, images.sizes.min() - 9, (len(images), 2)).astype(float)
    corners = np.vstack(
        [images.truth.corners[kept] + random.normal(0, noise, (len(kept), 4)), np.hstack([loose, loose + 9])]
    )
    corners[:, 2:] = np.maximum(corners[:, 2:], corners[:, :2] + 2)
    label = np.where(random.random(len(kept)) < 0.9, images.truth.label[kept], random.integers(0, 3, len(kept)))
    return Boxes(
        np.concatenate([images.truth.image[kept], np.arange(len(images))]),
        corners,
        np.concatenate([label, random.integers(0, 3, len(images))]),
        random.permutation(len(kept) + len(images)).astype(np.float32) / (len(kept) + len(images)),
    )


def toy_boxes(monkeypatch: pytest.MonkeyPatch, **changes) -> Track:
    """The track `shapes`: sets `test` (in distribution) and `shift`, training data, a tiny budget."""
    sets = {
        "shapes-train": shapes("shapes-train", 12, 1),
        "shapes-made": shapes("shapes-made", 6, 2),
        "shapes-test": shapes("shapes-test", 14, 3),
        "shapes-shift": shapes("shapes-shift", 10, 4),
    }
    for name, images in sets.items():
        monkeypatch.setitem(BOXED, name, lambda data_root, images=images: images)
    said = {
        "name": "shapes",
        "task": "detection",
        "title": "Shapes",
        "question": "?",
        "classes": [{"id": one, "name": one} for one in ("square", "flat", "tall")],
        "in_distribution": "test",
        "headline": {"metric": "ap50", "sets": ["shift"]},
        "sets": {
            "test": {"source": "shapes-test", "title": "Test"},
            "shift": {"source": "shapes-shift", "title": "Shift"},
        },
        "image_size": 64,
        "real": {"source": "shapes-train", "title": "Train"},
        "synthetic": {"source": "shapes-made", "title": "Made"},
        "budget": {
            "arch": "fcos:test_resnet",
            "steps": 3,
            "batch": 4,
            "learning_rate": 0.002,
            "seeds": 1,
            "naive": ["flip", "crop", "colour"],
        },
    }
    return parse(Track, said | changes, where="shapes")
