"""`inception:tensorflow` and `inception:clean`: Inception v3 pool3 features, by torch-fidelity's port.

The port gives the numbers of the TensorFlow graph that FID was defined with. The two names differ in
how an image comes to 299 px: as that graph did (bilinear, no antialiasing), or antialiased bicubic in
floating point, as clean-fid has it (Parmar, Zhang and Zhu 2022).
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from bench.core.errors import DataError, UsageError
from bench.core.model_ref import ModelRef
from bench.core.registry import unknown
from bench.models.extractor import Extractor, card, check_options, check_pin, weights_file
from bench.models.modes import RULE, to_mode

FILE = "weights-inception-2015-12-05-6726825d.pth"
URL = f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{FILE}"
PINNED = "sha256:6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
SIDE = 299
RESIZE = {
    "tensorflow": ("bilinear as TensorFlow 1, corners not aligned", "no"),
    "clean": ("bicubic in float32, channel by channel, clipped to 0..255", "yes (Pillow)"),
}


def open_features(ref: ModelRef, *, device: str, data_root: Path) -> Extractor:
    """2048 features; `?weights=FILE` names the weights, `?sha256=HEX` pins others than the published ones."""
    check_options(ref, ("weights", "sha256"))
    if ref.name not in RESIZE:
        raise UsageError(f"{ref}: {unknown(ref.name, known=RESIZE, kind='way to resize')}")
    place = data_root / "weights" / FILE
    path = weights_file(ref, place, lambda: _from_web(place), whence=URL)
    digest = check_pin(ref, path, pinned=PINNED)
    resize, antialias = RESIZE[ref.name]
    prepared: dict[str, str | int | float] = {
        "mode": "RGB",
        "modes": RULE,
        "size": f"{SIDE}x{SIDE}",
        "resize": f"{resize}; aspect ratio not kept",
        "antialias": antialias,
        "scale": "(x - 128) / 128",
    }
    return Extractor(
        card=card(str(ref).partition("?")[0], digest, prepared),
        prepare=_tensorflow if ref.name == "tensorflow" else _clean,
        load=lambda: _load(ref, path, device),
        device=device,
    )


def _load(ref: ModelRef, path: Path, device: str) -> Any:
    # Checked before the port opens the file, which it does as a pickle.
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:
        raise DataError(f"{ref}: {path} is not a whole file of tensors ({str(error)[:80]}); fetch it again") from None
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    if not isinstance(state, dict) or "Conv2d_1a_3x3.conv.weight" not in state:
        raise DataError(f"{ref}: {path} does not hold the tensors of the Inception port; get {FILE}")
    network = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], feature_extractor_weights_path=str(path)).to(
        device
    )
    return _Resized(network)


class _Resized:
    """The port after its own resizing: the images have 299 px already, in float32."""

    def __init__(self, network: Any) -> None:
        self._network = network

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        x = (pixels - 128) / 128
        for name, layer in self._network.named_children():
            if name == "fc":
                break
            x = layer(x)
        return x.flatten(1)


def _tensorflow(image: Any) -> np.ndarray:
    from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

    pixels = torch.from_numpy(np.array(to_mode(image, "RGB"))).permute(2, 0, 1)[None].float()
    return interpolate_bilinear_2d_like_tensorflow1x(pixels, size=(SIDE, SIDE), align_corners=False)[0].numpy()


def _clean(image: Any) -> np.ndarray:
    pixels = np.asarray(to_mode(image, "RGB"), dtype=np.float32)
    channels = [Image.fromarray(np.ascontiguousarray(pixels[..., c])) for c in range(3)]
    return np.stack([np.asarray(c.resize((SIDE, SIDE), Image.Resampling.BICUBIC)).clip(0, 255) for c in channels])


def _from_web(place: Path) -> Path:
    import pooch

    return Path(pooch.retrieve(URL, known_hash=PINNED, fname=place.name, path=place.parent))
