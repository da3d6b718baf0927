"""Verbs of WILDS: evaluate official folders of predictions, and the table of a method on the three datasets."""

import json
from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import AsJson, BoardDir, DatasetsRoot, Root, place, show
from bench.core.errors import PartialFailure

verbs = typer.Typer()


@verbs.command(name="wilds-evaluate")
def wilds_evaluate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Predictions in the official layout.")],
    dataset: Annotated[list[str] | None, typer.Option(help="Only this dataset (may be repeated).")] = None,
    replicate: Annotated[list[str] | None, typer.Option(help="Only this seed or fold (may be repeated).")] = None,
    title: Annotated[str | None, typer.Option(help="File cards under this name, and publish the boards.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Compare each figure with the wilds package's own.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write <dataset>_results.json and all_results.json there.")] = None,
    root: DatasetsRoot = None,
    board_dir: BoardDir = None,
    data_root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate predictions for WILDS datasets as the official script does: mean and deviation over replicates."""
    from bench.pipelines.wilds.evaluate import Wanted, as_text, evaluate, results

    wanted = Wanted(tuple(dataset or ()), tuple(replicate or ()), check, title)
    cards, failed = evaluate(folder, wanted, data_root=place(data_root), root=root, out=out, board_dir=board_dir)
    print(json.dumps(results(cards), indent=1, sort_keys=True) if as_json else "\n".join(map(as_text, cards)))
    if failed:
        raise PartialFailure("; ".join(f"{name}: {why}" for name, why in failed.items()))


@verbs.command(name="wilds-download")
def wilds_download(
    track: Annotated[str, typer.Argument(metavar="TRACK", help="iwildcam, poverty or globalwheat.")],
    root: DatasetsRoot = None,
    data_root: Root = None,
) -> None:
    """Fetch a WILDS dataset (10 to 13 GB) from its host, which is often down; nothing else downloads one."""
    from bench.pipelines.wilds.doctor import download

    print(download(track, data_root=place(data_root), root=root))


@verbs.command(name="wilds-table")
def wilds_table(
    method: Annotated[
        str, typer.Option(help="Its title on the boards, or a published method; A|B: either.")
    ] = "GFlowAug",
    baseline: Annotated[str, typer.Option(help="The same, of the baseline's rerun.")] = (
        "CORAL, rerun by GFlowAug's authors|ERM, rerun by GFlowAug's authors"
    ),
    leaderboard: Annotated[str | None, typer.Option(help="A published method (default: the poster's).")] = None,
    latex: Annotated[bool, typer.Option("--latex", help="A LaTeX table instead of Markdown.")] = False,
    board_dir: BoardDir = None,
    as_json: AsJson = False,
) -> None:
    """The table of GFlowAug's poster, for any method: leaderboard, baseline rerun, method, n and warnings."""
    from bench.pipelines.wilds.poster import poster, poster_text

    found = poster(method, baseline, leaderboard=leaderboard, board_dir=board_dir)
    show(found if as_json else poster_text(found, latex=latex), as_json)
