"""A bank of coloured fractals, the same wherever it is drawn: attractors of random iterated function systems.

As Barnsley's chaos game: points jump by a randomly chosen contraction, more often by one that covers more area, and
each contraction has a colour of its own. PixMix's released set is such pictures, drawn by others.
"""

import numpy as np

from bench.core.digests import derive_seed

WALKERS, JUMPS, SETTLING = 512, 60, 12
DENSE_AT = 99.0  # the percentile of counts that is drawn as full brightness


def fractal_bank(count: int, *, side: int, channels: int) -> np.ndarray:
    """uint8 [count, channels, side, side]; a larger bank begins with a smaller one."""
    return np.stack([fractal(index, side=side, channels=channels) for index in range(count)])


def fractal(index: int, *, side: int, channels: int) -> np.ndarray:
    """The fractal of one number, uint8 [channels, side, side]."""
    random = np.random.default_rng(derive_seed("fractal", index))
    matrices, shifts, odds = _contractions(random)
    colours = random.uniform(0.1, 1.0, (len(odds), channels))
    points, hues = random.uniform(-1, 1, (WALKERS, 2)), np.full((WALKERS, channels), 0.5)
    visited, shades = [], []
    for jump in range(SETTLING + JUMPS):
        map_of = random.choice(len(odds), WALKERS, p=odds)
        points = np.einsum("nij,nj->ni", matrices[map_of], points) + shifts[map_of]
        hues = (hues + colours[map_of]) / 2
        if jump >= SETTLING:
            visited.append(points)
            shades.append(hues)
    return _drawn(np.concatenate(visited), np.concatenate(shades), side)


def _contractions(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two to five affine maps of the plane that bring points together: matrices, shifts, and how often each is used."""
    count = int(random.integers(2, 6))
    angles = random.uniform(0, 2 * np.pi, (2, count))
    turns = np.stack(
        [np.stack([np.cos(angles), -np.sin(angles)], -1), np.stack([np.sin(angles), np.cos(angles)], -1)], -2
    )
    scales = random.uniform(0.25, 0.85, (count, 2)) * random.choice([-1, 1], (count, 2))
    matrices = turns[0] @ (scales[:, :, None] * turns[1])
    areas = np.abs(np.linalg.det(matrices))
    return matrices, random.uniform(-1, 1, (count, 2)), areas / areas.sum()


def _drawn(points: np.ndarray, shades: np.ndarray, side: int) -> np.ndarray:
    """Counts by pixel on a logarithmic scale, in the colours of the points that fell there."""
    low, high = np.percentile(points, [0.5, 99.5], axis=0)
    cells = ((points - low) / np.maximum(high - low, 1e-9) * side).astype(int)
    inside = ((cells >= 0) & (cells < side)).all(axis=1)
    place = cells[inside] @ (side, 1)
    counts = np.bincount(place, minlength=side * side)
    sums = np.stack([np.bincount(place, weights=shade, minlength=side * side) for shade in shades[inside].T])
    light = np.log1p(counts) / np.log1p(max(np.percentile(counts, DENSE_AT), 1))
    picture = sums / np.maximum(counts, 1) * np.minimum(light, 1)
    return np.round(255 * picture / max(picture.max(), 1e-9)).astype(np.uint8).reshape(-1, side, side)
