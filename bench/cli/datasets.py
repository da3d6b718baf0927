"""Verbs of a dataset version: make it, check it, compare it, look into it, publish it."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.cli.options import AsJson, Device, Limit, Offline, Quiet, Root, Workers, place, show
from bench.core.errors import UsageError

verbs = typer.Typer()


@verbs.command()
def generate(
    reference: Annotated[str, typer.Argument(metavar="NAME@VERSION")],
    split: Annotated[str | None, typer.Option(help="Only this split.")] = None,
    limit: Limit = None,
    shard: Annotated[str | None, typer.Option(metavar="I/N", help="Only every N-th file from the I-th on.")] = None,
    engine: Annotated[Literal["local", "ray"], typer.Option(help="Where the work runs.")] = "local",
    workers: Workers = None,
    out: Annotated[Path | None, typer.Option(help="A folder of your own for the version.")] = None,
    device: Device = "cpu",
    generator: Annotated[
        Path | None, typer.Option(help="Stand-in: draw with the pipeline in this folder; not for publication.")
    ] = None,
    write_lock: Annotated[bool, typer.Option("--write-lock", help="Write the lock of a new version.")] = False,
    offline: Offline = False,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Make a dataset version, or go on with one that was interrupted."""
    from bench.pipelines.versions.generate import generate as run

    root = place(data_root, offline=offline)
    if generator is not None:
        from bench.pipelines.stand_in import stand_in

        reference = stand_in(reference, generator, data_root=root)
        if not quiet:
            print(f"stand-in recipe, for other verbs: {reference}", file=sys.stderr)
    show(
        run(
            reference,
            data_root=root,
            split=split,
            limit=limit,
            part=shard,
            engine=engine,
            workers=workers,
            device=device,
            out=out,
            write_lock=write_lock,
            quiet=quiet,
        ),
        as_json,
    )


@verbs.command()
def verify(
    reference: Annotated[str, typer.Argument(metavar="NAME@VERSION")],
    regenerate: Annotated[int, typer.Option(min=0, metavar="N", help="Redraw N images and compare.")] = 0,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="What generate --limit N made.")] = None,
    workers: Workers = None,
    device: Device = "cpu",
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Hold every image against the manifest, and that against the lock; or an exported FOLDER against itself."""
    if Path(reference).is_dir():
        from bench.pipelines.versions.check_export import check_export

        if regenerate:
            raise UsageError(f"{reference} is an exported folder; --regenerate needs NAME@VERSION")
        show(check_export(Path(reference), quiet=quiet), as_json)
        return
    from bench.pipelines.versions.verify import verify as run

    show(
        run(
            reference,
            data_root=place(data_root),
            limit=limit,
            regenerate=regenerate,
            workers=workers,
            device=device,
            quiet=quiet,
        ),
        as_json,
    )


@verbs.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="NAME@V1")],
    new: Annotated[str, typer.Argument(metavar="NAME@V2")],
    rescore: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Score predictions on the images that both share.")
    ] = None,
    track: Annotated[str | None, typer.Option("--track", help="The track of the predictions.")] = None,
    data_root: Root = None,
    as_json: AsJson = False,
) -> None:
    """What was kept, added, removed and changed between two versions, and the version bump that this needs."""
    from bench.pipelines.versions.diff import diff as run
    from bench.pipelines.versions.diff import refuse

    report = run(old, new, data_root=place(data_root), rescore=rescore or (), track=track)
    show(report, as_json)
    refuse(report)


@verbs.command()
def audit(
    reference: Annotated[str, typer.Argument(metavar="NAME@VERSION")],
    extractor: Annotated[str, typer.Option(help="pixels, oracle:NAME, openclip:FOLDER or timm:FOLDER.")] = "",
    classifier: Annotated[str, typer.Option(help="oracle:NAME, or a model as in submit.")] = "",
    real: Annotated[str, typer.Option(help="Real training images: a source, or FOLDER/CLASS_ID/IMAGE.")] = "",
    held_out: Annotated[str, typer.Option(help="Other real images, for comparison.")] = "",
    detect: Annotated[int, typer.Option(min=0, metavar="N", help="Images shown to the detector of nudity.")] = 256,
    limit: Limit = None,
    out: Annotated[Path | None, typer.Option(help="A folder of your own for the audit.")] = None,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Privacy, bias, objectionable content, label consistency and duplicates of a version, with pictures."""
    from bench.pipelines.audits.audit import audit as run
    from bench.pipelines.audits.evidence import Means

    means = Means(extractor, classifier, real, held_out, detect)
    show(run(reference, data_root=place(data_root), means=means, limit=limit, out=out, quiet=quiet), as_json)


@verbs.command()
def export(
    reference: Annotated[str, typer.Argument(metavar="NAME@VERSION")],
    layout: Annotated[Literal["huggingface", "imagefolder", "webdataset"], typer.Option("--format")],
    out: Annotated[Path, typer.Option(help="A folder that is absent or empty.")],
    limit: Limit = None,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """A folder ready to publish: images, dataset card, Croissant metadata, audit."""
    from bench.pipelines.versions.export import export as run

    show(run(reference, layout=layout, out=out, data_root=place(data_root), limit=limit, quiet=quiet), as_json)
