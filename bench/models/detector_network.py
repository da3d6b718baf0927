"""Detectors as networks: torchvision's heads on timm's backbones, named `HEAD:BACKBONE`, such as `fcos:resnet18`.

FCOS: Tian et al. 2019. RetinaNet: Lin et al. 2017. Faster R-CNN: Ren et al. 2015. All with a feature pyramid
(Lin et al. 2017), of the strides 8, 16 and 32; for pictures below 256 pixels only its level at a stride of 4 is used.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import timm
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torchvision.models.detection import FCOS, FasterRCNN, RetinaNet
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.fcos import FCOSHead
from torchvision.models.detection.retinanet import RetinaNetHead
from torchvision.ops import FeaturePyramidNetwork, MultiScaleRoIAlign

from bench.core.errors import UsageError
from bench.core.registry import look_up, unknown

SMALL = 256  # pixels; below, a lighter head and finer levels
LEAST_SCORE = 0.02
MOST_FOUND = 100


class Backbone(nn.Module):
    """A timm backbone's feature maps of some strides, merged from the top down to maps of equal width.

    `finest`: only the finest map is given, which has seen all others; small things need no other level.
    """

    def __init__(self, name: str, *, channels: int, width: int, strides: tuple[int, ...], finest: bool) -> None:
        super().__init__()
        with torch.device("meta"):
            told = timm.create_model(name, features_only=True).feature_info.reduction()
        chosen = tuple(place for place, stride in enumerate(told) if stride in strides)
        if not chosen:
            raise ValueError(f"no features at a stride of {', '.join(map(str, strides))}")
        # What comes after the last chosen features is not built.
        self.body = timm.create_model(name, features_only=True, in_chans=channels, out_indices=chosen)
        self.strides = self.body.feature_info.reduction()[: 1 if finest else None]
        self.merge = (Finest if finest else FeaturePyramidNetwork)(self.body.feature_info.channels(), width)
        self.out_channels = width

    def forward(self, images: Tensor) -> OrderedDict[str, Tensor]:
        """Feature maps by level, finest first."""
        return self.merge(OrderedDict((str(level), one) for level, one in enumerate(self.body(images))))


class Finest(nn.Module):
    """The finest level of a feature pyramid, without the cost of the others."""

    def __init__(self, channels: list[int], width: int) -> None:
        super().__init__()
        self.across = nn.ModuleList(nn.Conv2d(one, width, 1) for one in channels)
        self.smooth = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, features: OrderedDict[str, Tensor]) -> OrderedDict[str, Tensor]:
        """One map, under the name "0"."""
        maps = [across(one) for across, one in zip(self.across, features.values(), strict=True)]
        merged = maps.pop()
        while maps:
            merged = maps[-1] + interpolate(merged, size=maps[-1].shape[-2:])
            maps.pop()
        return OrderedDict({"0": self.smooth(merged)})


def detector_network(arch: str, *, classes: int, channels: int, size: int) -> nn.Module:
    """A network of `arch` with fresh weights for images of `channels`, whose shorter side is made `size` pixels.

    In training it takes lists of images (float [c, h, w] in [0, 1]) and targets (`boxes` [n, 4] corners, `labels`
    [n] from `first_label(arch)` on) and gives losses by name. UsageError for an unknown architecture.
    """
    head, colon, backbone = arch.partition(":")
    if not colon:
        raise UsageError(f"architecture {arch!r}: expected HEAD:BACKBONE, such as fcos:resnet18 ({', '.join(HEADS)})")
    make = look_up(HEADS, head, kind="detection head")
    if backbone not in timm.list_models():
        raise UsageError(unknown(backbone, known=timm.list_models(), kind="backbone"))
    small = size < SMALL
    try:
        maps = Backbone(
            backbone,
            channels=channels,
            width=64 if small else 256,
            strides=(4, 8, 16) if small else (8, 16, 32),
            finest=small,
        )
    except (RuntimeError, ValueError, KeyError, AttributeError, AssertionError) as error:
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise UsageError(f"backbone {backbone!r} gives no feature pyramid: {reason[:120]}") from None
    common = {
        "min_size": size,
        "max_size": round(size * 5 / 3),
        "image_mean": [0.5] * channels,
        "image_std": [0.5] * channels,
    }
    return make(maps, classes, 1 if small else 4, common)


def first_label(arch: str) -> int:
    """The label of the first class: Faster R-CNN keeps 0 for the ground."""
    return 1 if arch.startswith("fasterrcnn") else 0


def find(network: nn.Module, image: Tensor, *, first: int) -> tuple[Tensor, Tensor, Tensor]:
    """What `network` finds on one image float [c, h, w] in [0, 1]: corners [m, 4], labels [m] from 0, scores [m]."""
    with torch.inference_mode():
        told = network.eval()([image])[0]
    # Cutting at the image's edge can leave a box without area.
    kept = (told["boxes"][:, 2:] > told["boxes"][:, :2]).all(dim=1)
    return told["boxes"][kept], told["labels"][kept] - first, told["scores"][kept]


def _fcos(maps: Backbone, classes: int, convs: int, common: dict[str, Any]) -> nn.Module:
    anchors = AnchorGenerator(tuple((8 * stride,) for stride in maps.strides), ((1.0,),) * len(maps.strides))
    head = FCOSHead(maps.out_channels, 1, classes, convs)
    return FCOS(
        maps,
        classes,
        anchor_generator=anchors,
        head=head,
        score_thresh=LEAST_SCORE,
        detections_per_img=MOST_FOUND,
        **common,
    )


def _retinanet(maps: Backbone, classes: int, convs: int, common: dict[str, Any]) -> nn.Module:
    sizes = tuple(tuple(round(4 * stride * 2 ** (step / 3)) for step in range(3)) for stride in maps.strides)
    anchors = AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * len(sizes))
    head = RetinaNetHead(maps.out_channels, anchors.num_anchors_per_location()[0], classes)
    return RetinaNet(
        maps,
        classes,
        anchor_generator=anchors,
        head=head,
        score_thresh=LEAST_SCORE,
        detections_per_img=MOST_FOUND,
        **common,
    )


def _faster_rcnn(maps: Backbone, classes: int, convs: int, common: dict[str, Any]) -> nn.Module:
    anchors = AnchorGenerator(tuple((4 * stride,) for stride in maps.strides), ((0.5, 1.0, 2.0),) * len(maps.strides))
    levels = [str(level) for level in range(len(maps.strides))]
    return FasterRCNN(
        maps,
        classes + 1,
        rpn_anchor_generator=anchors,
        box_roi_pool=MultiScaleRoIAlign(levels, output_size=7, sampling_ratio=2),
        box_score_thresh=LEAST_SCORE,
        box_detections_per_img=MOST_FOUND,
        **common,
    )


HEADS: dict[str, Callable[[Backbone, int, int, dict[str, Any]], nn.Module]] = {
    "fcos": _fcos,
    "retinanet": _retinanet,
    "fasterrcnn": _faster_rcnn,
}
