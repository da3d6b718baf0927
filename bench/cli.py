"""**The door**: text in, one pipeline call, text out.

Pipelines are imported inside the commands, so that `--help` and a typo cost no import of torch.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import typer

from bench import __version__
from bench.core.errors import BenchError, SubmissionRejected, UsageError

INTERRUPTED = 130

app = typer.Typer(
    name="imagenet-g",
    help="Classifiers under natural distribution shift, and the generated data that trains and tests them.",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Root = Annotated[
    Path | None, typer.Option("--data-root", help="Where data are kept (else BENCH_DATA, else the user cache).")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress bars, no notices.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="At most N images; marked as not for publication.")]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="Processes (default: one for each core).")]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, mps or auto.")]
Offline = Annotated[bool, typer.Option("--offline", help="Fail early instead of asking a hub.")]
TrackName = Annotated[str, typer.Option("--track", help="A track's name, or a track file ending in .yaml.")]
BoardDir = Annotated[Path | None, typer.Option("--board-dir", help="Where boards are kept (default: leaderboards/).")]
What = Literal["tracks", "datasets", "models", "methods", "metrics", "engines"]


@app.callback()
def door(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Classifiers under natural distribution shift, and the generated data that trains and tests them."""
    if version:
        print(__version__)
    elif context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def demo(
    data_root: Root = None,
    seeds: Annotated[int, typer.Option(min=1, help="Training seeds of each arm.")] = 1,
    board_dir: BoardDir = None,
    workers: Workers = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """The digits benchmark end to end: generate, train the arms, score, publish."""
    from bench.pipelines.demo import demo as run

    _show(run(data_root=_root(data_root), board_dir=board_dir, seeds=seeds, workers=workers, quiet=quiet), as_json)


@app.command(name="list")
def list_(what: What, data_root: Root = None, as_json: AsJson = False) -> None:
    """What exists, whether it is ready here, and the reason where it isn't."""
    from bench.pipelines.catalogue import catalogue

    _show(catalogue(what, data_root=_root(data_root)), as_json)


@app.command()
def generate(
    reference: Annotated[str, typer.Argument(metavar="NAME@VERSION")],
    split: Annotated[str | None, typer.Option(help="Only this split.")] = None,
    limit: Limit = None,
    engine: Annotated[Literal["local"], typer.Option(help="Where the work runs.")] = "local",
    workers: Workers = None,
    out: Annotated[Path | None, typer.Option(help="A folder of your own for the version.")] = None,
    device: Device = "cpu",
    write_lock: Annotated[bool, typer.Option("--write-lock", help="Write the lock of a new version.")] = False,
    offline: Offline = False,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Make a dataset version, or go on with one that was interrupted."""
    from bench.pipelines.generate import generate as run

    _show(
        run(
            reference,
            data_root=_root(data_root, offline=offline),
            split=split,
            limit=limit,
            workers=workers,
            device=device,
            out=out,
            write_lock=write_lock,
            quiet=quiet,
        ),
        as_json,
    )


@app.command()
def verify(
    reference: Annotated[str, typer.Argument(metavar="NAME@VERSION")],
    regenerate: Annotated[int, typer.Option(min=0, metavar="N", help="Redraw N images and compare.")] = 0,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Hold every image against the manifest, and the manifest against the lock."""
    from bench.pipelines.verify import verify as run

    _show(run(reference, data_root=_root(data_root), regenerate=regenerate, quiet=quiet), as_json)


@app.command()
def train(
    track: TrackName,
    arm: Annotated[str, typer.Option(help="real, synthetic or mixed.")],
    arch: Annotated[str | None, typer.Option(help="timm architecture or sklearn:NAME (default: the track's).")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    match: Annotated[Literal["steps", "epochs"], typer.Option(help="Held equal to the other arms.")] = "steps",
    steps: Annotated[int | None, typer.Option(min=1, help="Optimizer steps (default: the track's).")] = None,
    ratio: Annotated[float | None, typer.Option(help="Generated images for each real one (mixed).")] = None,
    fraction: Annotated[float, typer.Option(help="The share of the arm's images that is used.")] = 1.0,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train a classifier on one arm; saved with its training record, and reused when it exists."""
    from bench.pipelines.tracks import load_track
    from bench.pipelines.train import train as run

    _show(
        run(
            load_track(track),
            arm,
            arch=arch,
            seed=seed,
            match=match,
            steps=steps,
            ratio=ratio,
            fraction=fraction,
            data_root=_root(data_root),
            quiet=quiet,
        ),
        as_json,
    )


@app.command()
def submit(
    models: Annotated[list[str], typer.Argument(metavar="MODEL|FILE...", help="source:name, or prediction files.")],
    track: TrackName,
    title: Annotated[str | None, typer.Option(help="How the board names it.")] = None,
    limit: Limit = None,
    board_dir: BoardDir = None,
    offline: Offline = False,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Predict where needed, score, file the card, and say listed or rejected and why."""
    from bench.pipelines.submit import submit as run
    from bench.pipelines.tracks import load_track

    root = _root(data_root, offline=offline)
    cards = run(
        models,
        track=load_track(track),
        data_root=root,
        board_dir=board_dir,
        title=title,
        limit=limit,
        quiet=quiet,
    )
    _show(cards, as_json)
    rejected = [f"{card.title}: {card.reason}" for card in cards if card.state == "rejected"]
    if rejected:
        raise SubmissionRejected("; ".join(rejected))


@app.command()
def publish(
    track: Annotated[str, typer.Argument(metavar="TRACK")],
    board_dir: BoardDir = None,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Write the page, Markdown, CSV, LaTeX and plots of a track's leaderboard."""
    from bench.pipelines.publish import publish as run
    from bench.pipelines.tracks import load_track

    _show(run(load_track(track), board_dir=board_dir, data_root=_root(data_root), quiet=quiet), as_json)


@app.command()
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
    from bench.pipelines.quality_verb import Choice
    from bench.pipelines.quality_verb import quality as run

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
    root = _root(data_root, offline=offline)
    _show(run(a, b, choice, track=track, judge=judge, out=out, board_dir=board_dir, data_root=root), as_json)


@app.command()
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
        from bench.pipelines.rate_collect import collect as read

        # A shell spreads *.csv: what follows the first file arrives as arguments.
        files = [*collect, *([Path(reference)] if reference else []), *(more or [])]
        _show(read(files, key=key, out=out), as_json)
        return
    if reference is None:
        raise UsageError("rate: expected NAME@VERSION to make a page, or --collect FILE.csv to read answers")
    from bench.pipelines.rate import Order
    from bench.pipelines.rate import rate as run

    order = Order(sample=sample, raters=raters, seed=seed, against=against)
    _show(run(reference, order, out=out, data_root=_root(data_root)), as_json)


def main() -> None:
    """Run a command; an error that a user can cause is one line on stderr and its exit code."""
    try:
        # Typer turns an interrupt into a silent status of its own.
        if app(standalone_mode=False) == INTERRUPTED:
            raise KeyboardInterrupt
    except BenchError as error:
        _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted; what was finished is kept, run the same command again to go on", INTERRUPTED)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        hint = f"; see {context.command_path} --help" if context else ""
        _fail(error.format_message().rstrip(".").replace("Value error, ", "") + hint, error.exit_code)
    sys.exit(0)


def _fail(message: str, exit_code: int) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(exit_code)


def _root(data_root: Path | None, *, offline: bool = False) -> Path:
    from bench.pipelines.place import settle

    return settle(data_root, offline=offline)


def _show(result: Any, as_json: bool) -> None:
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
