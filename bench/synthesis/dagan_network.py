"""DAGAN's generator (Antoniou et al., 2017; methods.md 11): a U-Net that draws another image of an image's class.

Four halvings with residual inner blocks, skips, and noise: z is projected by dense layers and concatenated at the three
deepest levels of the decoder.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from bench.core.errors import DataError

NOISE = 100
NOISE_MAPS = 8
MOMENTUM = 0.01  # the published decay of .99, as torch counts it
SLOPE = 0.2
HALVINGS = 4


class Generator(nn.Module):
    """x_g = G(x, z) for images float [b, c, s, s] in -1..1 and z [b, 100]; s is a multiple of 16."""

    noise_width = NOISE

    def __init__(self, channels: int, size: int, *, widths: tuple[int, ...], inner: int) -> None:
        super().__init__()
        self.channels, self.size = channels, size
        self.down = nn.ModuleList(
            _Level(before, width, inner, stride=2)
            for before, width in zip((channels, *widths[:-1]), widths, strict=True)
        )
        sides = [size // 2 ** (level + 1) for level in range(HALVINGS)]
        self.noise = nn.ModuleList(nn.Linear(NOISE, NOISE_MAPS * side**2) for side in sides[1:])
        self.up = nn.ModuleList()
        below = 0
        for level in reversed(range(HALVINGS)):
            maps = NOISE_MAPS if level else 0
            self.up.append(_Level(below + widths[level] + maps, widths[level], inner, stride=1))
            below = widths[level]
        self.last = nn.Conv2d(below + channels, channels, 3, padding=1)

    def forward(self, images: Tensor, z: Tensor) -> Tensor:
        """Images of the same shape."""
        skips, found = [], images
        for level in self.down:
            found = level(found)
            skips.append(found)
        drawn = images.new_zeros(len(images), 0, *skips[-1].shape[2:])
        for level, up in zip(reversed(range(HALVINGS)), self.up, strict=True):
            skip = skips[level]
            parts = [interpolate(drawn, size=skip.shape[2:]) if drawn.shape[1] else drawn, skip]
            if level:
                parts.append(self.noise[level - 1](z).view(len(z), NOISE_MAPS, *skip.shape[2:]))
            drawn = up(torch.cat(parts, 1))
        return torch.tanh(self.last(torch.cat([interpolate(drawn, size=images.shape[2:]), images], 1)))


def generator_of(tensors: Mapping[str, Tensor]) -> Generator:
    """The generator whose `state_dict` these are, ready to draw; DataError where they are not DAGAN's."""
    try:
        first = [tensors[f"down.{level}.first.0.weight"] for level in range(HALVINGS)]
        inner = sum(name.startswith("down.0.inner.") and name.endswith(".0.weight") for name in tensors)
        side = round((tensors["noise.0.weight"].shape[0] / NOISE_MAPS) ** 0.5)
        found = Generator(first[0].shape[1], 4 * side, widths=tuple(one.shape[0] for one in first), inner=inner)
        found.load_state_dict(tensors)
    except (LookupError, RuntimeError) as error:
        raise DataError(
            f"no generator of dagan: {str(error).splitlines()[0][:80]}; name a state that it learned"
        ) from None
    return found.eval().requires_grad_(False)


class _Level(nn.Module):
    """A convolution to `width` channels, and `inner` more, each added to what it reads."""

    def __init__(self, before: int, width: int, inner: int, *, stride: int) -> None:
        super().__init__()
        self.first = _convolution(before, width, stride)
        self.inner = nn.ModuleList(_convolution(width, width, 1) for _ in range(inner))

    def forward(self, images: Tensor) -> Tensor:
        found = self.first(images)
        for one in self.inner:
            found = found + one(found)
        return found


def _convolution(before: int, width: int, stride: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(before, width, 3, stride=stride, padding=1),
        nn.BatchNorm2d(width, momentum=MOMENTUM),
        nn.LeakyReLU(SLOPE),
    )
