"""`doctor`: are a track's sets here, complete, and laid out as expected? In words, with the remedy."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from bench.core.errors import BenchError
from bench.core.examination import Examination, Finding
from bench.core.label_map import BY_CLASS, BY_INDEX, folder_key
from bench.core.track import SetSpec, Track
from bench.pipelines.examination import examine_boxes
from bench.pipelines.track_files import map_names, shipped_map
from bench.pipelines.tracks import list_tree_once, open_set, set_folder
from bench.sources.image_folder import Tree
from bench.sources.image_health import broken_files, sha256_of

SHOWN = 5


def doctor(track: Track, *, data_root: Path) -> list[Examination]:
    """Every set of the track, examined; nothing is changed. Files are read at their ends, suspicious ones whole."""
    examine = examine_boxes if track.task == "detection" else _examine
    return [examine(track, name, data_root) for name in track.sets]


def _examine(track: Track, name: str, data_root: Path) -> Examination:
    spec = track.sets[name]
    why_not = _why_not(track, name, data_root)
    if spec.folder is None:
        place = spec.source or f"{spec.dataset}, split {spec.split}"
        found = () if why_not is None else (Finding(what=why_not, remedy=_generate(spec)),)
        return Examination(name=name, place=place, ready=not found, optional=spec.optional, findings=found)
    root = set_folder(spec, data_root)
    try:
        tree = list_tree_once(root)
    except BenchError as error:
        remedy = f"unpack or link the set there; `{spec.folder}` is looked for under the data root {data_root}"
        return Examination(
            name=name,
            place=str(root),
            ready=False,
            optional=spec.optional,
            findings=(Finding(what=str(error), remedy=remedy),),
        )
    findings = [finding for check in CHECKS for finding in check(track, name, tree)]
    if why_not and not findings:
        findings.append(Finding(what=why_not, remedy="put right what is named here, then run doctor again"))
    mapped = _mapped(track, name, tree)
    counts = {folder: len(tree.files[folder]) for folder in mapped}
    return Examination(
        name=name,
        place=str(root),
        ready=why_not is None,
        optional=spec.optional,
        images=sum(counts.values()),
        folders=len(counts),
        per_folder=_spread(counts),
        naming=_naming(tree),
        endings=dict(Counter(Path(file).suffix for folder in mapped for file in tree.files[folder]).most_common()),
        histogram=counts,
        checksums=_sample(tree, mapped),
        findings=tuple(findings),
    )


def _why_not(track: Track, name: str, data_root: Path) -> str | None:
    try:
        open_set(track, name, data_root=data_root)
        return None
    except BenchError as error:
        return str(error)


def _generate(spec: SetSpec) -> str:
    return f"imagenet-g generate {spec.dataset}" if spec.dataset else "install or put there what is named"


def _mapped(track: Track, name: str, tree: Tree) -> list[str]:
    spec, wanted = track.sets[name], track.classes_of(name)
    assert spec.map is not None
    return [folder for folder in tree.files if folder_key(folder, spec.map) in wanted]


def _spread(counts: dict[str, int]) -> tuple[int, float, int] | None:
    return (min(counts.values()), float(np.median(list(counts.values()))), max(counts.values())) if counts else None


def _naming(tree: Tree) -> str:
    folders = list(tree.files)
    if all(folder.isdecimal() for folder in folders):
        return f"numbers, {min(map(int, folders))} to {max(map(int, folders))}"
    if all(len(folder) == 9 and folder[0] == "n" and folder[1:].isdecimal() for folder in folders):
        return "WordNet ids"
    return f"names, such as {folders[0]!r}"


def _sample(tree: Tree, mapped: list[str]) -> dict[str, str]:
    """The sha256 of some files, spread over the folders, to compare with somebody else's copy."""
    filled = [folder for folder in mapped if tree.files[folder]]
    step = max(1, len(filled) // SHOWN)
    ids = [f"{folder}/{tree.files[folder][0]}" for folder in filled[::step][:SHOWN]]
    return {image_id: sha256_of(tree.root / image_id) for image_id in ids}


def _numbered(track: Track, name: str, tree: Tree) -> Iterator[Finding]:
    spec, numbers = track.sets[name], [folder for folder in tree.files if folder.isdecimal()]
    if len(numbers) == len(tree.files) and spec.map == BY_CLASS:
        yield Finding(
            what=f"its {len(numbers)} folders are numbers, the map expects class ids (as text, 10 sorts before 2)",
            remedy="write map: index in the track; do not rename the folders in the order in which they are listed",
        )
    if spec.map == BY_INDEX and not numbers:
        yield Finding(
            what="its folders are not numbers, the map expects class numbers",
            remedy="unpack the set again without renaming folders, or write map: wnid if they are class ids",
        )


def _folders_missing(track: Track, name: str, tree: Tree) -> Iterator[Finding]:
    spec, wanted = track.sets[name], track.classes_of(name)
    assert spec.map is not None
    here = {folder_key(folder, spec.map) for folder in tree.files}
    missing = sorted(set(wanted) - here)
    known = next((one for one in map_names() if missing and set(shipped_map(one)) == set(tree.files)), None)
    if known and here & set(wanted):
        yield Finding(
            what=f"its {len(here):,} folders are the classes of the map {known}, all {len(wanted):,} would compete",
            remedy=f"write map: {known} and restrict: true in the track, so that only these classes compete",
        )
    elif missing and here & set(wanted):
        yield Finding(
            what=f"{len(missing)} of its {len(wanted)} folders are missing: {_some(missing)}",
            remedy="the download or the unpacking stopped halfway; get the rest, a part is never scored",
        )
    foreign = (
        [] if spec.subset else sorted(folder for folder in tree.files if folder_key(folder, spec.map) not in wanted)
    )
    if foreign and here & set(wanted):
        yield Finding(
            what=f"{len(foreign)} folders are not in the map: {_some(foreign)}",
            remedy="add them to the map, move them away, or write subset: true to leave them out",
        )


def _images_missing(track: Track, name: str, tree: Tree) -> Iterator[Finding]:
    spec = track.sets[name]
    counts = {folder: len(tree.files[folder]) for folder in _mapped(track, name, tree)}
    each, total = spec.expect.per_folder, sum(counts.values())
    short = [folder for folder, count in counts.items() if count < (each or 1)]
    if short:
        lost = sum((each or 1) - counts[folder] for folder in short)
        yield Finding(
            what=f"{lost:,} images are missing in {len(short):,} folders: {_some(short)}",
            remedy="get these folders again; a part is never scored",
        )
    if spec.expect.images and total not in spec.expect.images and not short and spec.labels is None:
        expected = " or ".join(f"{count:,}" for count in spec.expect.images)
        yield Finding(what=f"{total:,} images, expected {expected}", remedy="get the set again, into an empty folder")


def _all_compete(track: Track, name: str, tree: Tree) -> Iterator[Finding]:
    spec, wanted = track.sets[name], track.classes_of(name)
    competing = {one for classes in wanted.values() for one in classes}
    if not spec.restrict and len(competing) < len(track.classes) and spec.labels is None and spec.map != BY_CLASS:
        yield Finding(
            what=f"the map names {len(competing):,} classes, but all {len(track.classes):,} compete",
            remedy="write restrict: true, unless answers outside the mapped classes shall count as wrong",
        )


def _twice(track: Track, name: str, tree: Tree) -> Iterator[Finding]:
    twice = []
    for folder in _mapped(track, name, tree):
        stems = Counter(Path(file).stem for file in tree.files[folder])
        twice += [f"{folder}/{file}" for file in tree.files[folder] if stems[Path(file).stem] > 1]
    if twice:
        endings = sorted({Path(file).suffix for file in twice})
        yield Finding(
            what=f"{len(twice):,} files share a name and differ in their ending ({', '.join(endings)}): {_some(twice)}",
            remedy="an image that stands there twice counts twice; keep one of each",
        )


def _broken(track: Track, name: str, tree: Tree) -> Iterator[Finding]:
    ids = [f"{folder}/{file}" for folder in _mapped(track, name, tree) for file in tree.files[folder]]
    broken = broken_files(tree.root, ids)
    if broken:
        yield Finding(
            what=f"{len(broken):,} files are cut short or no images: {_some(broken)}",
            remedy="copy these files again",
        )


def _checksums(track: Track, name: str, tree: Tree) -> Iterator[Finding]:
    known = track.sets[name].expect.sha256
    wrong = [
        image_id
        for image_id, sha256 in known.items()
        if (tree.root / image_id).is_file() and sha256_of(tree.root / image_id) != sha256
    ]
    if wrong:
        yield Finding(
            what=f"{len(wrong)} of {len(known)} known files have other contents: {_some(wrong)}",
            remedy="this is another version of the set, or images were encoded anew; get the original files",
        )


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")


CHECKS: tuple[Callable[[Track, str, Tree], Iterator[Finding]], ...] = (
    _numbered,
    _folders_missing,
    _images_missing,
    _all_compete,
    _twice,
    _broken,
    _checksums,
)
