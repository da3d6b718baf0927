"""A folder of predictions as the official WILDS evaluation wants it, found again by name.

`<dataset>_split:<split>_seed:<n>…` or `…_fold:<letter>…`, ending in .csv or .pth (methods.md 19.5), or in .parquet for
our own keyed files. Where a file system has no colons, `-`, `_`, `=` or `%3A` stands in their place.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from bench.core.errors import DataError
from bench.core.wilds import WildsTrack

ENDINGS = (".csv", ".pth", ".parquet")
BEST = "best"
# U+F03A and U+A789 are what Windows, through WSL and Samba, makes of a colon.
_COLON = r"(?::|%3A|[-_=\uf03a\ua789])"
Files = dict[tuple[str, str], Path]


def holds(folder: Path, dataset: str) -> bool:
    """Are there predictions for `dataset` in `folder` itself?"""
    return any(path.name.startswith(f"{dataset}_split") and path.suffix in ENDINGS for path in _listed(folder))


def find_predictions(folder: Path, track: WildsTrack) -> tuple[Files, tuple[str, ...]]:
    """The file of each (split, replicate) that the track asks for, and which further replicates are left out.

    DataError where one is missing, naming the file that was looked for, and where two files answer the same.
    """
    found: dict[tuple[str, str], list[Path]] = {}
    for path in _listed(folder):
        named = _parts(path.name, track)
        if named:
            found.setdefault(named, []).append(path)
    chosen = {
        (split, replicate): _one(found, folder, track, split, replicate)
        for split in track.evaluated
        for replicate in track.replicates
    }
    more = sorted({replicate for _, replicate in found} - set(track.replicates), key=lambda one: (len(one), one))
    return chosen, tuple(more)


def _parts(name: str, track: WildsTrack) -> tuple[str, str] | None:
    """(split, replicate) of a file's name; the replicate is whole, so that seed 10 is never taken for seed 1."""
    if not name.endswith(ENDINGS):
        return None
    splits = "|".join(sorted(map(re.escape, track.splits), key=len, reverse=True))
    pattern = rf"{track.name}_split{_COLON}({splits})_{track.replicate}{_COLON}([A-Za-z0-9]+)(?=[^A-Za-z0-9])"
    match = re.match(pattern, name)
    return (match[1], match[2]) if match else None


def _one(
    found: Mapping[tuple[str, str], list[Path]], folder: Path, track: WildsTrack, split: str, replicate: str
) -> Path:
    paths = found.get((split, replicate), [])
    # A trainer leaves the predictions of its last epoch beside those of its best one.
    best = [path for path in paths if re.search(rf"epoch{_COLON}{BEST}(?![A-Za-z0-9])", path.name)]
    chosen = best if len(best) == 1 else paths
    if len(chosen) == 1:
        return chosen[0]
    if chosen:
        names = " and ".join(sorted(path.name for path in chosen)[:2])
        raise DataError(f"{folder}: {names} both answer split {split}, {track.replicate} {replicate}; keep one")
    ending = "pth" if track.task == "detection" else "csv"
    wanted = f"{track.name}_split:{split}_{track.replicate}:{replicate}*.{ending}"
    there = sorted(one for where, one in found if where == split)
    raise DataError(
        f"{folder}: no predictions for split {split}, {track.replicate} {replicate} (looked for {wanted}; of this split"
        f" there {'is ' + track.replicate + ' ' + ', '.join(there) if there else 'is nothing'}); every split but train"
        f" needs {track.replicate} {', '.join(track.replicates)}"
    )


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except NotADirectoryError:
        raise DataError(f"{folder}: expected a folder of predictions, got a file") from None
    except OSError as error:
        raise DataError(f"{folder}: no folder of predictions can be read there ({error.strerror})") from None
