"""Are the data of a WILDS track here and whole? In words, with the remedy; and fetching them, when asked."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.core.errors import BenchError
from bench.core.wilds import WildsTrack
from bench.pipelines.doctor import Examination, Finding
from bench.pipelines.wilds.tracks import load_wilds, wilds_root
from bench.sources.image_health import broken_files
from bench.sources.wilds_checks import COMPLETE
from bench.sources.wilds_dataset import WildsData, download_wilds, find_release, image_paths, open_wilds

SAMPLE = 200
SIDE = 1024


def why_not_ready(track: WildsTrack, data_root: Path, root: Path | None = None) -> str | None:
    """What keeps the track from being evaluated here, in one line; None where nothing does."""
    try:
        open_wilds(track, wilds_root(data_root, root))
        return None
    except BenchError as error:
        return str(error)


def examine(track: WildsTrack, *, data_root: Path, root: Path | None = None) -> list[Examination]:
    """Every split of the track (of its first fold), examined; nothing is changed."""
    place = wilds_root(data_root, root)
    try:
        version, folder = find_release(track, place)
        data = open_wilds(track, place)
    except BenchError as error:
        remedy = "put right what is named here, then run doctor again"
        finding = Finding(what=str(error), remedy=remedy)
        return [Examination(name=track.name, place=str(place), ready=False, optional=False, findings=(finding,))]
    return [_split(track, data, split, folder, newest=version == track.releases[0].version) for split in track.splits]


def download(name: str, *, data_root: Path, root: Path | None = None) -> Path:
    """Fetch the newest version of a WILDS track; the folder where it lies now."""
    return download_wilds(load_wilds(name), wilds_root(data_root, root))


def _split(track: WildsTrack, data: WildsData, split: str, folder: Path, *, newest: bool) -> Examination:
    part, expected = data.parts[split], track.splits[split].images
    findings = [*_images(data, split), *_boxes(data, split)]
    if newest and expected is not None and len(part) != expected:
        findings.append(Finding(what=f"{len(part):,} images, expected {expected:,}", remedy=COMPLETE))
    return Examination(
        name=f"{track.name}/{split}",
        place=f"{folder}, {len(part):,} images in {len(np.unique(part.groups))} groups",
        ready=not findings,
        optional=False,
        images=len(part),
        folders=len(np.unique(part.groups)),
        findings=tuple(findings),
    )


def _images(data: WildsData, split: str) -> Iterator[Finding]:
    """Images that the tables name and that are not there, and, of a sample, those that are cut short."""
    paths = image_paths(data, split)
    if not paths:
        return
    there = {folder: set(os.listdir(folder)) for folder in {path.parent for path in paths}}
    missing = [path for path in paths if path.name not in there[path.parent]]
    if missing:
        what = f"{len(missing):,} of {len(paths):,} images are missing, such as {missing[0].name}"
        yield Finding(what=what, remedy=COMPLETE)
        return
    sample = paths[:: max(1, len(paths) // SAMPLE)]
    broken = [] if data.name == "poverty" else broken_files(paths[0].parent, [path.name for path in sample])
    if data.name == "poverty":
        broken = [path.name for path in sample if not _is_bands(path)]
    if broken:
        what = f"{len(broken)} of {len(sample)} images that were looked at are damaged, such as {broken[0]}"
        yield Finding(what=what, remedy=COMPLETE)


def _is_bands(path: Path) -> bool:
    try:
        with np.load(path) as found:
            return found["x"].ndim == 3 and found["x"].shape[0] == 8
    except (OSError, ValueError, KeyError, EOFError):
        return False


def _boxes(data: WildsData, split: str) -> Iterator[Finding]:
    """True boxes that are empty, or outside the image."""
    if data.name != "globalwheat":
        return
    part = data.parts[split]
    for image_id, boxes in zip(part.ids, part.truth, strict=True):
        wrong = (boxes[:, 2:] <= boxes[:, :2]).any(axis=1) | (boxes < 0).any(axis=1) | (boxes > SIDE).any(axis=1)
        if wrong.any():
            box = " ".join(map(str, boxes[int(np.argmax(wrong))].tolist()))
            what = f"{image_id}: the box {box} is empty, or outside {SIDE} x {SIDE} pixels"
            yield Finding(what=what, remedy="it is scored as it stands; compare with the official copy")
            return
