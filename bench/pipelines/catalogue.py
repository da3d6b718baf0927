"""`list`: what exists, and whether it is ready here, with the reason where it isn't."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from bench import augment, engines, filters, metrics, models, synthesis
from bench.core.errors import BenchError
from bench.core.record import Record
from bench.core.registry import look_up
from bench.models.door import lacks
from bench.pipelines.data_board.comparisons import COMPARISONS
from bench.pipelines.data_board.plan import needs_of, why_not_ready
from bench.pipelines.data_board.registry import METHOD_ROWS
from bench.pipelines.tracks import load_track, ready_sets, track_names
from bench.pipelines.versions.readiness import why_not_drawable
from bench.pipelines.versions.recipes import list_recipes, load_recipe
from bench.pipelines.wilds.doctor import why_not_ready as why_no_wilds
from bench.pipelines.wilds.tracks import load_wilds, wilds_names
from bench.store.versions import open_version
from bench.synthesis.pinned_weights import layout, shipped

DATA_BOARD_TRACK = "digits"


class Entry(Record):
    """One thing that exists; `ready` here and now, and `why_not` where it isn't."""

    kind: str
    name: str
    about: str
    ready: bool
    why_not: str | None = None

    def __str__(self) -> str:
        mark = "ready    " if self.ready else "not ready"
        return f"{mark}  {self.name:<28} {self.about}" + (f"\n{'':11}{self.why_not}" if self.why_not else "")


def catalogue(what: str, *, data_root: Path) -> list[Entry]:
    """Every entry of one kind, in a fixed order."""
    return _LISTERS[what](data_root)


def _tracks(data_root: Path) -> list[Entry]:
    entries = []
    for name in track_names():
        track = load_track(name)
        state = ready_sets(track, data_root=data_root)
        required = {one: why for one, why in state.items() if not track.sets[one].optional}
        missing = [one for one, why in required.items() if why]
        why_not = f"missing: {', '.join(missing)}" if missing else None
        entries.append(Entry(kind="track", name=name, about=track.question, ready=not missing, why_not=why_not))
        entries += [
            Entry(kind="set", name=f"{name}/{one}", about=track.sets[one].about, ready=why is None, why_not=why)
            for one, why in state.items()
        ]
    return entries + _wilds_tracks(data_root)


def _wilds_tracks(data_root: Path) -> list[Entry]:
    entries = []
    for track in map(load_wilds, wilds_names()):
        why_not = why_no_wilds(track, data_root)
        entries.append(
            Entry(kind="track", name=track.name, about=track.question, ready=why_not is None, why_not=why_not)
        )
    return entries


def _datasets(data_root: Path) -> list[Entry]:
    entries = []
    for reference in list_recipes():
        about, why_not = "", None
        try:
            recipe = load_recipe(reference)
            about, obstacles = recipe.title, why_not_drawable(recipe, data_root)
            open_version(reference, data_root)
        except BenchError as error:
            why_not = f"not made here; it needs: {obstacles}" if about and obstacles else str(error)
        entries.append(Entry(kind="dataset", name=reference, about=about, ready=why_not is None, why_not=why_not))
    return entries


def _engines(data_root: Path) -> list[Entry]:
    why_not = {name: look_up(engines.WHY_NOT, name, kind="engine")() for name in engines.WHY_NOT}
    return [
        Entry(kind="engine", name=name, about=text, ready=not why_not.get(name), why_not=why_not.get(name))
        for name, text in engines.ABOUT.items()
    ]


def _filters(data_root: Path) -> list[Entry]:
    absent = {} if find_spec("nudenet") else {"nudity": 'needs nudenet: pip install "imagenet-g-bench[safety]"'}
    return [
        Entry(kind="filter", name=name, about=text, ready=name not in absent, why_not=absent.get(name))
        for name, text in filters.ABOUT.items()
    ]


def _methods(data_root: Path) -> list[Entry]:
    """Methods, ready where a generator of their layout comes with this package; and what a generator can learn."""
    here = {layout(name) for name in shipped()}
    entries = []
    for name, text in synthesis.ABOUT.items():
        wanted = synthesis.LAYOUTS.get(name, {"StableDiffusionPipeline"})
        needs = ", ".join(
            [*sorted(synthesis.TAKES[name]), *([synthesis.NEEDS[name]] if name in synthesis.NEEDS else [])]
        )
        why_not = f"no {' or '.join(sorted(wanted))} comes with this package; a recipe names a folder or a hub id"
        ready = bool(wanted & here)
        about = f"{text} (from {needs})"
        entry = Entry(kind="synthesis method", name=name, about=about, ready=ready, why_not=None if ready else why_not)
        entries.append(entry)
    entries += [
        Entry(kind="adaptation", name=name, about=f"a generator learns {text}", ready=True)
        for name, text in synthesis.LEARNS.items()
    ]
    return entries + _data_board_rows()


def _data_board_rows() -> list[Entry]:
    """The rows of the data leaderboard, as `methods --track digits` can make them."""
    entries, track = [], load_track(DATA_BOARD_TRACK)
    for name, row in METHOD_ROWS.items():
        why_not = why_not_ready(track, row)
        about = f"{row.about} (from {needs_of(row)}{'; only when named' if row.by_name else ''})"
        entries.append(
            Entry(kind="data board row", name=f"methods/{name}", about=about, ready=not why_not, why_not=why_not)
        )
    return entries


def _comparisons(data_root: Path) -> list[Entry]:
    """What the documents compare, ready where all of its rows can be made on the digits."""
    entries, track = [], load_track(DATA_BOARD_TRACK)
    for name, one in COMPARISONS.items():
        lacking = {row: why for row in one.rows if (why := why_not_ready(track, METHOD_ROWS[row]))}
        shots = ", ".join("all" if each is None else str(each) for each in one.shots)
        why_not = "; ".join(f"{row}: {why}" for row, why in lacking.items()) or None
        about = f"{one.title} ({', '.join(one.rows)}; shots {shots})"
        entries.append(Entry(kind="comparison", name=name, about=about, ready=not lacking, why_not=why_not))
    return entries


def _shelf(kind: str, about: dict[str, str]) -> Callable[[Path], list[Entry]]:
    return lambda data_root: [Entry(kind=kind, name=name, about=text, ready=True) for name, text in about.items()]


def _models(data_root: Path) -> list[Entry]:
    return [
        Entry(kind="model source", name=name, about=text, ready=not lacks(name), why_not=lacks(name))
        for name, text in models.ABOUT.items()
    ]


_LISTERS: dict[str, Callable[[Path], list[Entry]]] = {
    "tracks": _tracks,
    "datasets": _datasets,
    "models": _models,
    "methods": _methods,
    "comparisons": _comparisons,
    "augmentations": _shelf("augmentation", augment.ABOUT),
    "filters": _filters,
    "metrics": _shelf("metric", metrics.ABOUT),
    "engines": _engines,
}
