"""The app with all its verbs; here are those to begin with: the demo, and what there is."""

import json
from typing import Annotated, Literal

import typer

from bench import __version__
from bench.cli import boards, datasets, detection, methods, models, studies, wilds, zero_shot
from bench.cli.options import AsJson, BoardDir, Quiet, Root, Workers, place, show
from bench.core.errors import UsageError

What = Literal[
    "tracks", "datasets", "models", "methods", "comparisons", "augmentations", "filters", "metrics", "engines"
]

app = typer.Typer(
    name="imagenet-g",
    help="Classifiers under natural distribution shift, and the generated data that trains and tests them.",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for _part in (datasets, models, boards, methods, detection, wilds, zero_shot, studies):
    app.add_typer(_part.verbs)


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

    show(run(data_root=place(data_root), board_dir=board_dir, seeds=seeds, workers=workers, quiet=quiet), as_json)


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
        from bench.pipelines.versions.recipes import recipe_schema

        if what != "datasets":
            raise UsageError(f"list {what}: there is a schema of datasets alone; leave out --schema")
        print(json.dumps(recipe_schema(), indent=1, sort_keys=True))
        return

    show(catalogue(what, data_root=place(data_root)), as_json)
