"""torchvision's own Faster R-CNN (Ren et al. 2015) on a ResNet-50 and a feature pyramid, as WILDS trains it."""

from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN, FasterRCNN_ResNet50_FPN_Weights
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops.misc import FrozenBatchNorm2d

from bench.core.errors import DataError

ARCH = "fasterrcnn_resnet50_fpn"
PREDICTOR = "roi_heads.box_predictor."


def coco_weights() -> Path:
    """torchvision's weights from COCO in torch's cache; DataError, with the address, where they are not there."""
    address = FasterRCNN_ResNet50_FPN_Weights.COCO_V1.url
    path = Path(torch.hub.get_dir()) / "checkpoints" / Path(address).name
    if not path.is_file():
        raise DataError(f"{path.name} is not here, expected {path} ({address})")
    return path


def coco_network(start: dict[str, Tensor] | None, *, classes: int, size: int) -> nn.Module:
    """The network for `classes` things and the ground, which makes images `size` pixels wide.

    `start`: a state to take all but the last layer from; then, as torchvision has it, normalisation and the first two
    of the backbone's five stages are not trained. None: all is fresh and trained. DataError for another network's.
    """
    norm = partial(FrozenBatchNorm2d, eps=0.0) if start else nn.BatchNorm2d
    backbone = resnet_fpn_backbone(
        backbone_name="resnet50", weights=None, norm_layer=norm, trainable_layers=3 if start else 5
    )
    network = FasterRCNN(backbone, num_classes=classes + 1, min_size=size, max_size=size)
    if start:
        _load(network, {name: tensor for name, tensor in start.items() if not name.startswith(PREDICTOR)})
    return network


def _load(network: nn.Module, state: dict[str, Tensor]) -> None:
    try:
        # torchvision renames here what its older files have under other names.
        told = network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()[:120]
        raise DataError(f"the weights are not those of {ARCH}: {reason}") from None
    wrong = [*told.unexpected_keys, *(name for name in told.missing_keys if not name.startswith(PREDICTOR))]
    if wrong:
        raise DataError(f"the weights are not those of {ARCH}: {len(wrong)} tensors, such as {wrong[0]}")
