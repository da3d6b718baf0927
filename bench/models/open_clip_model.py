"""`openclip:MODEL/PRETRAINED`: zero-shot classification with the class names of the track.

A class is the mean of its 80 prompts' normalised text features, normalised again (Radford et al.,
arXiv:2103.00020, section 3.1.4), as open_clip's `build_zero_shot_classifier` has it. Text features are
kept under the digest of weights, prompts and names. Weights: safetensors from the hub, or `?file=PATH`;
`openclip:MODEL?file=PATH` needs no PRETRAINED.
"""

from pathlib import Path
from typing import Any

import numpy as np

from bench.core.digests import digest_json
from bench.core.errors import UsageError
from bench.core.model_ref import ModelRef
from bench.core.registry import unknown
from bench.core.score import TrainedOn
from bench.models.classifier import Classifier
from bench.models.hub import hub_file
from bench.models.opening import declaration, options_of, torch_classifier
from bench.models.preprocessing import Preprocessing
from bench.models.setting import Setting
from bench.models.weights_file import file_digest, parameters, read_state

WEIGHTS = "open_clip_model.safetensors"
FITS = {"shortest": "crop", "squash": "squash"}


def open_clip_model(ref: ModelRef, setting: Setting) -> Classifier:
    """A CLIP as a zero-shot classifier; UsageError with the nearest names for an unknown one."""
    where, options = str(ref), options_of(ref, ("file",))
    arch, _, tag = ref.name.partition("/")
    path = Path(options["file"]).expanduser() if "file" in options else _fetched(arch, tag, where)
    digest, shapes = file_digest(path), {name: tuple(value.shape) for name, value in read_state(path).items()}
    return torch_classifier(
        ref,
        setting,
        lambda: _zero_shot(arch, path, digest, setting, where),
        about=declaration(
            ref,
            arch,
            parameters=parameters(shapes.items()),
            data=(TrainedOn(name=tag),) if tag else None,
            paper="arXiv:2103.00020",
        ),
        weights=digest,
        prepare=clip_preprocessing(arch, tag, where=where),
    )


def clip_preprocessing(arch: str, tag: str, *, where: str) -> Preprocessing:
    """What open_clip's transform does: the architecture's size, the checkpoint's normalisation where it has its own."""
    import open_clip

    if arch not in open_clip.list_models():
        raise UsageError(f"{where}: {unknown(arch, known=open_clip.list_models(), kind='model of open_clip')}")
    own = open_clip.get_pretrained_cfg(arch, tag) if tag else {}
    told = {"mean": open_clip.OPENAI_DATASET_MEAN, "std": open_clip.OPENAI_DATASET_STD, "interpolation": "bicubic"}
    told |= {key: own[key] for key in told if own.get(key)}
    size, fit = open_clip.get_model_config(arch)["vision_cfg"]["image_size"], own.get("resize_mode", "shortest")
    if not isinstance(size, int) or fit not in FITS:
        raise UsageError(f"{where}: its input is {size}, resized to the {fit} side: not supported yet")
    said = {
        "mode": "RGB",
        "size": str(size),
        "mean": ",".join(map(str, told["mean"])),
        "std": ",".join(map(str, told["std"])),
        "interpolation": str(told["interpolation"]),
        "fit": FITS[fit],
    }
    return Preprocessing.read(said, where=where)


def _fetched(arch: str, tag: str, where: str) -> Path:
    import open_clip

    known = [f"{model}/{one}" for model, one in open_clip.list_pretrained()]
    if f"{arch}/{tag}" not in known:
        raise UsageError(f"{where}: {unknown(f'{arch}/{tag}', known=known, kind='pretrained model of open_clip')}")
    repository = open_clip.get_pretrained_cfg(arch, tag).get("hf_hub", "").strip("/")
    if not repository:
        raise UsageError(f"{where}: its weights are on no hub as safetensors; give them as ?file=PATH")
    return hub_file(repository, WEIGHTS, where=where)


def _zero_shot(arch: str, path: Path, digest: str, setting: Setting, where: str) -> Any:
    import open_clip
    import torch

    from bench.models.timm_network import fill
    from bench.models.zero_shot import ZeroShot

    clip = open_clip.create_model(arch, pretrained=None).eval()
    fill(clip, read_state(path), heads=(), classes=len(setting.classes), where=where)
    names = [item.name for item in setting.classes]
    key = digest_json([digest, arch, names, [template("") for template in open_clip.OPENAI_IMAGENET_TEMPLATES]])
    features = setting.keep(f"text-{key.removeprefix('sha256:')}", lambda: text_features(clip, arch, names))
    return ZeroShot(clip, torch.from_numpy(features))


def text_features(clip: Any, arch: str, names: list[str]) -> np.ndarray:
    """float32 [C, d]: a normalised row a class."""
    import open_clip
    import torch

    with torch.inference_mode():
        weights = open_clip.build_zero_shot_classifier(
            clip, open_clip.get_tokenizer(arch), names, open_clip.OPENAI_IMAGENET_TEMPLATES, num_classes_per_batch=10
        )
    return np.ascontiguousarray(weights.T.float().numpy())
