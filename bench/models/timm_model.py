"""`timm:NAME`: a pretrained model of timm, such as `timm:resnet50.a1_in1k`; input as its `pretrained_cfg` says.

The weights come from timm's hub as safetensors, or from `?file=PATH`: a weights file, or a folder with
`model.safetensors`, such as timm writes or a hub's snapshot is.
"""

from pathlib import Path
from typing import Any

from bench.core.errors import DataError, UsageError
from bench.core.model_ref import ModelRef
from bench.core.registry import unknown
from bench.models.classifier import Classifier
from bench.models.hub import hub_file
from bench.models.opening import declaration, options_of, torch_classifier
from bench.models.preprocessing import Preprocessing
from bench.models.setting import Setting
from bench.models.weights_file import file_digest, parameters, read_state

WEIGHTS = "model.safetensors"


def open_timm(ref: ModelRef, setting: Setting) -> Classifier:
    """A model that timm has pretrained weights for; UsageError with the nearest names for another."""
    where, options = str(ref), options_of(ref, ("file",))
    config = pretrained_config(ref.name, where=where)
    path = Path(options["file"]).expanduser() if "file" in options else None
    if path is None:
        path = hub_file(config.hf_hub_id, config.hf_hub_filename or WEIGHTS, where=where)
    path = path / WEIGHTS if path.is_dir() else path
    digest = file_digest(path)
    shapes = {name: tuple(tensor.shape) for name, tensor in read_state(path).items()}
    return torch_classifier(
        ref,
        setting,
        lambda: _network(config, path, setting, where),
        about=declaration(
            ref,
            config.architecture,
            parameters=parameters(shapes.items()),
            licence=config.license,
            paper=_paper(config.paper_ids),
        ),
        weights=digest,
        prepare=timm_preprocessing(config, where=where),
    )


def pretrained_config(name: str, *, where: str) -> Any:
    """timm's `pretrained_cfg` of a model with weights; UsageError for an unknown one."""
    import timm

    known = timm.list_pretrained()
    if name not in known and name not in timm.list_models(pretrained=True):
        raise UsageError(f"{where}: {unknown(name, known=known, kind='pretrained model of timm')}")
    config = timm.models.get_pretrained_cfg(name)
    if config.custom_load or not config.hf_hub_id:
        raise UsageError(f"{where}: timm has no plain weights of it; save it as safetensors and use checkpoint:")
    return config


def timm_preprocessing(config: Any, *, where: str) -> Preprocessing:
    """What timm's evaluation transform does for this `pretrained_cfg`; a crop mode that we lack is a UsageError."""
    channels, height, width = config.input_size
    if height != width or config.crop_mode not in ("center", "squash"):
        raise UsageError(f"{where}: its input is {height}x{width}, crop mode {config.crop_mode}: not supported yet")
    said = {
        "mode": "RGB" if channels == 3 else "L",
        "size": str(height),
        "resize": str(int(height / (config.crop_pct or 0.875))),
        "mean": ",".join(map(str, config.mean)),
        "std": ",".join(map(str, config.std)),
        "interpolation": config.interpolation,
        "fit": "squash" if config.crop_mode == "squash" else "crop",
    }
    return Preprocessing.read(said, where=where)


def _network(config: Any, path: Path, setting: Setting, where: str) -> Any:
    from bench.models.timm_network import timm_network

    if config.num_classes != len(setting.classes):
        raise DataError(
            f"{where}: its weights answer for {config.num_classes} classes, the track has {len(setting.classes)}"
        )
    return timm_network(
        config.architecture,
        read_state(path),
        channels=config.input_size[0],
        classes=len(setting.classes),
        where=where,
    )


def _paper(ids: Any) -> str | None:
    return ids if isinstance(ids, str) or not ids else ", ".join(ids)
