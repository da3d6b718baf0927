"""From what was asked of `methods` to the settings of every cell, and to the recipes that some of them draw by."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from bench.core.data_cell import Protocol, Settings
from bench.core.digests import digest_json
from bench.core.errors import UsageError
from bench.core.record import Record, parse
from bench.core.registry import look_up, unknown
from bench.core.track import Track
from bench.pipelines.data_board.comparisons import COMPARISONS
from bench.pipelines.data_board.registry import METHOD_ROWS
from bench.pipelines.data_board.row import BASELINE, MethodRow
from bench.pipelines.training.augmentation import settle_augmentation
from bench.pipelines.versions.recipes import load_recipe, recipe_path
from bench.store.atomic import write_json
from bench.store.documents import read_yaml
from bench.synthesis import TAKES
from bench.synthesis.pinned_weights import why_absent

ALL, USUAL_SHOTS = "all", "4"
# What a version says of itself, and what the protocol decides.
_OWN = ("name", "version", "title", "description", "parent", "splits", "filters")
_DRAWS = ("method", "prompts", "label_space", "conditioning", "adaptations")
LARGEST_BATCH = 40


class Asked(Record):
    """The options of `methods`. `shots`: numbers of real images of each class, None for all of them.

    `comparison`: the name of the one that `shots` and `methods` are those of.
    """

    shots: tuple[int | None, ...]
    trials: int
    methods: tuple[str, ...] | None = None
    comparison: str | None = None
    steps: int = 100
    batch: int = 64
    epochs: int = 2
    per_image: int = 4
    mix: float = Field(default=0.5, ge=0, le=1)


@dataclass(frozen=True)
class Task:
    """One cell that is to be made: its settings and its row; `group`: those that share what is learned or drawn."""

    settings: Settings
    row: MethodRow
    group: str


def asked_for(shots: str | None, methods: str | None, given: dict[str, Any], *, comparison: str | None = None) -> Asked:
    """The options as they are typed; UsageError for one that cannot be. A comparison has its own rows and shots."""
    names = None if methods is None else tuple(dict.fromkeys(name.strip() for name in methods.split(",")))
    numbers = parse_shots(USUAL_SHOTS if shots is None else shots)
    if comparison is not None:
        names, numbers = _compared(comparison, None if shots is None else numbers, names)
    said = {"shots": numbers, "methods": names, "comparison": comparison}
    asked = parse(Asked, given | said, where="methods")
    if asked.epochs > asked.steps:
        raise UsageError(f"--epochs {asked.epochs}: expected at most the {asked.steps} steps")
    return asked


def _compared(
    name: str, shots: tuple[int | None, ...] | None, methods: tuple[str, ...] | None
) -> tuple[tuple[str, ...], tuple[int | None, ...]]:
    """Rows and shots of a comparison, or those of its shots that were asked for."""
    one = look_up(COMPARISONS, name, kind="comparison")
    if methods:
        raise UsageError(f"--comparison {name} with --methods: a comparison has its own methods; say one of the two")
    for number in shots or ():
        if number not in one.shots:
            known = ", ".join(ALL if each is None else str(each) for each in one.shots)
            raise UsageError(f"--shots {number or ALL}: the comparison {name} is of {known}; leave --shots out for all")
    return one.rows, shots or one.shots


def parse_shots(text: str) -> tuple[int | None, ...]:
    """`1,2,4,all` as numbers, each once; UsageError for anything else."""
    shots: list[int | None] = []
    for part in text.split(","):
        word = part.strip()
        if word != ALL and not (word.isdecimal() and 1 <= int(word) <= 10_000):
            raise UsageError(f"--shots {text!r}: expected numbers from 1 on, or {ALL}, parted by commas; got {word!r}")
        one = None if word == ALL else int(word)
        if one in shots:
            raise UsageError(f"--shots {text!r}: {word} stands twice")
        shots.append(one)
    return tuple(sorted(shots, key=lambda one: (one is None, one or 0)))


def chosen_methods(track: Track, asked: Asked) -> tuple[dict[str, MethodRow], dict[str, str]]:
    """The rows that take part, and for those that cannot here (by default left out) the reason.

    What others are compared with is always among them. UsageError for an unknown name; one that was asked for and
    cannot is the second's, and a track that trains on nothing is refused.
    """
    if track.task == "detection" or None in (track.budget, track.real, track.synthetic):
        raise UsageError(f"track {track.name} trains no classifiers on real and generated data: it has no data board")
    for name in asked.methods or ():
        if name not in METHOD_ROWS:
            raise UsageError(unknown(name, known=METHOD_ROWS, kind="method"))
    wanted = [name for name, row in METHOD_ROWS.items() if asked.methods is None and not row.by_name]
    wanted += [name for name in METHOD_ROWS if asked.methods and name in {*asked.methods, BASELINE}]
    reasons = {name: why for name in wanted if (why := why_not_ready(track, METHOD_ROWS[name]))}
    return {name: METHOD_ROWS[name] for name in wanted if name not in reasons}, reasons


def why_not_ready(track: Track, row: MethodRow) -> str | None:
    """What a row lacks here, in one line; None where it lacks nothing."""
    if row.recipe is None:
        return None
    return why_absent(load_recipe(_base(track, row)).generator)


def needs_of(row: MethodRow) -> str:
    """What a row takes besides real images, in words."""
    if row.recipe is None:
        return row.augment or "nothing"
    learned = [one["name"] for one in row.recipe.get("adaptations", ())]
    edits = ["shots"] if "conditioning" in row.recipe else []
    return ", ".join([row.recipe["method"]["name"] if "method" in row.recipe else row.base or "", *edits, *learned])


def protocol_of(track: Track, row: MethodRow, shots: int | None, asked: Asked) -> Protocol:
    """What is held equal at this number of shots: `asked` for few shots; the track's own budget for all, as its arms.

    Of all real images one image is made of each, and they stand beside the real ones, as in the arm `mixed`.
    """
    budget = track.budget
    assert budget is not None
    few = shots is not None
    return Protocol(
        track=track.name,
        shots=shots,
        arch=budget.arch,
        steps=asked.steps if few else budget.steps,
        batch=asked.batch if few else budget.batch,
        learning_rate=budget.learning_rate,
        epochs=asked.epochs,
        per_image=asked.per_image if few else 1,
        mix=asked.mix if few and row.join == "mix" else None,
    )


def tasks_of(track: Track, asked: Asked, rows: dict[str, MethodRow], *, real_per_class: int) -> list[Task]:
    """Every cell: trial by trial, so that a run that is stopped has all methods; few shots first."""
    tasks = []
    for trial in range(asked.trials):
        for shots in asked.shots:
            if shots is not None and shots > real_per_class:
                raise UsageError(f"--shots {shots}: {track.name} has {real_per_class} real training images of a class")
            here = {name: row for name, row in rows.items() if not row.few or shots in row.few}
            tasks += [_task(track, name, row, shots, trial, asked, real_per_class) for name, row in here.items()]
    return tasks


def write_recipe(data_root: Path, settings: Settings) -> str:
    """The recipe of a cell as a reference that `generate` takes: a shipped one, or a file that is written here."""
    recipe = settings.recipe
    assert recipe is not None
    if "version" not in recipe:
        return str(recipe["name"])
    path = data_root / "data-board" / settings.protocol.track / "recipes" / recipe["name"] / f"{recipe['version']}.yaml"
    write_json(path, recipe)  # JSON is YAML. Written each time: one that was edited would draw something else.
    return str(path)


def _task(
    track: Track, name: str, row: MethodRow, shots: int | None, trial: int, asked: Asked, real_per_class: int
) -> Task:
    protocol = protocol_of(track, row, shots, asked)
    mirror = track.budget.mirror if track.budget else True
    augment = settle_augmentation(row.augment, mirror=mirror).model_dump(mode="json") if row.augment else None
    count = (shots or real_per_class) * protocol.per_image
    recipe = None if row.recipe is None else _recipe(track, row, protocol, trial=trial, count=count)
    whole = row.whole.get(track.name) if shots is None else None
    if whole:
        recipe = {"name": whole, "splits": {"train": count}}
    settings = Settings(protocol=protocol, method=name, trial=trial, augment=augment, recipe=recipe)
    shared = (recipe.get("adaptations") or recipe["name"]) if recipe else None
    # What is learned from all images serves every trial.
    once = any(one.get("images") == ALL for one in (recipe or {}).get("adaptations", ()))
    return Task(settings, row, digest_json([*([] if once else [shots, None if whole else trial]), shared or name]))


def _recipe(track: Track, row: MethodRow, protocol: Protocol, *, trial: int, count: int) -> dict[str, Any]:
    """The document: the base's generator, sampler and format, and what the row says of the method."""
    base = read_yaml(recipe_path(_base(track, row)))
    assert isinstance(base, dict)
    assert row.recipe is not None
    kept = {
        key: value
        for key, value in base.items()
        if (key not in _OWN or (key == "filters" and row.filtered))
        and (key not in _DRAWS or "method" not in row.recipe)
    }
    said = kept | row.recipe | {"root_seed": trial, "batch": min(LARGEST_BATCH, count)}
    if "conditioning" in said:
        said["conditioning"] = {**said["conditioning"], **_shots(track, protocol, trial)}
    method = dict(said["method"])
    if "images" in TAKES[method["name"]]:
        method["per_image"] = protocol.per_image
    said["method"] = method
    # The name holds what images depend on: rows that draw alike share them, and more shots of a method that looks at
    # none take over the images of fewer.
    identity = digest_json(said)[7:15]
    return {
        "name": f"data-board-{method['name']}-{identity}",
        "version": f"1.{count}.0",
        "title": f"Data board, {method['name']}, trial {trial}",
        "description": "Drawn for the data leaderboard from what its recipe says.",
        "splits": {"train": count},
    } | said


def _shots(track: Track, protocol: Protocol, trial: int) -> dict[str, Any]:
    assert track.real is not None
    if track.real.source is None:
        raise UsageError(f"track {track.name}: its real images are no named source, which methods draw from; give one")
    source, _, split = track.real.source.rpartition("-")
    shots = {} if protocol.shots is None else {"shots": protocol.shots, "trial": trial}
    return {"source": source, "splits": {"train": split}} | shots


def _base(track: Track, row: MethodRow) -> str:
    if row.base is not None:
        return row.base
    assert track.synthetic is not None
    if track.synthetic.dataset is None:
        raise UsageError(f"track {track.name}: its synthetic data come from no recipe; the data board needs one")
    return track.synthetic.dataset


def groups_of(tasks: Sequence[Task]) -> list[list[Task]]:
    """The tasks that share a state or a version, together, in the order of the first of each."""
    groups: dict[str, list[Task]] = {}
    for task in tasks:
        groups.setdefault(task.group, []).append(task)
    return list(groups.values())
