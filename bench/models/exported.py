"""`export:FILE.pt2`: a program that `torch.export.save` wrote, checked before torch opens it.

The archive's extra file `imagenet-g.json`, or the options, say how the input is prepared. Opening such a
file can run code in four ways: pickles (weights, constants, example inputs), compiled libraries, text
that is evaluated as a formula, and names of functions that are looked up. All four are read by
`check_program` first, and what is not plainly harmless is refused.
"""

import json
from pathlib import Path
from typing import Any

from bench.core.errors import DataError
from bench.core.model_ref import ModelRef
from bench.models.classifier import Classifier
from bench.models.exported_check import METADATA, check_program
from bench.models.opening import declaration, options_of, torch_classifier
from bench.models.preprocessing import KEYS, Preprocessing
from bench.models.safetensors_file import check_classes
from bench.models.setting import Setting
from bench.models.weights_file import file_digest, readable


def open_exported(ref: ModelRef, setting: Setting) -> Classifier:
    """The program in the file `ref.name`; DataError for a damaged or unsafe one, UsageError without preprocessing."""
    where, options, path = str(ref), options_of(ref, KEYS), Path(ref.name).expanduser()
    digest = file_digest(path)
    with readable(path):
        told = check_program(path)
    said = {**options, **_metadata(told, where)}
    check_classes(said, setting.classes, where=where)
    return torch_classifier(
        ref,
        setting,
        lambda: _module(path, digest, where),
        about=declaration(ref, said.get("arch", "torch.export"), licence=said.get("licence")),
        weights=digest,
        prepare=Preprocessing.read(said, where=where),
        title=said.get("title", path.stem),
    )


def _metadata(text: str | None, where: str) -> dict[str, str]:
    try:
        said = json.loads(text or "{}")
        return {str(key): str(value) for key, value in said.items()}
    except (ValueError, AttributeError):
        raise DataError(f"{where}: {METADATA} in the archive is damaged: not a JSON mapping; export it again") from None


def _module(path: Path, digest: str, where: str) -> Any:
    import torch

    from bench.models.any_batch import AnyBatch

    if file_digest(path) != digest:
        raise DataError(f"{where}: the file has changed since it was checked; run the same command again")
    try:
        program = torch.export.load(path)
        inputs = [spec for spec in program.graph_signature.input_specs if spec.kind.name == "USER_INPUT"]
        example = next(node for node in program.graph.nodes if node.name == inputs[0].arg.name).meta["val"]
        module = program.module(check_guards=False)
    except Exception as error:  # torch raises whatever a damaged program provokes
        raise DataError(
            f"{where}: not a program of torch.export ({(str(error).splitlines() or [''])[0][:160]})"
        ) from None
    return AnyBatch(module, example.shape[0] if isinstance(example.shape[0], int) else None)
