"""Options that several verbs share, and what all verbs do with their results."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from bench.core.errors import UsageError

LARGEST_BATCH = 4096

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Root = Annotated[
    Path | None, typer.Option("--data-root", help="Where data are kept (else BENCH_DATA, else the user cache).")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress bars, no notices.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="At most N images; marked as not for publication.")]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="Processes (default: one for each core).")]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, mps or auto.")]
Backend = Annotated[
    Literal["auto", "openvino", "onnxruntime", "torch"],
    typer.Option("--backend", help="What computes on a CPU; one that disagrees with torch is not used."),
]
Batch = Annotated[str, typer.Option("--batch-size", metavar="N|auto", help="Images asked at once.")]
TrustCode = Annotated[bool, typer.Option("--trust-code", help="Let py: run the code that it names.")]
Engine = Annotated[Literal["local", "ray"], typer.Option("--engine", help="Where the work runs.")]
KeepImages = Annotated[float, typer.Option("--keep-images", min=0, metavar="GIB", help="Keep prepared images.")]
Offline = Annotated[bool, typer.Option("--offline", help="Fail early instead of asking a hub.")]
TrackName = Annotated[str, typer.Option("--track", help="A track's name, or a track file ending in .yaml.")]
BoardDir = Annotated[Path | None, typer.Option("--board-dir", help="Where boards are kept (default: leaderboards/).")]
DatasetsRoot = Annotated[
    Path | None, typer.Option("--root", help="WILDS: the folder of <dataset>_v<version>/ (else wilds/, data root).")
]
DeclarationFile = Annotated[
    Path | None, typer.Option("--declaration", help="YAML: the model's training data, parameters, licence, paper.")
]


def place(data_root: Path | None, *, offline: bool = False) -> Path:
    from bench.pipelines.place import settle

    return settle(data_root, offline=offline)


def means_of(
    device: str,
    backend: str,
    batch_size: str,
    workers: int | None,
    *,
    engine: str,
    keep_images: float,
    trust_code: bool,
) -> Any:
    from bench.pipelines.scoring.predict import Means

    if batch_size != "auto" and not (batch_size.isdecimal() and 1 <= int(batch_size) <= LARGEST_BATCH):
        raise UsageError(f"--batch-size: expected auto or a number from 1 to {LARGEST_BATCH}, got {batch_size!r}")
    batch = None if batch_size == "auto" else int(batch_size)
    return Means(device, backend, batch, workers, trust_code, engine, keep_images)


def show(result: Any, as_json: bool) -> None:
    """Print a record, or a list of records: as JSON, or by their own `__str__`."""
    records = result if isinstance(result, list) else [result]
    if as_json:
        documents = [record.model_dump(mode="json") for record in records]
        print(
            json.dumps(
                documents if isinstance(result, list) else documents[0], indent=1, sort_keys=True, ensure_ascii=False
            )
        )
    else:
        for record in records:
            print(record)
