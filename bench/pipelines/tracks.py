"""Finding tracks, and opening the image sets that they name."""

from functools import cache
from pathlib import Path

from bench.core.errors import DataError, UsageError
from bench.core.images import ImageSet
from bench.core.record import parse
from bench.core.registry import look_up, unknown
from bench.core.track import SetSpec, Track
from bench.sources import SOURCES
from bench.store.documents import read_yaml
from bench.store.paths import datasets_folder

SUFFIXES = (".yaml", ".yml")


def track_names() -> list[str]:
    """The shipped tracks: `datasets/tracks/*.yaml`."""
    return sorted(path.stem for path in (datasets_folder() / "tracks").glob("*.yaml"))


def load_track(name: str) -> Track:
    """A shipped track by name, or a user's own by file; UsageError naming file and key where it is wrong."""
    own = Path(name)
    if own.suffix in SUFFIXES:
        path = own
    elif name in track_names():
        path = datasets_folder() / "tracks" / f"{name}.yaml"
    else:
        raise UsageError(unknown(name, known=track_names(), kind="track") + " (or a file ending in .yaml)")
    return parse(Track, read_yaml(path), where=str(path))


def open_set(track: Track, name: str, *, data_root: Path, limit: int | None = None) -> ImageSet:
    """One evaluation set of the track; DataError with the remedy where its data are absent."""
    if name not in track.sets:
        raise UsageError(unknown(name, known=track.sets, kind=f"set of track {track.name}"))
    return _open(track, track.sets[name], data_root=data_root).first(limit)


def open_training_set(track: Track, ingredient: str, *, data_root: Path) -> ImageSet:
    """The track's `real` or `synthetic` training images."""
    spec = {"real": track.real, "synthetic": track.synthetic}.get(ingredient)
    if spec is None:
        raise UsageError(f"track {track.name} has no {ingredient!r} training data")
    return _open(track, spec, data_root=data_root)


def ready_sets(track: Track, *, data_root: Path) -> dict[str, str | None]:
    """For each set: None when it can be opened, else why not. Required sets and optional ones alike."""
    state: dict[str, str | None] = {}
    for name in track.sets:
        try:
            open_set(track, name, data_root=data_root)
            state[name] = None
        except DataError as error:
            state[name] = str(error)
    return state


def sets_to_score(track: Track, *, data_root: Path) -> list[str]:
    """Every required set, and the optional ones that are here; a missing required set is a DataError."""
    state = ready_sets(track, data_root=data_root)
    for name, why_not in state.items():
        if why_not and not track.sets[name].optional:
            raise DataError(f"track {track.name}, set {name}: {why_not}")
    return [name for name, why_not in state.items() if why_not is None]


def _open(track: Track, spec: SetSpec, *, data_root: Path) -> ImageSet:
    if spec.source is not None:
        return _open_source(spec.source, data_root)
    from bench.store.versions import open_version

    class_ids = tuple(item.id for item in track.classes)
    return open_version(spec.dataset, data_root).image_set(spec.split, class_ids)


@cache
def _open_source(source: str, data_root: Path) -> ImageSet:
    # Real data do not change while a verb runs, and a board's verbs open the same few sets for every model.
    return look_up(SOURCES, source, kind="source")(data_root)
