"""`torchvision:NAME/WEIGHTS`: a pretrained classifier of torchvision, such as `torchvision:resnet50/IMAGENET1K_V2`.

Input as the weights' own `transforms()` say. The file is torchvision's `.pth` (hash checked), read as
tensors and nothing else; `?file=PATH` gives a copy.
"""

import os
from pathlib import Path
from typing import Any
from urllib.error import URLError

from bench.core.errors import DataError, UsageError
from bench.core.model_ref import ModelRef
from bench.core.registry import unknown
from bench.core.score import TrainedOn
from bench.models.classifier import Classifier
from bench.models.opening import declaration, options_of, torch_classifier
from bench.models.preprocessing import Preprocessing
from bench.models.setting import Setting
from bench.models.weights_file import file_digest, read_state


def open_torchvision(ref: ModelRef, setting: Setting) -> Classifier:
    """A classifier with weights of torchvision; UsageError with the nearest names for another."""
    import torchvision

    where, options = str(ref), options_of(ref, ("file",))
    arch, _, tag = ref.name.partition("/")
    known = torchvision.models.list_models(module=torchvision.models)
    if arch not in known:
        raise UsageError(f"{where}: {unknown(arch, known=known, kind='classifier of torchvision')}")
    choices = torchvision.models.get_model_weights(arch)
    if tag not in choices.__members__:
        raise UsageError(f"{where}: {unknown(tag, known=choices.__members__, kind=f'weights of {arch}')}")
    weights = choices[tag]
    path = Path(options["file"]).expanduser() if "file" in options else _fetched(weights.url, where)
    return torch_classifier(
        ref,
        setting,
        lambda: _network(arch, path, setting, where),
        about=declaration(ref, arch, parameters=weights.meta.get("num_params"), data=(TrainedOn(name="ImageNet-1k"),)),
        weights=file_digest(path),
        prepare=torchvision_preprocessing(weights.transforms(), where=where),
    )


def torchvision_preprocessing(preset: Any, *, where: str) -> Preprocessing:
    """What torchvision's `ImageClassification` preset does."""
    said = {
        "mode": "RGB",
        "size": str(preset.crop_size[0]),
        "resize": str(preset.resize_size[0]),
        "mean": ",".join(map(str, preset.mean)),
        "std": ",".join(map(str, preset.std)),
        "interpolation": preset.interpolation.value,
    }
    return Preprocessing.read(said, where=where)


def _fetched(url: str, where: str) -> Path:
    import torch

    path = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    if path.is_file():
        return path
    if os.environ.get("HF_HUB_OFFLINE", "0").upper() in ("1", "ON", "YES", "TRUE"):
        raise DataError(f"{where}: {path} is not there and --offline forbids to fetch it; give a copy as ?file=PATH")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(path), path.stem.rpartition("-")[2], progress=False)
    except (URLError, OSError, RuntimeError) as error:
        raise DataError(f"{where}: {url} cannot be fetched ({error}); give a copy as ?file=PATH") from None
    return path


def _network(arch: str, path: Path, setting: Setting, where: str) -> Any:
    import torchvision

    from bench.models.timm_network import fill

    state = read_state(path)
    network = torchvision.models.get_model(arch, weights=None, num_classes=len(setting.classes))
    heads = tuple(name for name, part in network.named_modules() if hasattr(part, "out_features"))
    fill(network, state, heads=heads, classes=len(setting.classes), where=where)
    return network
