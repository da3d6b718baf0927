"""A track of ten classes of noisy 32x32 bars, small enough to train and score in a test."""

import hashlib

import numpy as np
import pytest
from PIL import Image

from bench.core.images import ImageSet
from bench.core.record import parse
from bench.core.track import Track
from bench.sources import SOURCES


def bars(name: str, per_class: int, seed: int) -> ImageSet:
    """Class c has a bright bar in rows 3c to 3c + 3, on noise."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(10), per_class)
    pixels = random.integers(0, 120, (len(labels), 32, 32), dtype=np.uint8)
    for image, label in zip(pixels, labels, strict=True):
        image[3 * label : 3 * label + 3] += 100
    return ImageSet(
        name=name,
        ids=tuple(f"{name}/{i:04d}" for i in range(len(labels))),
        labels=labels,
        read=lambda i: Image.fromarray(pixels[i]),
        sha256=lambda i: hashlib.sha256(pixels[i].tobytes()).hexdigest(),
    )


def toy_track(monkeypatch: pytest.MonkeyPatch, **changes) -> Track:
    """The track `toy`: sets `test` (in distribution) and `shift`, real training data, a tiny budget."""
    sets = {
        "toy-train": bars("toy-train", 8, 1),
        "toy-made": bars("toy-made", 4, 2),
        "toy-test": bars("toy-test", 5, 3),
        "toy-shift": bars("toy-shift", 7, 4),
    }
    for name, images in sets.items():
        monkeypatch.setitem(SOURCES, name, lambda data_root, images=images: images)
    said = {
        "name": "toy",
        "title": "Toy",
        "question": "?",
        "classes": [{"id": str(i), "name": f"class {i}"} for i in range(10)],
        "in_distribution": "test",
        "headline": {"sets": ["shift"]},
        "sets": {"test": {"source": "toy-test", "title": "Test"}, "shift": {"source": "toy-shift", "title": "Shift"}},
        "image_size": 32,
        "real": {"source": "toy-train", "title": "Train"},
        "synthetic": {"source": "toy-made", "title": "Made"},
        "budget": {"arch": "test_vit", "steps": 6, "batch": 16, "learning_rate": 0.002, "seeds": 1},
    }
    return parse(Track, said | changes, where="toy")
