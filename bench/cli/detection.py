"""Verbs of detection: the digits benchmark with boxes, and boxes in the layouts of other software."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.cli.options import AsJson, BoardDir, Quiet, Root, Workers, place, show

verbs = typer.Typer()


@verbs.command(name="digits-detect")
def digits_detect(
    data_root: Root = None,
    arm: Annotated[list[str] | None, typer.Option(help="real, naive, synthetic or mixed (default: all four).")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Training seeds of each arm.")] = 1,
    board_dir: BoardDir = None,
    workers: Workers = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Detection on scenes of digits end to end: train the arms, detect, score, publish."""
    from bench.pipelines.detection.digits_detect import ARMS
    from bench.pipelines.detection.digits_detect import digits_detect as run

    arms = tuple(arm) if arm else ARMS
    root = place(data_root)
    show(run(data_root=root, board_dir=board_dir, arms=arms, seeds=seeds, workers=workers, quiet=quiet), as_json)


@verbs.command(name="export-boxes")
def export_boxes(
    what: Annotated[str, typer.Argument(metavar="TRACK/SET|FILE", help="A detection set, or a prediction file.")],
    layout: Annotated[Literal["coco", "yolo", "coco-results"], typer.Option("--format")],
    out: Annotated[Path, typer.Option(help="A folder that is absent or empty; for coco-results a file.")],
    data_root: Root = None,
    as_json: AsJson = False,
) -> None:
    """A detection set as COCO instances or YOLO text; a prediction file as COCO results."""
    from bench.pipelines.detection.export_boxes import export_boxes as run

    show(run(what, layout=layout, out=out, data_root=place(data_root)), as_json)
