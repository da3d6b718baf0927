"""Verbs of a model: train it, check its data, ask it, score it, submit it, explain its state."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.cli.options import (
    AsJson,
    Backend,
    Batch,
    BoardDir,
    DatasetsRoot,
    DeclarationFile,
    Device,
    Engine,
    KeepImages,
    Limit,
    Offline,
    Quiet,
    Root,
    TrackName,
    TrustCode,
    Workers,
    means_of,
    place,
    show,
)
from bench.core.errors import DataError, SubmissionRejected, UsageError

verbs = typer.Typer()


@verbs.command()
def train(
    track: TrackName,
    arm: Annotated[str | None, typer.Option(help="real, synthetic or mixed (WILDS: real, if not said).")] = None,
    arch: Annotated[str | None, typer.Option(help="timm architecture or sklearn:NAME (default: the track's).")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    match: Annotated[Literal["steps", "epochs"], typer.Option(help="Held equal to the other arms.")] = "steps",
    steps: Annotated[int | None, typer.Option(min=1, help="Optimizer steps (default: the track's).")] = None,
    ratio: Annotated[float | None, typer.Option(help="Generated images for each real one (mixed).")] = None,
    fraction: Annotated[float, typer.Option(help="The share of the arm's images that is used.")] = 1.0,
    augment: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[?key=value&...]", help="See list augmentations (WILDS: none, flips, randaugment or gflow)."
        ),
    ] = None,
    mix: Annotated[
        float | None, typer.Option("--mix-probability", help="A generated image takes a real one's place (mixed).")
    ] = None,
    algorithm: Annotated[
        Literal["erm", "coral", "irm", "groupdro"] | None, typer.Option(help="WILDS: what is minimised.")
    ] = None,
    fold: Annotated[str | None, typer.Option(help="WILDS: the fold of PovertyMap.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="WILDS: instead of the recipe's.")] = None,
    batch: Annotated[int | None, typer.Option(min=2, help="WILDS: instead of the recipe's.")] = None,
    image_size: Annotated[int | None, typer.Option(min=8, help="WILDS: instead of the recipe's.")] = None,
    weights: Annotated[str | None, typer.Option(help="WILDS: a file to start from, or none.")] = None,
    generated: Annotated[Path | None, typer.Option(help="WILDS: generated images, a folder a class.")] = None,
    root: DatasetsRoot = None,
    device: Device = "auto",
    workers: Annotated[int, typer.Option(min=0, help="WILDS: processes that read images.")] = 0,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train a classifier on one arm; saved with its training record, and reused when it exists."""
    from bench.pipelines.tracks import load_track
    from bench.pipelines.training.train import train as run
    from bench.pipelines.wilds.options import apart

    for_wilds = {
        "algorithm": algorithm,
        "fold": fold,
        "epochs": epochs,
        "batch": batch,
        "image_size": image_size,
        "weights": weights,
        "generated": generated,
    }
    ours = {"match": match, "steps": steps, "ratio": ratio, "fraction": fraction}
    means = {"root": root, "device": None if device == "auto" else device, "workers": workers or None}
    if apart(track, for_wilds | means, ours | {"mix_probability": mix}):
        from bench.pipelines.wilds.tracks import load_wilds
        from bench.pipelines.wilds.train import WildsPlaces, plan_of, train_wilds

        plan = plan_of(for_wilds | {"augment": augment}, arm=arm, arch=arch, seed=seed)
        show(train_wilds(load_wilds(track), plan, WildsPlaces(place(data_root), root, device, workers, quiet)), as_json)
        return
    if arm is None:
        raise UsageError("--arm: expected real, synthetic or mixed")
    asked = ours | {"arch": arch, "seed": seed, "augment": augment, "mix": mix}
    show(run(load_track(track), arm, **asked, data_root=place(data_root), quiet=quiet), as_json)


@verbs.command()
def doctor(
    track: Annotated[str, typer.Argument(metavar="TRACK", help="A track's name, or a track file ending in .yaml.")],
    root: DatasetsRoot = None,
    data_root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Are a track's sets here, complete and laid out as expected? In words, with the remedy."""
    from bench.pipelines.doctor import doctor as run
    from bench.pipelines.tracks import load_track
    from bench.pipelines.wilds.doctor import examine
    from bench.pipelines.wilds.tracks import load_wilds, wilds_names

    wilds = track in wilds_names()
    if root is not None and not wilds:
        raise UsageError(f"--root is for WILDS tracks; {track} looks under --data-root")
    found = (
        examine(load_wilds(track), data_root=place(data_root), root=root)
        if wilds
        else run(load_track(track), data_root=place(data_root))
    )
    show(found, as_json)
    sick = [one.name for one in found if one.findings and not (one.optional and not one.images)]
    if sick:
        raise DataError(f"{track}: {len(sick)} of {len(found)} sets need attention: {', '.join(sick)}")


@verbs.command()
def predict(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="source:name")],
    track: TrackName,
    sets: Annotated[list[str] | None, typer.Option("--set", help="Only this set (may be repeated).")] = None,
    limit: Limit = None,
    device: Device = "auto",
    backend: Backend = "auto",
    batch_size: Batch = "auto",
    workers: Workers = None,
    engine: Engine = "local",
    keep_images: KeepImages = 0.0,
    trust_code: TrustCode = False,
    offline: Offline = False,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """What models answer on a track's sets, as prediction files; those that still hold are reused."""
    from bench.pipelines.scoring.predict import predict as run
    from bench.pipelines.tracks import load_track

    root = place(data_root, offline=offline)
    means = means_of(
        device, backend, batch_size, workers, engine=engine, keep_images=keep_images, trust_code=trust_code
    )
    found = run(models, load_track(track), sets=sets, data_root=root, limit=limit, means=means, quiet=quiet)
    files = [str(path) for path in found]
    print(json.dumps(files, indent=1) if as_json else "\n".join(files))


