"""**The door**: text in, one pipeline call, text out.

Pipelines are imported inside the commands, so that `--help` and a typo cost no import of torch.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import typer

from bench import __version__
from bench.core.errors import BenchError, DataError, SubmissionRejected, UsageError

INTERRUPTED = 130
LARGEST_BATCH = 4096

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
DeclarationFile = Annotated[
    Path | None, typer.Option("--declaration", help="YAML: the model's training data, parameters, licence, paper.")
]
What = Literal["tracks", "datasets", "models", "methods", "filters", "metrics", "engines"]


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
def list_(
    what: What,
    schema: Annotated[bool, typer.Option("--schema", help="datasets: the JSON Schema of a recipe.")] = False,
    data_root: Root = None,
    as_json: AsJson = False,
) -> None:
    """What exists, whether it is ready here, and the reason where it isn't."""
    from bench.pipelines.catalogue import catalogue

    if schema:
        from bench.pipelines.recipes import recipe_schema

        if what != "datasets":
            raise UsageError(f"list {what}: there is a schema of datasets alone; leave out --schema")
        print(json.dumps(recipe_schema(), indent=1, sort_keys=True))
        return

    _show(catalogue(what, data_root=_root(data_root)), as_json)


@app.command()
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
    from bench.pipelines.generate import generate as run

    root = _root(data_root, offline=offline)
    if generator is not None:
        from bench.pipelines.stand_in import stand_in

        reference = stand_in(reference, generator, data_root=root)
        if not quiet:
            print(f"stand-in recipe, for other verbs: {reference}", file=sys.stderr)
    _show(
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


@app.command()
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
        from bench.pipelines.check_export import check_export

        if regenerate:
            raise UsageError(f"{reference} is an exported folder; --regenerate needs NAME@VERSION")
        _show(check_export(Path(reference), quiet=quiet), as_json)
        return
    from bench.pipelines.verify import verify as run

    _show(
        run(
            reference,
            data_root=_root(data_root),
            limit=limit,
            regenerate=regenerate,
            workers=workers,
            device=device,
            quiet=quiet,
        ),
        as_json,
    )


@app.command()
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
    from bench.pipelines.diff import diff as run
    from bench.pipelines.diff import refuse

    report = run(old, new, data_root=_root(data_root), rescore=rescore or (), track=track)
    _show(report, as_json)
    refuse(report)


@app.command()
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
    from bench.pipelines.audit import audit as run
    from bench.pipelines.audit_evidence import Means

    means = Means(extractor, classifier, real, held_out, detect)
    _show(run(reference, data_root=_root(data_root), means=means, limit=limit, out=out, quiet=quiet), as_json)


@app.command()
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
    from bench.pipelines.export import export as run

    _show(run(reference, layout=layout, out=out, data_root=_root(data_root), limit=limit, quiet=quiet), as_json)


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
def doctor(
    track: Annotated[str, typer.Argument(metavar="TRACK", help="A track's name, or a track file ending in .yaml.")],
    data_root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Are a track's sets here, complete and laid out as expected? In words, with the remedy."""
    from bench.pipelines.doctor import doctor as run
    from bench.pipelines.tracks import load_track

    found = run(load_track(track), data_root=_root(data_root))
    _show(found, as_json)
    sick = [one.name for one in found if one.findings and not (one.optional and not one.images)]
    if sick:
        raise DataError(f"{track}: {len(sick)} of {len(found)} sets need attention: {', '.join(sick)}")


@app.command()
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
    from bench.pipelines.predict import predict as run
    from bench.pipelines.tracks import load_track

    root = _root(data_root, offline=offline)
    means = _means(device, backend, batch_size, workers, engine=engine, keep_images=keep_images, trust_code=trust_code)
    found = run(models, load_track(track), sets=sets, data_root=root, limit=limit, means=means, quiet=quiet)
    files = [str(path) for path in found]
    print(json.dumps(files, indent=1) if as_json else "\n".join(files))


@app.command()
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
    from bench.pipelines.declarations import given
    from bench.pipelines.score import score as run
    from bench.pipelines.score import track_of
    from bench.pipelines.tracks import load_track

    said = given(declaration, of_set=of_set, model=model, title=title)
    asked = load_track(track) if track else track_of(files)
    _show(run(files, track=asked, data_root=_root(data_root), given=said), as_json)


@app.command()
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
    from bench.pipelines.declarations import given
    from bench.pipelines.submit import submit as run
    from bench.pipelines.tracks import load_track

    root = _root(data_root, offline=offline)
    cards = run(
        models,
        track=load_track(track),
        data_root=root,
        board_dir=board_dir,
        given=given(declaration, of_set=of_set, title=title),
        limit=limit,
        means=_means(
            device, backend, batch_size, workers, engine=engine, keep_images=keep_images, trust_code=trust_code
        ),
        quiet=quiet,
    )
    _show(cards, as_json)
    rejected = [f"{card.title}: {card.reason}" for card in cards if card.state == "rejected"]
    if rejected:
        raise SubmissionRejected("; ".join(rejected))


@app.command()
def explain(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model, a title, or a card's file name.")],
    track: TrackName,
    board_dir: BoardDir = None,
    data_root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Why a submission is, or is not, listed, and what to do."""
    from bench.pipelines.explain import explain as run
    from bench.pipelines.tracks import load_track

    _show(run(name, track=load_track(track), data_root=_root(data_root), board_dir=board_dir), as_json)


@app.command()
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="Slug, title, model, card or prediction file.")],
    b: Annotated[str, typer.Argument(metavar="B")],
    track: TrackName,
    board_dir: BoardDir = None,
    data_root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Two submissions on the same images: how far apart, how surely, and where."""
    from bench.pipelines.compare import compare as run
    from bench.pipelines.tracks import load_track

    _show(run(a, b, load_track(track), data_root=_root(data_root), board_dir=board_dir), as_json)


@app.command()
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
    from bench.pipelines import robustness_verb as verb
    from bench.pipelines.populations import Choice

    opened = verb.Opened(
        population or [],
        Choice(types, tuple(type_ or ()), tuple(exclude) if exclude else None, unit, key),
        verb.Request(
            tuple(at or ()), rows, tuple(model or ()), tuple(cards or ()), x, tuple(y or ()), n_x, n_y, keep_tested
        ),
        data_root=_root(data_root, offline=offline),
        offline=offline,
        board_dir=board_dir,
    )
    if plot:
        verb.draw(opened, transform, plot)
    results = verb.sensitivity_table(opened) if sensitivity else verb.robustness(opened, transform)
    text = verb.sensitivity_text(results) if sensitivity else verb.as_text(results)
    _show(results if as_json else text, as_json)


@app.command()
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
    board_dir: BoardDir = None,
    offline: Offline = False,
    data_root: Root = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Write the page, Markdown, CSV, LaTeX, JSON and plots of a track's leaderboard."""
    from bench.pipelines import publish as press
    from bench.pipelines.populations import Choice
    from bench.pipelines.publish_compare import rank_moves
    from bench.pipelines.tracks import load_track

    chosen, root = load_track(track), _root(data_root, offline=offline)
    result: Any
    if compare:
        result = rank_moves(chosen, *compare, board_dir=board_dir)
    elif population:
        choice = Choice(types, tuple(type_ or ()))
        places = {"data_root": root, "offline": offline, "board_dir": board_dir}
        result = press.publish_population(chosen, population, choice, out=out, target=target, **places)
    else:
        result = press.publish(chosen, board_dir=board_dir, out=out, target=target, data_root=root)
    _show(result, as_json)


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


def _means(
    device: str,
    backend: str,
    batch_size: str,
    workers: int | None,
    *,
    engine: str,
    keep_images: float,
    trust_code: bool,
) -> Any:
    from bench.pipelines.predict import Means

    if batch_size != "auto" and not (batch_size.isdecimal() and 1 <= int(batch_size) <= LARGEST_BATCH):
        raise UsageError(f"--batch-size: expected auto or a number from 1 to {LARGEST_BATCH}, got {batch_size!r}")
    batch = None if batch_size == "auto" else int(batch_size)
    return Means(device, backend, batch, workers, trust_code, engine, keep_images)


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
