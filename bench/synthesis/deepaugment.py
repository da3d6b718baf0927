"""DeepAugment (Hendrycks et al., 2021; methods.md 10.1): real images through networks whose weights are distorted.

A copy of a training set comes of each network. Distorted weights serve until they are drawn anew, before each image
with probability `redraw`; here a batch begins with new ones, so that what is drawn depends on the recipe alone.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from bench.core.errors import DataError
from bench.core.recipe import Recipe
from bench.synthesis.adaptation import State
from bench.synthesis.deepaugment_features import through_cae, through_edsr
from bench.synthesis.deepaugment_networks import SCALE, networks_of
from bench.synthesis.deepaugment_weights import corrupted_cae, corrupted_edsr
from bench.synthesis.diffusion import EVALUATIONS, settled
from bench.synthesis.image_to_image import start_image
from bench.synthesis.maker import Request
from bench.synthesis.parameters import Distorted, read

NETS = ("edsr", "cae")
SMALLEST = 4


class Distortion:
    """Both networks, intact and distorted."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._edsr, self._cae = networks_of(tensors)
        self.channels = self._edsr.head[0].in_channels
        self._intact = [
            {name: one.clone() for name, one in net.state_dict().items()} for net in (self._edsr, self._cae)
        ]

    def redraw(self, random: np.random.Generator) -> None:
        """Distort both networks' weights anew."""
        self._edsr.load_state_dict(corrupted_edsr(self._intact[0], random))
        self._cae.load_state_dict(corrupted_cae(self._intact[1], random))

    def through(self, net: str, image: Tensor, random: np.random.Generator) -> Tensor:
        """An image [1, c, s, s] in 0..1 through `edsr`, entering at half its side, or `cae`, at about twice.

        So enter the published ones, at 128 and 512 pixels, where crops of 224 are trained on.
        """
        side = image.shape[-1]
        if image.shape[1] != self.channels or side < SMALLEST:
            raise DataError(
                f"deepaugment: its networks take {self.channels} channels of at least {SMALLEST} pixels, got"
                f" {image.shape[1]} of {side}; learn them from images like these"
            )
        if net == "edsr":
            return _resized(through_edsr(self._edsr, _resized(image, max(1, side // 2)), random), side)
        return _resized(through_cae(self._cae, _resized(image, SCALE * round(2 * side / SCALE)), random), side)


class DeepAugment:
    """A state's networks, and the recipe's `net`."""

    def __init__(self, recipe: Recipe, *, device: str, states: Sequence[State] = ()) -> None:
        self._recipe, self._said = recipe, read(Distorted, recipe)
        self._distortion = Distortion(states[-1].tensors)

    def draw(self, requests: Sequence[Request]) -> list[Image.Image]:
        """One image a request, in the recipe's mode and size."""
        shared, made = np.random.default_rng(requests[0].seed), []
        with settled():
            for place, one in enumerate(requests):
                if place == 0 or shared.random() < self._said.redraw:
                    self._distortion.redraw(shared)
                own = np.random.default_rng(one.seed)
                net = NETS[own.integers(2)] if self._said.net == "both" else self._said.net
                pixels = np.array(start_image(one.source, self._recipe))
                pixels = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
                image = torch.from_numpy(np.ascontiguousarray(pixels)).float().div(255)[None]
                made.append(self._distortion.through(net, image, own))
                EVALUATIONS.update(images=1)
        found = (torch.cat(made) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        return [Image.fromarray(one[..., 0] if one.shape[-1] == 1 else one) for one in found]


def _resized(images: Tensor, side: int) -> Tensor:
    if images.shape[-1] == side:
        return images
    return interpolate(images, size=(side, side), mode="bilinear", antialias=True).clamp(0, 1)
