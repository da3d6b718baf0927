"""Reading track files: what they say by name (class lists, maps, every version of a dataset) is written out."""

from functools import cache
from pathlib import Path
from typing import Any

from bench.core.errors import UsageError
from bench.core.record import Lines, at_line, parse
from bench.core.registry import LONGEST, unknown
from bench.core.track import Track
from bench.pipelines.versions.recipes import list_recipes
from bench.pipelines.wilds.tracks import wilds_names
from bench.sources.class_lists import class_list
from bench.store.documents import read_yaml_lines
from bench.store.paths import datasets_folder

SUFFIXES = (".yaml", ".yml")
EVERY_VERSION = "@*"
KEYWORDS = ("wnid", "index")


def track_names() -> list[str]:
    """The shipped tracks: `datasets/tracks/*.yaml`."""
    return sorted(path.stem for path in (datasets_folder() / "tracks").glob("*.yaml"))


def map_names() -> list[str]:
    """The shipped maps from folders to classes: `datasets/maps/*.yaml`."""
    return sorted(path.stem for path in (datasets_folder() / "maps").glob("*.yaml"))


def load_track(name: str) -> Track:
    """A shipped track by name, or a user's own by file; UsageError naming file, line and key where it is wrong."""
    own = Path(name)
    if own.suffix in SUFFIXES:
        path = own
    elif name in track_names():
        path = datasets_folder() / "tracks" / f"{name}.yaml"
    elif name in wilds_names():
        raise UsageError(
            f"{name} is a track of WILDS, which scores methods over replicates: `train`, `publish`, `doctor`, `list"
            " tracks` and `wilds-evaluate` know it, this does not"
        )
    else:
        raise UsageError(unknown(name, known=track_names(), kind="track") + " (or a file ending in .yaml)")
    data, lines = read_yaml_lines(path)
    return parse(Track, _expanded(data, path, lines), where=str(path), lines=lines)


def _expanded(data: object, path: Path, lines: Lines) -> object:
    if not isinstance(data, dict):
        raise UsageError(f"{path}: expected a track (name, classes, sets…), got {type(data).__name__}")
    if isinstance(data.get("classes"), str):
        with _At(path, lines, "classes"):
            data = data | {"classes": class_list(data["classes"])}
    if not isinstance(data.get("sets"), dict):
        return data
    sets: dict[Any, Any] = {}
    for name, spec in data["sets"].items():
        for one, said in _versions(name, spec).items():
            with _At(path, lines, "sets", str(name), "map"):
                sets[one] = _with_map(said, path)
    return data | {"sets": sets}


def _versions(name: Any, spec: Any) -> dict[Any, Any]:
    """`dataset: imagenet-g@*` stands for one set for each version that has a recipe, `NAME-VERSION`."""
    if not isinstance(spec, dict) or not str(spec.get("dataset", "")).endswith(EVERY_VERSION):
        return {name: spec}
    dataset = str(spec["dataset"]).removesuffix(EVERY_VERSION)
    known = [reference for reference in list_recipes() if reference.partition("@")[0] == dataset]
    return {
        f"{name}-{reference.partition('@')[2]}": {
            **spec,
            "dataset": reference,
            "title": f"{spec.get('title', name)} {reference.partition('@')[2]}",
        }
        for reference in known
    }


def _with_map(spec: Any, path: Path) -> Any:
    if not isinstance(spec, dict) or not isinstance(spec.get("map"), str) or spec["map"] in KEYWORDS:
        return spec
    name = spec["map"]
    if Path(name).suffix in SUFFIXES:
        return spec | {"map": read_map(path.parent / Path(name).expanduser())}
    if name not in map_names():
        known = [*KEYWORDS, *map_names()]
        raise UsageError(unknown(name, known=known, kind="map") + ", or write {folder: class, …}")
    return spec | {"map": shipped_map(name)}


@cache
def shipped_map(name: str) -> dict[str, Any]:
    """The `folders` of `datasets/maps/<name>.yaml`, which several sets of a track share."""
    return read_map(datasets_folder() / "maps" / f"{name}.yaml")


def read_map(path: Path) -> dict[str, Any]:
    """The `folders` of a map file, folder name -> class or classes; UsageError where it has none."""
    data, _ = read_yaml_lines(path)
    folders = data.get("folders") if isinstance(data, dict) else None
    if not isinstance(folders, dict) or not folders:
        raise UsageError(f"{path}: expected `folders:` with one line a folder, name: class, or name: [class, …]")
    return folders


class _At:
    """A UsageError that is raised inside is told with file, line and key."""

    def __init__(self, path: Path, lines: Lines, *place: str) -> None:
        self.path, self.lines, self.place = path, lines, place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, UsageError):
            where = at_line(str(self.path), self.lines, self.place)
            raise UsageError(f"{where}: {'.'.join(part[:LONGEST] for part in self.place)}: {error}") from None
