"""Verbs of studies: how much data, and what DAGAN does for classes that it has not seen."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import AsJson, BoardDir, Quiet, Root, TrackName, Workers, place

verbs = typer.Typer()

Out = Annotated[Path | None, typer.Option("--out", help="Write tables and figures into this folder.")]


@verbs.command(name="data-size")
def data_size(
    track: TrackName,
    share: Annotated[list[float] | None, typer.Option(help="Of the real images (may be repeated).")] = None,
    ratio: Annotated[list[float] | None, typer.Option(help="Generated images for each real one (likewise).")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Training seeds of each cell.")] = 2,
    steps: Annotated[int | None, typer.Option(min=1, help="Optimizer steps of each (default: the track's).")] = None,
    out: Out = None,
    board_dir: BoardDir = None,
    workers: Workers = None,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Accuracy and effective robustness against the amount of real and of generated data, at equal steps."""
    from bench.pipelines.tracks import load_track
    from bench.pipelines.training.data_size import RATIOS, SHARES, SizePlan, study_text
    from bench.pipelines.training.data_size import data_size as run

    plan = SizePlan(tuple(share or SHARES), tuple(ratio or RATIOS), seeds, steps)
    means = {"out": out, "board_dir": board_dir, "workers": workers, "quiet": quiet}
    found = run(load_track(track), plan, data_root=place(data_root), **means)
    print(found.model_dump_json(indent=1) if as_json else study_text(found))


@verbs.command()
def dagan(
    recipe: Annotated[str, typer.Argument(metavar="NAME@VERSION", help="A recipe of the method dagan.")],
    track: TrackName,
    shots: Annotated[list[int] | None, typer.Option(min=1, help="Real images of each class (repeatable).")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Each with real images of its own.")] = 5,
    steps: Annotated[int, typer.Option(min=1, help="Optimizer steps of each classifier.")] = 60,
    out: Out = None,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Accuracy on classes that DAGAN has not seen, at few real images of each, with and without it."""
    from bench.pipelines.learned.dagan_held_out import SHOTS, HeldOutPlan, held_out, held_out_text
    from bench.pipelines.tracks import load_track

    plan = HeldOutPlan(tuple(shots or SHOTS), seeds, steps)
    found = held_out(recipe, load_track(track), plan, data_root=place(data_root), out=out, quiet=quiet)
    print(found.model_dump_json(indent=1) if as_json else held_out_text(found))
