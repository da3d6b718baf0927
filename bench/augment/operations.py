"""The image operations of AugMix and PixMix (methods.md 10.2), each of a level from 0 to 10.

A level scales the largest value of an operation; where that is a whole number, it is cut off (so at severity 1 a
rotation is at most 2 degrees and posterize keeps 4 bits). Signs of geometric operations are random. Outside comes in
as black. torchvision and timm have operations of these names with other levels.
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageOps

Picture = tuple[Image.Image, ...]  # one RGB image, or a grey one for each channel
Operation = Callable[[Image.Image, float, int], Image.Image]

DEEPEST = 10.0  # the level that stands for an operation's largest value
SHALLOWEST = 0.1


def picture_of(pixels: np.ndarray) -> Picture:
    """uint8 [c, h, w]: three channels are one RGB picture, any other number is one grey picture a channel."""
    if len(pixels) == 3:
        return (Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0))),)
    return tuple(Image.fromarray(channel) for channel in pixels)


def pixels_of(picture: Picture) -> np.ndarray:
    """The inverse of `picture_of`."""
    if picture[0].mode == "RGB":
        return np.asarray(picture[0]).transpose(2, 0, 1)
    return np.stack([np.asarray(channel) for channel in picture])


def apply(operation: Operation, picture: Picture, severity: float) -> Picture:
    """The operation at a level drawn from U(0.1, severity), with one sign for all channels."""
    level = SHALLOWEST + (severity - SHALLOWEST) * torch.rand(()).item()
    sign = 1 if torch.rand(()).item() < 0.5 else -1
    return tuple(operation(image, level, sign) for image in picture)


def autocontrast(image: Image.Image, level: float, sign: int) -> Image.Image:
    """The darkest value becomes 0, the brightest 255."""
    return ImageOps.autocontrast(image)


def equalize(image: Image.Image, level: float, sign: int) -> Image.Image:
    """A flat histogram."""
    return ImageOps.equalize(image)


def posterize(image: Image.Image, level: float, sign: int) -> Image.Image:
    """The upper 4 - int(0.4 level) bits; at level 10 none are left, and black is the answer."""
    bits = 4 - int(level * 4 / DEEPEST)
    return ImageOps.posterize(image, bits) if bits else image.point([0] * 256 * len(image.getbands()))


def solarize(image: Image.Image, level: float, sign: int) -> Image.Image:
    """Values from 256 - int(25.6 level) on are inverted."""
    return ImageOps.solarize(image, 256 - int(level * 256 / DEEPEST))


def rotate(image: Image.Image, level: float, sign: int) -> Image.Image:
    """By at most 30 degrees, whole ones."""
    return image.rotate(sign * int(level * 30 / DEEPEST), resample=Image.Resampling.BILINEAR)


def shear_x(image: Image.Image, level: float, sign: int) -> Image.Image:
    """By at most 0.3."""
    return _affine(image, (1, sign * level * 0.3 / DEEPEST, 0, 0, 1, 0))


def shear_y(image: Image.Image, level: float, sign: int) -> Image.Image:
    """By at most 0.3."""
    return _affine(image, (1, 0, 0, sign * level * 0.3 / DEEPEST, 1, 0))


def translate_x(image: Image.Image, level: float, sign: int) -> Image.Image:
    """By at most a third of the width, whole pixels."""
    return _affine(image, (1, 0, sign * int(level * image.width / 3 / DEEPEST), 0, 1, 0))


def translate_y(image: Image.Image, level: float, sign: int) -> Image.Image:
    """By at most a third of the height, whole pixels."""
    return _affine(image, (1, 0, 0, 0, 1, sign * int(level * image.height / 3 / DEEPEST)))


def colour(image: Image.Image, level: float, sign: int) -> Image.Image:
    """Saturation by a factor from 0.1 to 1.9."""
    return ImageEnhance.Color(image).enhance(_factor(level))


def contrast(image: Image.Image, level: float, sign: int) -> Image.Image:
    """Contrast by a factor from 0.1 to 1.9."""
    return ImageEnhance.Contrast(image).enhance(_factor(level))


def brightness(image: Image.Image, level: float, sign: int) -> Image.Image:
    """Brightness by a factor from 0.1 to 1.9."""
    return ImageEnhance.Brightness(image).enhance(_factor(level))


def sharpness(image: Image.Image, level: float, sign: int) -> Image.Image:
    """Sharpness by a factor from 0.1 to 1.9."""
    return ImageEnhance.Sharpness(image).enhance(_factor(level))


def _affine(image: Image.Image, matrix: tuple[float, ...]) -> Image.Image:
    return image.transform(image.size, Image.Transform.AFFINE, matrix, resample=Image.Resampling.BILINEAR)


def _factor(level: float) -> float:
    return level * 1.8 / DEEPEST + 0.1


OPERATIONS: Mapping[str, Operation] = {
    one.__name__: one
    for one in (autocontrast, equalize, posterize, rotate, solarize, shear_x, shear_y, translate_x, translate_y)
}
OVERLAPPING: Mapping[str, Operation] = {one.__name__: one for one in (colour, contrast, brightness, sharpness)}
"""These look like corruptions of ImageNet-C, so they are off unless `all_ops` is asked for."""


def chosen(*, all_ops: bool) -> tuple[Operation, ...]:
    """The operations that are drawn from."""
    return tuple((OPERATIONS | OVERLAPPING if all_ops else OPERATIONS).values())


def one_of(operations: tuple[Operation, ...]) -> Operation:
    """One of them, uniformly, by torch's global generator."""
    return operations[int(torch.randint(len(operations), ()))]
