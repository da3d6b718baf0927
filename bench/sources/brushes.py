"""Geometry of ink, for the styles: images are float [32, 32], 0 ground to 1 ink; lengths are pixels, angles degrees.

Strokes are drawn from a signed distance to the outline (positive inside the ink), so that one digit can be drawn
thin, fat, hollow or soft without redrawing it.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from scipy import ndimage

SIDE = 32
_CENTRE = (SIDE - 1) / 2


def refit(
    image: np.ndarray,
    height: float,
    *,
    stretch: float = 1.0,
    angle: float = 0.0,
    shear: float = 0.0,
    shift: tuple[float, float] = (0.0, 0.0),
) -> np.ndarray:
    """The ink's box brought to `height` pixels (before turning) and centred, then moved by `shift` (down, right).

    `stretch` widens it, `shear` slants its top to the right. Parts that leave the frame are cut off.
    """
    rows, columns = np.nonzero(image > 0.3)
    if rows.size == 0:
        raise ValueError("an image without ink cannot be refitted")
    box = max(rows.max() - rows.min() + 1, 0.95 * stretch * (columns.max() - columns.min() + 1))
    middle = np.array([(rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2])
    scale = height / box
    turn = np.deg2rad(angle)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    forward = rotation @ np.array([[1.0, 0.0], [-shear, 1.0]]) @ np.diag([scale, scale * stretch])
    backward = np.linalg.inv(forward)
    offset = middle - backward @ (np.array([_CENTRE, _CENTRE]) + np.array(shift))
    source = ndimage.gaussian_filter(image, 0.45 / scale) if scale < 0.8 else image
    order = 3 if scale > 1.15 else 1
    return np.clip(ndimage.affine_transform(source, backward, offset, order=order, prefilter=order > 1), 0, 1)


def jitter(
    image: np.ndarray, rng: Generator, *, angle: float = 4.0, scale: float = 0.03, shift: float = 0.5
) -> np.ndarray:
    """A slight turn, zoom and move about the frame's centre; the limits of each are given."""
    turn = np.deg2rad(rng.uniform(-angle, angle))
    zoom = 1 + rng.uniform(-scale, scale)
    backward = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) / zoom
    offset = _CENTRE - backward @ (np.array([_CENTRE, _CENTRE]) + rng.uniform(-shift, shift, 2))
    return np.clip(ndimage.affine_transform(image, backward, offset, order=1), 0, 1)


def distance(image: np.ndarray, *, smooth: float = 0.5) -> np.ndarray:
    """Signed distance in pixels to the outline of the ink, positive inside; `smooth` (sigma, pixels) rounds it.

    Hairlines are read at full strength, and where smoothing would wear them away the outline is moved out again.
    """
    local = np.maximum(ndimage.maximum_filter(image, 5), 0.3 * float(image.max()))
    fine = ndimage.zoom(image / np.maximum(local, 1e-6), 2, order=1, grid_mode=True, mode="nearest") > 0.5
    signed = np.where(fine, ndimage.distance_transform_edt(fine) - 0.5, 0.5 - ndimage.distance_transform_edt(~fine)) / 2
    signed = ndimage.gaussian_filter(signed, 2 * smooth)
    signed += max(0.0, 0.25 - float(np.percentile(signed[fine], 30)))
    return signed.reshape(SIDE, 2, SIDE, 2).mean(axis=(1, 3))


def fill(signed: np.ndarray, grow: float = 0.0, *, soft: float = 1.0) -> np.ndarray:
    """Ink of a signed distance, `grow` pixels fatter on every side, with an edge `soft` pixels wide."""
    return np.clip(0.5 + (signed + grow) / soft, 0, 1)


def outline(signed: np.ndarray, width: float, *, at: float = 0.0) -> np.ndarray:
    """The line `width` pixels wide along the outline moved inward by `at`."""
    return np.clip(0.5 + (width / 2 - np.abs(signed - at)), 0, 1)


def pen(image: np.ndarray, rng: Generator, low: float = -0.3, high: float = 0.8) -> np.ndarray:
    """The digit redrawn with a thinner or fatter stroke, never worn away and never so fat that its holes close."""
    signed = distance(image)
    inside = signed[signed > 0]
    half = float(np.percentile(inside, 85)) if inside.size else 0.0
    height = np.ptp(np.flatnonzero((signed > 0).any(axis=1))) + 1 if inside.size else SIDE
    fattest = max(height / 10 - half, 0.0)
    return fill(signed, max(min(rng.uniform(low, high), fattest), 0.8 - half))


def warp(image: np.ndarray, rng: Generator, *, strength: float, grain: float) -> np.ndarray:
    """An elastic warp: random shifts of about `strength` pixels that vary over `grain` pixels (Simard et al., 2003)."""
    field = [ndimage.gaussian_filter(rng.standard_normal((SIDE, SIDE)), grain, mode="wrap") for _ in range(2)]
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(float)
    moved = [axis + strength * shift / (shift.std() + 1e-9) for axis, shift in zip((rows, columns), field, strict=True)]
    return np.clip(ndimage.map_coordinates(image, moved, order=1), 0, 1)


def clouds(rng: Generator, grain: float) -> np.ndarray:
    """Smooth noise [32, 32] of mean 0 and standard deviation 1, varying over `grain` pixels."""
    noise = (
        ndimage.gaussian_filter(rng.standard_normal((SIDE, SIDE)), grain, mode="wrap")
        if grain > 0
        else rng.standard_normal((SIDE, SIDE))
    )
    return (noise - noise.mean()) / (noise.std() + 1e-9)
