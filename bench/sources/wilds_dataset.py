"""The datasets of WILDS, read by the `wilds` package from its own folders: `<name>_v<version>` with a release file."""

import io
import shutil
import warnings
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bench.core.digests import digest_json
from bench.core.errors import DataError
from bench.core.wilds import WildsTrack
from bench.sources.wilds_checks import COMPLETE, check_files
from bench.sources.wilds_package import averaging, wilds_package


@dataclass(frozen=True)
class WildsPart:
    """One split: `ids` of its images in the official order; `rows` of them in the dataset.

    `truth`: classes int64 [n], wealth float32 [n], or for each image its boxes int64 [m, 4]. `groups`: int64 [n],
    the group of the official evaluation (rural or urban, session, camera).
    """

    name: str
    ids: tuple[str, ...]
    rows: np.ndarray
    truth: Any
    groups: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def digest(self) -> str:
        """The identity of the questions and their answers: ids, truth and groups, in the official order."""
        truth = [one.tolist() for one in self.truth]
        return digest_json([self.ids, truth, self.groups.tolist()])


@dataclass(frozen=True)
class WildsData:
    """A dataset in one version (and fold): its splits, the names of its groups, `classes` where it has classes."""

    name: str
    version: str
    fold: str | None
    folder: Path
    classes: int | None
    group_names: tuple[str, ...]
    parts: dict[str, WildsPart]
    package: Any

    def official(self, split: str, predicted: Any) -> dict[str, float]:
        """The figures of the package's own `eval`, for predictions as it takes them (a tensor, or a list of dicts)."""
        subset = self.package.get_subset(split)
        truth = subset.y_array if self.name != "globalwheat" else [self.package.y_array[row] for row in subset.indices]
        if self.name == "poverty" and predicted.ndim == 1:
            predicted = predicted.unsqueeze(-1)
        with averaging(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return dict(self.package.eval(predicted, truth, subset.metadata_array)[0])


def find_release(track: WildsTrack, root: Path) -> tuple[str, Path]:
    """The newest version under `root` and its folder; DataError that says which files to put where, and their size."""
    for release in track.releases:
        folder = root / track.folder(release.version)
        if (folder / f"RELEASE_v{release.version}.txt").is_file():
            return release.version, folder
    newest = track.releases[0]
    folders = [root / track.folder(one.version) for one in track.releases]
    started = [folder for folder in folders if folder.is_dir()]
    if started:
        version = started[0].name.rpartition("_v")[2]
        raise DataError(f"{started[0]}: not a whole copy, RELEASE_v{version}.txt is missing; {COMPLETE}")
    raise DataError(
        f"no copy of {track.title} under {root}: unpack its archive.tar.gz ({newest.bytes / 1e9:.1f} GB) as"
        f" {track.folder(newest.version)}/, or name the folder that holds it by --root; `wilds-download {track.name}`"
        " fetches it, but its host is often down"
    )


def open_wilds(track: WildsTrack, root: Path, *, fold: str | None = None) -> WildsData:
    """The newest version of `track` under `root`; DataError with file and line where the copy is damaged."""
    version, folder = find_release(track, root)
    check_files(track.name, version, folder)
    wilds = wilds_package()
    options = {} if fold is None else {"fold": fold}
    try:
        # The package prints what it thinks of old versions, and warns of what pandas will change one day.
        with redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = wilds.get_dataset(dataset=track.name, version=version, root_dir=str(root), **options)
    except Exception as error:
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise DataError(f"{folder}: the wilds package cannot read it: {reason}; {COMPLETE}") from None
    return WildsData(
        name=track.name,
        version=version,
        fold=fold,
        folder=folder,
        classes=dataset.n_classes if track.task == "classes" else None,
        group_names=_group_names(dataset),
        parts={split: _part(track.name, dataset, split) for split in track.splits},
        package=dataset,
    )


def image_paths(data: WildsData, split: str) -> list[Path]:
    """Where the images of a split lie, one file each; none where a version has them all in one file."""
    part = data.parts[split]
    if data.name == "iwildcam":
        return [data.folder / "train" / image_id for image_id in part.ids]
    if data.name == "globalwheat":
        return [data.folder / "images" / image_id for image_id in part.ids]
    return [] if data.version == "1.0" else [data.folder / "images" / f"{image_id}.npz" for image_id in part.ids]


def download_wilds(track: WildsTrack, root: Path) -> Path:
    """Fetch the newest version with the package's own download, and unpack it under `root`; its folder.

    DataError where the disk has no room for archive and images, and where it did not arrive, saying what to fetch by
    other means and where to put it.
    """
    newest = track.releases[0]
    folder = root / track.folder(newest.version)
    if (folder / f"RELEASE_v{newest.version}.txt").is_file():
        return folder
    root.mkdir(parents=True, exist_ok=True)
    size, free = newest.bytes / 1e9, shutil.disk_usage(root).free / 1e9
    if free < 2 * size:
        raise DataError(f"{root}: {track.title} needs {2 * size:.0f} GB to unpack, {free:.0f} GB are free; make room")
    wilds, why = wilds_package(), ""
    said = io.StringIO()
    try:
        with redirect_stdout(said), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wilds.get_dataset(dataset=track.name, version=newest.version, root_dir=str(root), download=True)
    except Exception as error:
        why = str(error)
    if not (folder / f"RELEASE_v{newest.version}.txt").is_file():
        # The package prints why, and goes on to the first file that is not there.
        heard = [line for line in said.getvalue().splitlines() if line.startswith("Exception:")]
        reason = " ".join((heard[-1].removeprefix("Exception:") if heard else why).split())[:120]
        raise DataError(
            f"{track.title} did not arrive ({reason}); its host is often down. Get archive.tar.gz ({size:.1f} GB) by"
            f" other means, unpack it as {folder}, and remove what lies there now"
        )
    return folder


def _part(name: str, dataset: Any, split: str) -> WildsPart:
    subset = dataset.get_subset(split)
    rows = np.asarray(subset.indices)
    if not len(rows):
        raise DataError(f"{name}: the split {split!r} has no image; {COMPLETE}")
    if name == "globalwheat":
        truth: Any = tuple(dataset.y_array[row]["boxes"].numpy() for row in rows)
        ids = tuple(str(dataset._image_array[row]) for row in rows)
    else:
        truth = subset.y_array.numpy().reshape(len(rows))
        ids = (
            tuple(map(str, dataset._input_array[rows]))
            if name == "iwildcam"
            else tuple(f"landsat_poverty_img_{row}" for row in rows)
        )
    groups = dataset._eval_grouper.metadata_to_group(subset.metadata_array)
    return WildsPart(split, ids, rows, truth, groups.numpy())


def _group_names(dataset: Any) -> tuple[str, ...]:
    grouper = dataset._eval_grouper
    return tuple(grouper.group_field_str(one).partition(":")[2] for one in range(grouper.n_groups))
