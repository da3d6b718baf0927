"""`hf:ORG/NAME` or `hf:FOLDER`: an image classifier of transformers; input as its `preprocessor_config.json` says.

Only safetensors, and only architectures that transformers itself has: no code of the repository runs.
"""

import json
from pathlib import Path
from typing import Any

from bench.core.digests import digest_json
from bench.core.errors import DataError, UsageError
from bench.core.model_ref import ModelRef
from bench.models.classifier import Classifier
from bench.models.hub import hub_folder
from bench.models.opening import declaration, options_of, torch_classifier
from bench.models.preprocessing import Preprocessing
from bench.models.setting import Setting
from bench.models.weights_file import file_digest, readable

FILES = ("config.json", "preprocessor_config.json", "*.safetensors", "*.safetensors.index.json")
RESAMPLINGS = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}


def open_hugging_face(ref: ModelRef, setting: Setting) -> Classifier:
    """A classifier in a folder or a hub's repository; DataError where a file of it is missing or damaged."""
    where, _ = str(ref), options_of(ref)
    folder = Path(ref.name).expanduser()
    folder = folder if folder.is_dir() else hub_folder(ref.name, FILES, where=where)
    config = _json(folder / "config.json", where)
    classes = len(config.get("id2label") or {}) or config.get("num_labels", 2)
    if classes != len(setting.classes):
        raise DataError(f"{where}: its weights answer for {classes} classes, the track has {len(setting.classes)}")
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise DataError(f"{where}: {folder} has no *.safetensors; convert its weights, pickles can run code")
    digests = {path.name: file_digest(path) for path in weights}
    return torch_classifier(
        ref,
        setting,
        lambda: _network(folder, weights, where),
        about=declaration(ref, (config.get("architectures") or [config.get("model_type", "unknown")])[0]),
        weights=next(iter(digests.values())) if len(digests) == 1 else digest_json(digests),
        prepare=hf_preprocessing(_json(folder / "preprocessor_config.json", where), where=where),
        title=folder.name if Path(ref.name).is_absolute() else ref.name,
    )


def hf_preprocessing(config: dict[str, Any], *, where: str) -> Preprocessing:
    """The steps of a transformers image processor; a step that we lack is a UsageError, never left out."""
    said = {"mode": "RGB", **_shape(config, where=where)}
    if not config.get("do_resize", True) or not config.get("do_normalize", True):
        raise UsageError(f"{where}: its processor does not resize or does not normalise: not supported yet")
    if abs(config.get("rescale_factor", 1 / 255) - 1 / 255) > 1e-9 or not config.get("do_rescale", True):
        raise UsageError(f"{where}: its processor scales by {config.get('rescale_factor')}: not supported yet")
    for key, name in (("mean", "image_mean"), ("std", "image_std")):
        if name in config:
            said[key] = ",".join(map(str, config[name]))
    if config.get("resample") in RESAMPLINGS:
        said["interpolation"] = RESAMPLINGS[config["resample"]]
    return Preprocessing.read(said, where=where)


def _shape(config: dict[str, Any], *, where: str) -> dict[str, str]:
    size = config.get("size") or {}
    size = {"height": size, "width": size} if isinstance(size, int) else size
    short, high, crop = size.get("shortest_edge"), size.get("height"), config.get("crop_size") or {}
    crop = crop if isinstance(crop, int) else crop.get("height")
    if "crop_pct" in config and short:  # ConvNeXT: below 384 px the shorter side is size / crop_pct, then the centre
        if short >= 384:
            return {"size": str(short), "fit": "squash"}
        return {"size": str(short), "resize": str(int(short / config["crop_pct"]))}
    if short and config.get("do_center_crop") and crop:
        return {"size": str(crop), "resize": str(short)}
    if high and high == size.get("width"):
        cropped = crop if config.get("do_center_crop") and crop else high
        return {"size": str(cropped), "resize": str(high), "fit": "squash"}
    raise UsageError(f"{where}: its processor resizes to {size}: not supported yet")


def _network(folder: Path, weights: list[Path], where: str) -> Any:
    from safetensors import SafetensorError, safe_open
    from transformers import AutoModelForImageClassification

    from bench.models.logits_of import LogitsOf

    for path in weights:
        with readable(path), safe_open(path, framework="numpy"):
            pass  # Opening it compares its length with its header.
    try:
        network, report = AutoModelForImageClassification.from_pretrained(
            folder, use_safetensors=True, trust_remote_code=False, local_files_only=True, output_loading_info=True
        )
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise DataError(f"{where}: cannot be loaded: {(str(error).splitlines() or [''])[0][:200]}") from None
    if report["missing_keys"]:
        name = min(report["missing_keys"])
        raise DataError(f"{where}: {len(report['missing_keys'])} tensors are missing, such as {name!r}; copy it again")
    return LogitsOf(network)


def _json(path: Path, where: str) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = "does not say how its input is prepared: " if path.name.startswith("pre") else ""
        raise UsageError(f"{where}: {hint}{path} is not there") from None
    except (OSError, ValueError):
        raise DataError(f"{where}: {path} is damaged: not JSON; copy it again") from None
    if not isinstance(found, dict):
        raise DataError(f"{where}: {path} is damaged: expected a mapping; copy it again")
    return found