@verbs.command()
def corruptions(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="source:name")],
    track: TrackName,
    of_set: Annotated[str | None, typer.Option("--set", help="The set that is corrupted (default: in dist.).")] = None,
    reference: Annotated[str | None, typer.Option(metavar="MODEL", help="Whose errors mCE is relative to.")] = None,
    limit: Limit = None,
    device: Device = "auto",
    backend: Backend = "auto",
    batch_size: Batch = "auto",
    workers: Workers = None,
    trust_code: TrustCode = False,
    offline: Offline = False,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Models under the 15 corruptions of ImageNet-C at 5 severities, with their mCE."""
    from bench.pipelines.scoring.corruptions import corruptions as run
    from bench.pipelines.tracks import load_track

    root = place(data_root, offline=offline)
    means = means_of(device, backend, batch_size, workers, engine="local", keep_images=0.0, trust_code=trust_code)
    options = {"of_set": of_set, "reference": reference, "limit": limit, "means": means, "quiet": quiet}
    show(run(models, load_track(track), data_root=root, **options), as_json)


@verbs.command()
def score(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Prediction files: .parquet or .csv.")],
    track: Annotated[str | None, typer.Option("--track", help="Default: the track that the files name.")] = None,
    of_set: Annotated[str | None, typer.Option("--set", help="The set that a CSV answers.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="Whose answers a CSV holds.")] = None,
    title: Annotated[str | None, typer.Option(help="How the card names the model.")] = None,
    declaration: DeclarationFile = None,
    data_root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Score cards from prediction files; runs nobody's code."""
    from bench.pipelines.scoring.declarations import given
    from bench.pipelines.scoring.score import score as run
    from bench.pipelines.scoring.score import track_of
    from bench.pipelines.tracks import load_track

    said = given(declaration, of_set=of_set, model=model, title=title)
    asked = load_track(track) if track else track_of(files)
    show(run(files, track=asked, data_root=place(data_root), given=said), as_json)


@verbs.command()
def submit(
    models: Annotated[list[str], typer.Argument(metavar="MODEL|FILE...", help="source:name, or prediction files.")],
    track: TrackName,
    title: Annotated[str | None, typer.Option(help="How the board names it.")] = None,
    of_set: Annotated[str | None, typer.Option("--set", help="The set that a CSV answers.")] = None,
    declaration: DeclarationFile = None,
    limit: Limit = None,
    device: Device = "auto",
    backend: Backend = "auto",
    batch_size: Batch = "auto",
    workers: Workers = None,
    engine: Engine = "local",
    keep_images: KeepImages = 0.0,
    trust_code: TrustCode = False,
    board_dir: BoardDir = None,
    offline: Offline = False,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Predict where needed, score, file the card, and say listed or rejected and why."""
    from bench.pipelines.scoring.declarations import given
    from bench.pipelines.scoring.submit import submit as run
    from bench.pipelines.tracks import load_track

    root = place(data_root, offline=offline)
    cards = run(
        models,
        track=load_track(track),
        data_root=root,
        board_dir=board_dir,
        given=given(declaration, of_set=of_set, title=title),
        limit=limit,
        means=means_of(
            device, backend, batch_size, workers, engine=engine, keep_images=keep_images, trust_code=trust_code
        ),
        quiet=quiet,
    )
    show(cards, as_json)
    rejected = [f"{card.title}: {card.reason}" for card in cards if card.state == "rejected"]
    if rejected:
        raise SubmissionRejected("; ".join(rejected))


@verbs.command()
def explain(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model, a title, or a card's file name.")],
    track: TrackName,
    board_dir: BoardDir = None,
    data_root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Why a submission is, or is not, listed, and what to do."""
    from bench.pipelines.tracks import load_track
    from bench.pipelines.versions.explain import explain as run

    show(run(name, track=load_track(track), data_root=place(data_root), board_dir=board_dir), as_json)
