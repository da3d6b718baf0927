"""Verbs of results: compare models, fit robustness, publish boards, judge generated sets."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from bench.cli.options import AsJson, BoardDir, Device, Limit, Offline, Quiet, Root, TrackName, place, show
from bench.core.errors import UsageError

verbs = typer.Typer()


@verbs.command()
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="Slug, title, model, card or prediction file.")],
    b: Annotated[str, typer.Argument(metavar="B")],
    track: TrackName,
    board_dir: BoardDir = None,
    data_root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Two submissions on the same images: how far apart, how surely, and where."""
    from bench.pipelines.scoring.compare import compare as run
    from bench.pipelines.tracks import load_track

    show(run(a, b, load_track(track), data_root=place(data_root), board_dir=board_dir), as_json)


@verbs.command()
def robustness(
    cards: Annotated[list[Path] | None, typer.Argument(metavar="[CARD...]", help="Score cards to judge.")] = None,
    population: Annotated[
        list[str] | None,
        typer.Option(help="imagenet-testbed, timm, a track, or CSV files parted by commas (default: the cards')."),
    ] = None,
    types: Annotated[Path | None, typer.Option(help="A CSV model,type.")] = None,
    type_: Annotated[list[str] | None, typer.Option("--type", help="Types that are fitted.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Fit no model whose name holds this text.")] = None,
    unit: Annotated[Literal["percent", "fraction"] | None, typer.Option(help="What the tables' numbers are.")] = None,
    key: Annotated[str | None, typer.Option(help="The column of a CSV that names the model (default: model).")] = None,
    x: Annotated[str | None, typer.Option("--x", help="Column in distribution.")] = None,
    y: Annotated[list[str] | None, typer.Option("--y", help="Columns under shift.")] = None,
    n_x: Annotated[int | None, typer.Option(min=1, help="Images behind x (known for published tables).")] = None,
    n_y: Annotated[int | None, typer.Option(min=1, help="Images behind y.")] = None,
    transform: Annotated[Literal["linear", "logit", "probit"], typer.Option(help="Scale of the line.")] = "logit",
    at: Annotated[list[str] | None, typer.Option(help="[NAME=]X,Y in the population's unit.")] = None,
    rows: Annotated[Path | None, typer.Option(help="Judge every row of this CSV.")] = None,
    model: Annotated[list[str] | None, typer.Option(help="Judge this model of the population.")] = None,
    keep_tested: Annotated[bool, typer.Option(help="Leave a judged model in its own line.")] = False,
    sensitivity: Annotated[bool, typer.Option(help="One model under every transform and population.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw it: a file ending in .png, .svg or .pdf.")] = None,
    board_dir: BoardDir = None,
    offline: Offline = False,
    data_root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Effective robustness of any accuracies against a declared population."""
    from bench.pipelines.robustness import verb
    from bench.pipelines.robustness.populations import Choice

    opened = verb.Opened(
        population or [],
        Choice(types, tuple(type_ or ()), tuple(exclude) if exclude else None, unit, key),
        verb.Request(
            tuple(at or ()), rows, tuple(model or ()), tuple(cards or ()), x, tuple(y or ()), n_x, n_y, keep_tested
        ),
        data_root=place(data_root, offline=offline),
        offline=offline,
        board_dir=board_dir,
    )
    if plot:
        verb.draw(opened, transform, plot)
    results = verb.sensitivity_table(opened) if sensitivity else verb.robustness(opened, transform)
    text = verb.sensitivity_text(results) if sensitivity else verb.as_text(results)
    show(results if as_json else text, as_json)


@verbs.command()
def publish(
    track: Annotated[str, typer.Argument(metavar="TRACK")],
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="V1 V2", help="How ranks move between two versions (names, or folders of cards)."),
    ] = None,
    target: Annotated[Literal["folder", "hub-space"], typer.Option(help="What the files are for.")] = "folder",
    out: Annotated[Path | None, typer.Option(help="Write there instead of to the board's folder.")] = None,
    population: Annotated[str | None, typer.Option(help="A board of published accuracies, as in robustness.")] = None,
    types: Annotated[Path | None, typer.Option(help="A CSV model,type.")] = None,
    type_: Annotated[list[str] | None, typer.Option("--type", help="Types that the lines are fitted to.")] = None,
    unit: Annotated[Literal["percent", "fraction"] | None, typer.Option(help="What the tables' numbers are.")] = None,
    board_dir: BoardDir = None,
    offline: Offline = False,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Write the page, Markdown, CSV, LaTeX, JSON and plots of a track's leaderboard."""
    from bench.pipelines.boards import publish as press
    from bench.pipelines.boards.publish_compare import rank_moves
    from bench.pipelines.robustness.populations import Choice
    from bench.pipelines.tracks import load_track
    from bench.pipelines.wilds.board import publish_wilds
    from bench.pipelines.wilds.tracks import load_wilds, wilds_names

    if track in wilds_names() and not (compare or population or target != "folder"):
        show(publish_wilds(load_wilds(track), board_dir=board_dir, out=out), as_json)
        return
    chosen, root = load_track(track), place(data_root, offline=offline)
    result: Any
    if compare:
        result = rank_moves(chosen, *compare, board_dir=board_dir)
    elif population:
        choice = Choice(types, tuple(type_ or ()), unit=unit)
        places = {"data_root": root, "offline": offline, "board_dir": board_dir}
        result = press.publish_population(chosen, population, choice, out=out, target=target, **places)
    else:
        result = press.publish(chosen, board_dir=board_dir, out=out, target=target, data_root=root)
    show(result, as_json)


@verbs.command()
def quality(
    a: Annotated[str, typer.Argument(metavar="A", help="NAME@VERSION[/SPLIT], TRACK/SET, a folder, or a card.json.")],
    b: Annotated[str | None, typer.Argument(metavar="B", help="The same; or leave it out and give --track.")] = None,
    track: Annotated[str | None, typer.Option(help="A against every set of this track, on all axes.")] = None,
    extractor: Annotated[str | None, typer.Option(help="inception, dinov2, timm:NAME, openclip:…, package:…")] = None,
    per_class: Annotated[int | None, typer.Option(min=2, help="Images of each class and side.")] = None,
    n: Annotated[int | None, typer.Option(min=2, help="Images of each side over all classes.")] = None,
    infinity: Annotated[bool, typer.Option("--infinity", help="Extrapolate to infinitely many images.")] = False,
    interval: Annotated[bool, typer.Option("--interval", help="A jackknife interval of the distance.")] = False,
    judge: Annotated[str | None, typer.Option(help="Who says what images show (default: the track's oracle).")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the images that are drawn.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Write a report (page, Markdown, plots, cards) there.")] = None,
    limit: Limit = None,
    board_dir: BoardDir = None,
    device: Device = "auto",
    offline: Offline = False,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """How far two image sets are apart: FID with its card, and the other distribution metrics."""
    from bench.pipelines.quality.verb import Choice
    from bench.pipelines.quality.verb import quality as run

    choice = Choice(
        extractor=extractor,
        per_class=per_class,
        n=n,
        infinity=infinity,
        interval=interval,
        seed=seed,
        limit=limit,
        device=device,
        quiet=quiet,
    )
    root = place(data_root, offline=offline)
    show(run(a, b, choice, track=track, judge=judge, out=out, board_dir=board_dir, data_root=root), as_json)


@verbs.command()
def rate(
    reference: Annotated[str | None, typer.Argument(metavar="NAME@VERSION", help="The images to rate.")] = None,
    sample: Annotated[int, typer.Option(min=1, help="Images to rate.")] = 100,
    raters: Annotated[int, typer.Option(min=1, help="Raters, each with an order of their own.")] = 2,
    against: Annotated[str | None, typer.Option(help="Real images for the class grids (default: the track's).")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the sample and the orders.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Where the page and its key go.")] = None,
    collect: Annotated[list[Path] | None, typer.Option(help="CSV files that raters saved.")] = None,
    more: Annotated[list[Path] | None, typer.Argument(metavar="[CSV]...", help="Further files of --collect.")] = None,
    key: Annotated[Path | None, typer.Option(help="The round's key.json (default: beside the first CSV).")] = None,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Write a page for human raters, or collect what they answered."""
    if collect:
        from bench.pipelines.quality.rate_collect import collect as read

        # A shell spreads *.csv: what follows the first file arrives as arguments.
        files = [*collect, *([Path(reference)] if reference else []), *(more or [])]
        show(read(files, key=key, out=out), as_json)
        return
    if reference is None:
        raise UsageError("rate: expected NAME@VERSION to make a page, or --collect FILE.csv to read answers")
    from bench.pipelines.quality.rate import Order
    from bench.pipelines.quality.rate import rate as run

    order = Order(sample=sample, raters=raters, seed=seed, against=against)
    show(run(reference, order, out=out, data_root=place(data_root)), as_json)
