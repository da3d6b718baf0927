"""What of a picture is measured: linear operators A with the transposes that PSLD glues by (methods.md 16.3), and JPEG.

Pictures and measurements are float [b, c, h, w] in -1..1. `released` transposes are those of the published code, which
takes the identity for blurs; the others are the operators' own adjoints.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, pad

Map = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Measurement:
    """`forward`: A; `transpose`: what stands for its transpose; `keep`: float [h, w] where A only erases pixels."""

    forward: Map
    transpose: Map
    keep: Tensor | None = None


def erased(keep: np.ndarray) -> Measurement:
    """Pixels where `keep` is 0 are lost; the transpose is the identity, since a measurement is masked already."""
    mask = torch.from_numpy(keep).float()
    return Measurement(lambda x: x * mask.to(x), lambda y: y, mask)


def blurred(kernel: Tensor, *, released: bool) -> Measurement:
    """Correlation with a kernel [k, k] of odd side, the border reflected."""
    reach = kernel.shape[-1] // 2

    def forward(x: Tensor) -> Tensor:
        weights = kernel.to(x).expand(x.shape[1], 1, -1, -1)
        return conv2d(_reflected(x, reach), weights, groups=x.shape[1])

    return Measurement(forward, (lambda y: y) if released else lambda y: adjoint(forward, y))


def shrunk(factor: int, *, released: bool) -> Measurement:
    """Bicubic, antialiased, `factor` times smaller; released transpose: nearest neighbours, `factor` times larger."""

    def forward(x: Tensor) -> Tensor:
        size = (x.shape[-2] // factor, x.shape[-1] // factor)
        return interpolate(x, size=size, mode="bicubic", antialias=True)

    def enlarged(y: Tensor) -> Tensor:
        return interpolate(y, scale_factor=factor, mode="nearest")

    def own(y: Tensor) -> Tensor:
        return adjoint(forward, y, size=(y.shape[-2] * factor, y.shape[-1] * factor))

    return Measurement(forward, enlarged if released else own)


def compressed(quality: int) -> Measurement:
    """JPEG at a quality, by Pillow; its gradient is that of the identity, because rounding has none (straight-through).

    In neither published code. No transpose: a measurement is a picture, near its own measurement.
    """

    def forward(x: Tensor) -> Tensor:
        return x + (torch.stack([_jpeg(one, quality) for one in x.detach()]).to(x) - x.detach())

    return Measurement(forward, lambda y: y)


def gaussian(side: int, deviation: float) -> Tensor:
    """A Gaussian kernel [side, side] that adds up to 1."""
    line = torch.exp(-((torch.arange(side).float() - side // 2) ** 2) / (2 * deviation**2))
    return (line[:, None] * line) / line.sum() ** 2


def motion(side: int, intensity: float, rng: np.random.Generator) -> Tensor:
    """The trace [side, side] of a hand-held camera, adding up to 1; it turns the more, the more `intensity`."""
    steps, at = 8 * side, np.zeros(2)
    angle, turns = rng.uniform(0, 2 * np.pi), rng.normal(0, intensity, 8 * side) / np.sqrt(side)
    path = []
    for turn in turns:
        angle += turn
        at = at + np.array([np.sin(angle), np.cos(angle)]) / 16
        path.append(at)
    places = np.array(path) - np.mean(path, axis=0) + side // 2
    kernel = np.zeros((side, side))
    for y, x in np.clip(np.round(places).astype(int), 0, side - 1):
        kernel[y, x] += 1 / steps
    return torch.from_numpy(kernel).float()


def adjoint(forward: Map, y: Tensor, *, size: tuple[int, int] | None = None) -> Tensor:
    """A^T y of a linear A, by its vector-Jacobian product."""
    zeros = torch.zeros(*y.shape[:2], *(size or y.shape[-2:]), dtype=y.dtype, device=y.device)
    _, pull = torch.func.vjp(forward, zeros)
    found: Tensor = pull(y)[0]
    return found


def _reflected(x: Tensor, reach: int) -> Tensor:
    """Reflection about the border, again and again where the reach is longer than the picture."""
    while reach:
        step = min(reach, x.shape[-1] - 1, x.shape[-2] - 1)
        x, reach = pad(x, (step,) * 4, mode="reflect"), reach - step
    return x


def _jpeg(picture: Tensor, quality: int) -> Tensor:
    pixels = ((picture.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(buffer, "JPEG", quality=quality)
    back = np.asarray(Image.open(buffer), dtype=np.float32) / 127.5 - 1
    return torch.from_numpy(back).reshape(*picture.shape[1:], -1).permute(2, 0, 1)
