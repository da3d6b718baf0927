"""What a `torch.export` archive holds, judged without opening it by torch."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

from bench.core.errors import DataError
from bench.models.weights_file import check_size

METADATA = "imagenet-g.json"
MODEL = "models/model.json"
SAMPLES = "data/sample_inputs/model.pt"
CONFIGS = ("data/weights/model_weights_config.json", "data/constants/model_constants_config.json")
MEMBERS = re.compile(
    r"models/model\.json|data/weights/weight_\d+|data/constants/tensor_\d+|data/sample_inputs/model\.pt|extra/[\w.-]+"
    r"|data/(weights/model_weights|constants/model_constants)_config\.json|archive_(format|version)|byteorder"
    r"|\.data/(version|serialization_id)|\.format_version|\.storage_alignment"
)
# `torch.ops.aten` holds arithmetic on tensors, and two operators that reach for files.
TARGETS = re.compile(
    r"torch\.ops\.aten\.(?!from_file)(?!save)[a-z0-9_]+\.[A-Za-z0-9_]+"
    r"|_operator\.(add|sub|mul|floordiv|truediv|mod|neg|pow|getitem|eq|ne|lt|le|gt|ge|and_|or_)"
    r"|torch\.sym_(int|float|max|min|not|sum|ite)|torch\.(autograd\.grad_mode\.set_grad_enabled|_C\._set_grad_enabled)"
)
# torch evaluates these texts as Python: numbers, symbols and sympy's own names only.
FORMULA = re.compile(
    r"(?>Symbol\('[su]\d{1,9}'|(?:positive|integer|nonnegative)=True|Integer\(-?\d{1,18}\)|\b[su]\d{1,9}\b|\b\d{1,18}\b"
    r"|\*(?!\*)|[-+/(), <>=]|\b(?:Max|Min|Mod|Add|Mul|FloorDiv|CeilDiv|CleanDiv|PythonMod|Eq|Ne|Lt|Le|Gt|Ge)\b)*+"
)
SPEC_TYPES = {None, "builtins.tuple", "builtins.list", "builtins.dict"}


def check_program(path: Path) -> str | None:
    """The text of the archive's own metadata, or None; DataError for an archive that could run code, or is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(path, archive)
            for name in CONFIGS:
                _check_payloads(path, json.loads(archive.read(members[name])))
            _check_samples(path, archive.read(members[SAMPLES]))
            _check_graph(path, json.loads(archive.read(members[MODEL])))
            extra = members.get(f"extra/{METADATA}")
            return archive.read(extra).decode() if extra else None
    except (zipfile.BadZipFile, KeyError, ValueError, AttributeError, RecursionError, EOFError) as error:
        raise DataError(f"{path}: not a whole program of torch.export ({str(error)[:120]}); export it again") from None


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, str]:
    """Name below the archive's own folder -> name in the archive."""
    check_size(path, sum(member.file_size for member in archive.infolist()))
    names = archive.namelist()
    if len(set(names)) < len(names):
        raise _unsafe(path, "a member stands twice")
    found = {name.partition("/")[2]: name for name in names}
    for name in found:
        if not MEMBERS.fullmatch(name):
            raise _unsafe(path, f"the member {name[:60]!r} is not weights, graph or text")
    return found


def _check_payloads(path: Path, config: Any) -> None:
    for name, payload in config["config"].items():
        if payload["use_pickle"] is not False or not re.fullmatch(r"(weight|tensor)_\d+", payload["path_name"]):
            raise _unsafe(path, f"the tensor {name[:60]!r} is a pickle")


def _check_samples(path: Path, data: bytes) -> None:
    import torch

    try:
        torch.load(io.BytesIO(data), weights_only=True)
    except Exception as error:  # an unpickler meets whatever a hostile file holds
        if data:
            raise _unsafe(path, f"its example inputs are more than tensors ({type(error).__name__})") from None


def _check_graph(path: Path, value: Any) -> None:
    """Every name that torch looks up, every text that it evaluates, at any depth."""
    if isinstance(value, list):
        for item in value:
            _check_graph(path, item)
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        if key == "target" and isinstance(item, str) and "inputs" in value and not TARGETS.fullmatch(item):
            raise _unsafe(path, f"it calls {item[:60]!r}")
        if key in ("expr_str", "as_expr") and isinstance(item, str) and not FORMULA.fullmatch(item):
            raise _unsafe(path, f"it holds the formula {item[:60]!r}")
        if key in ("in_spec", "out_spec") and isinstance(item, str):
            _check_spec(path, json.loads(item))
        if key in ("custom_obj_values", "treespec_namedtuple_fields") and item:
            raise _unsafe(path, f"it brings types of its own ({key})")
        _check_graph(path, item)


def _check_spec(path: Path, value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _check_spec(path, item)
    if isinstance(value, dict):
        if value.get("type") not in SPEC_TYPES:
            raise _unsafe(path, f"it brings the type {str(value.get('type'))[:60]!r}")
        _check_spec(path, value.get("children_spec"))


def _unsafe(path: Path, why: str) -> DataError:
    return DataError(f"{path}: refused, opening it could run code: {why}; export plain tensors with torch.export.save")
