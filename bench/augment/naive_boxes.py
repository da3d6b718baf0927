"""Naive augmentation of pictures with boxes: flips, crops and colour, by torchvision's v2 transforms.

What the fracture study calls naive is not listed there (methods.md 21.5); these are the three kinds that YOLO's and
torchvision's own recipes have in common.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

LEAST_AREA = 0.6  # of an image that a crop keeps
LEAST_SEEN = 0.5  # of a box; what a crop leaves less of is no longer a thing to find


def naive(image: Tensor, boxes: Tensor, labels: Tensor, *, kinds: Sequence[str]) -> tuple[Tensor, Tensor, Tensor]:
    """One picture, changed: uint8 [c, h, w], corners float32 [n, 4] and labels [n], in and out of the same size.

    `kinds`: any of `flip` (left and right, half of the time), `colour` (brightness and contrast by up to 40 %;
    saturation and hue too where there is colour) and `crop` (60 to 100 % of the area, scaled back up; boxes of
    which less than half is left are dropped). Randomness is torch's global generator, which the training loop
    seeds at every step.
    """
    size = (int(image.shape[1]), int(image.shape[2]))
    given = tv_tensors.BoundingBoxes(boxes, format="XYXY", canvas_size=size)
    if "colour" in kinds:
        saturation, hue = (0.4, 0.05) if image.shape[0] == 3 else (0.0, 0.0)
        image = v2.ColorJitter(0.4, 0.4, saturation, hue)(image)
    if "flip" in kinds:
        image, given = v2.RandomHorizontalFlip(0.5)(image, given)
    if "crop" not in kinds:
        return image, given.as_subclass(Tensor), labels
    crop = v2.RandomResizedCrop(size, scale=(LEAST_AREA, 1.0), ratio=(0.8, 1.25), antialias=True)
    part = crop.make_params([image])
    window = torch.tensor([part["left"], part["top"], part["left"] + part["width"], part["top"] + part["height"]])
    seen = _area(_cut(given.as_subclass(Tensor), window)) >= LEAST_SEEN * _area(given.as_subclass(Tensor))
    how = {"size": list(size), "antialias": True} | part
    image, given = v2.functional.resized_crop(image, **how), v2.functional.resized_crop(given, **how)
    return image, given.as_subclass(Tensor)[seen], labels[seen]


def _cut(boxes: Tensor, window: Tensor) -> Tensor:
    low, high = torch.maximum(boxes[:, :2], window[:2]), torch.minimum(boxes[:, 2:], window[2:])
    return torch.cat([low, torch.maximum(low, high)], dim=1)


def _area(boxes: Tensor) -> Tensor:
    return (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)
