"""The tracks of WILDS: `datasets/tracks/wilds/*.yaml`, and where their data lie."""

from functools import cache
from pathlib import Path

from bench.core.errors import UsageError
from bench.core.record import parse
from bench.core.registry import unknown
from bench.core.wilds import WildsTrack
from bench.store.documents import read_yaml_lines
from bench.store.paths import datasets_folder


def wilds_names() -> list[str]:
    """The shipped tracks of WILDS."""
    return sorted(path.stem for path in (datasets_folder() / "tracks" / "wilds").glob("*.yaml"))


@cache
def load_wilds(name: str) -> WildsTrack:
    """A track of WILDS by name; UsageError with the nearest names for another."""
    if name not in wilds_names():
        raise UsageError(unknown(name, known=wilds_names(), kind="WILDS dataset"))
    path = datasets_folder() / "tracks" / "wilds" / f"{name}.yaml"
    data, lines = read_yaml_lines(path)
    return parse(WildsTrack, data, where=str(path), lines=lines)


def wilds_root(data_root: Path, root: Path | None = None) -> Path:
    """The folder that holds `<name>_v<version>/`: the user's own, else `wilds/` under the data root."""
    return root.expanduser().resolve() if root else data_root / "wilds"
