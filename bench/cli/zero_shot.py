"""Verbs of the zero-shot protocol: tune a CLIP's text head on synthetic images, and its board."""

from typing import Annotated

import typer

from bench.cli.options import AsJson, BoardDir, Device, Offline, Quiet, Root, TrackName, place, show

verbs = typer.Typer()


@verbs.command(name="zero-shot")
def zero_shot(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="openclip:ARCH/TAG[?weights=FILE].")],
    data: Annotated[str, typer.Option(metavar="NAME@VERSION[/SPLIT]", help="The synthetic images.")],
    track: TrackName,
    keep: Annotated[int, typer.Option(min=0, help="Images a class that the CLIP filter keeps (0: no filter).")] = 800,
    epochs: Annotated[int, typer.Option(min=1)] = 30,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    device: Device = "auto",
    offline: Offline = False,
    board_dir: BoardDir = None,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Tune a CLIP's text head on synthetic images (He et al., 2023), judge it by a track's sets, file the card."""
    from bench.pipelines.zero_shot.table import file_card
    from bench.pipelines.zero_shot.tune import HeadTuning, Wanted, zero_shot

    wanted = Wanted(model, data, track, keep=keep, tuning=HeadTuning(epochs=epochs, seed=seed))
    root = place(data_root, offline=offline)
    card = zero_shot(wanted, data_root=root, device=device, quiet=quiet)
    file_card(card, board_dir=board_dir)
    show(card, as_json)


@verbs.command(name="zero-shot-table")
def zero_shot_table(board_dir: BoardDir = None) -> None:
    """The heads that were tuned here beside the published table, in Markdown."""
    from bench.pipelines.zero_shot.table import table

    print(table(board_dir=board_dir), end="")
