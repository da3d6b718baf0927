"""The usual: mirror, shifted crop, rotation, colour jitter, each by torchvision's own operation."""

import torch
from pydantic import Field
from torch import Tensor
from torchvision.transforms import v2

from bench.augment.augmenter import Setting, refuse_unless_coloured, to_unit
from bench.core.record import Record


class Parameters(Record):
    """`flip`: probability of a mirror image; `crop`: largest shift as a share of the side, zeros come in;
    `rotate`: largest angle in degrees; `colour`: strength of brightness, contrast and (RGB) saturation."""

    flip: float = Field(default=0.5, ge=0, le=1)
    crop: float = Field(default=0.125, ge=0, lt=1)
    rotate: float = Field(default=10.0, ge=0, le=180)
    colour: float = Field(default=0.2, ge=0, le=1)


class Standard:
    """Each image for itself."""

    Parameters = Parameters
    consistency = 0.0

    def __init__(self, parameters: Parameters, setting: Setting) -> None:
        if parameters.colour:
            refuse_unless_coloured("standard", setting, remedy="say standard?colour=0")
        strength = (parameters.colour,) * (3 if setting.channels == 3 else 2)
        steps: list[torch.nn.Module] = [v2.RandomHorizontalFlip(parameters.flip)] if parameters.flip else []
        padding = round(parameters.crop * setting.size)
        steps += [v2.RandomCrop(setting.size, padding=padding)] if padding else []
        bilinear = v2.InterpolationMode.BILINEAR
        steps += [v2.RandomRotation(parameters.rotate, interpolation=bilinear)] if parameters.rotate else []
        steps += [v2.ColorJitter(*strength)] if parameters.colour else []
        self._steps = v2.Compose(steps or [torch.nn.Identity()])

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """One view; the labels stay."""
        return to_unit(torch.stack([self._steps(image) for image in images])), labels
