"""The verb of the data leaderboard: which synthetic data, and which augmentation, helps a classifier most."""

from typing import Annotated

import typer

from bench.cli.options import AsJson, BoardDir, Quiet, Root, TrackName, Workers, place, show
from bench.core.errors import PartialFailure

verbs = typer.Typer()


@verbs.command()
def methods(
    track: TrackName,
    shots: Annotated[
        str | None, typer.Option(help="Real images of each class, parted by commas; `all` for all (usually 4).")
    ] = None,
    trials: Annotated[int, typer.Option(min=1, max=100, help="Trials; each has its own shots and seed.")] = 8,
    only: Annotated[
        str | None, typer.Option("--methods", help="Only these, parted by commas (see list methods).")
    ] = None,
    comparison: Annotated[
        str | None, typer.Option(help="One that a document makes: its methods, its shots (see list comparisons).")
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="Optimizer steps of every classifier on few shots.")] = 100,
    batch: Annotated[int, typer.Option(min=1, help="Images of a step.")] = 64,
    epochs: Annotated[int, typer.Option(min=1, help="How often each is judged; the last counts.")] = 2,
    per_image: Annotated[int, typer.Option(min=1, help="Images made for each real one of few shots.")] = 4,
    mix: Annotated[float, typer.Option("--mix-probability", help="How often one takes the real one's place.")] = 0.5,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="The plan with estimates; nothing is made.")] = False,
    board_dir: BoardDir = None,
    workers: Workers = None,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Compare augmentations and synthesis methods on equal terms: few shots, equal steps, paired over trials."""
    from bench.pipelines.data_board.plan import asked_for
    from bench.pipelines.data_board.verb import Places, plan_methods
    from bench.pipelines.data_board.verb import methods as run
    from bench.pipelines.tracks import load_track

    given = {"trials": trials, "steps": steps, "batch": batch, "epochs": epochs, "per_image": per_image, "mix": mix}
    asked = asked_for(shots, only, given, comparison=comparison)
    places = Places(place(data_root), board_dir)
    if dry_run:
        show(plan_methods(load_track(track), asked, places, workers=workers), as_json)
        return
    report = run(load_track(track), asked, places, workers=workers, quiet=quiet)
    show(report, as_json)
    if report.failed:
        raise PartialFailure(f"{track}: {len(report.failed)} cells failed: {', '.join(sorted(report.failed)[:3])}")
