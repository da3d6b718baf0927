"""`openclip:ARCH/TAG`: image features of a CLIP model, and its text tower for the CLIP score."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from safetensors import SafetensorError

from bench.core.errors import DataError, UsageError
from bench.core.model_ref import ModelRef
from bench.core.registry import unknown
from bench.models.extractor import Extractor, card, check_options, check_pin, weights_file
from bench.models.modes import RULE, to_mode


def open_features(ref: ModelRef, *, device: str, data_root: Path) -> Extractor:
    """`openclip:ViT-B-32/laion2b_s34b_b79k[?weights=FILE&sha256=HEX]`: features before normalisation to length 1."""
    check_options(ref, ("weights", "sha256"))
    arch, _, tag = ref.name.partition("/")
    if arch not in open_clip.list_models():
        raise UsageError(f"{ref}: {unknown(arch, known=open_clip.list_models(), kind='open-clip architecture')}")
    place = data_root / "weights" / "openclip" / f"{arch}--{tag}.safetensors"
    what = f"the open_clip_model.safetensors of {ref.name}"
    path = weights_file(ref, place, lambda: _from_hub(arch, tag), whence=what)
    digest = check_pin(ref, path, pinned=None)
    size = open_clip.get_model_config(arch)["vision_cfg"]["image_size"]
    settings = {**open_clip.get_pretrained_cfg(arch, tag), "size": size} if tag else {"size": size}
    config = PreprocessCfg(**{k: settings[k] for k in ("size", "mean", "std", "interpolation") if k in settings})
    transform = image_transform_v2(config, is_train=False)

    @cache
    def model() -> Any:
        return _load(ref, arch, path).to(device)

    return Extractor(
        card=card(str(ref).partition("?")[0], digest, _words(config)),
        prepare=lambda image: np.asarray(transform(to_mode(image, "RGB"))),
        load=lambda: model().encode_image,
        device=device,
        read_text=lambda texts: _read_text(model(), arch, texts),
        logit_scale=lambda: float(model().logit_scale.detach().exp()),
    )


def _load(ref: ModelRef, arch: str, path: Path) -> Any:
    try:
        return open_clip.create_model(arch, pretrained=str(path)).eval()
    except (SafetensorError, OSError, RuntimeError) as error:
        reason = str(error).splitlines()[-1].strip()[:120]
        raise DataError(f"{ref}: {path}: not the weights of {arch} ({reason})") from None


def _read_text(model: Any, arch: str, texts: Sequence[str]) -> np.ndarray:
    tokens = open_clip.get_tokenizer(arch)(list(texts))
    device = next(model.parameters()).device
    with torch.inference_mode():
        parts = [model.encode_text(tokens[i : i + 64].to(device)).float().cpu() for i in range(0, len(tokens), 64)]
    return torch.cat(parts).numpy()


def _words(config: Any) -> dict[str, str | int | float]:
    size = config.size if isinstance(config.size, int) else config.size[0]
    return {
        "mode": "RGB",
        "modes": RULE,
        "size": size,
        "resize": f"{config.resize_mode} side, {config.interpolation}, centre crop",
        "antialias": "yes (Pillow)",
        "mean": ",".join(f"{value:g}" for value in config.mean),
        "std": ",".join(f"{value:g}" for value in config.std),
    }


def _from_hub(arch: str, tag: str) -> Path:
    from huggingface_hub import hf_hub_download

    hub = open_clip.get_pretrained_cfg(arch, tag)["hf_hub"].rstrip("/")
    return Path(hf_hub_download(hub, "open_clip_model.safetensors"))
