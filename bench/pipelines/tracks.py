"""Opening the image sets that a track names, and saying why one cannot be."""

from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np

from bench.core.errors import DataError, UsageError
from bench.core.images import ImageSet
from bench.core.registry import look_up, unknown
from bench.core.track import SetSpec, Track
from bench.pipelines.detection.box_sets import open_boxes
from bench.pipelines.track_files import load_track, track_names
from bench.sources import LABELS, SOURCES
from bench.sources.corruptions import corrupted
from bench.sources.image_folder import Judged, Tree, list_tree, tree_set
from bench.store.hashes import hash_files

__all__ = ["load_track", "open_set", "open_training_set", "ready_sets", "sets_to_score", "track_names"]


def open_set(track: Track, name: str, *, data_root: Path, limit: int | None = None) -> ImageSet:
    """One evaluation set of the track, or `<set>.<corruption>.<severity>`: it, corrupted as ImageNet-C is.

    DataError with the remedy where its data are absent.
    """
    base, *how = name.rsplit(".", 2)
    if name not in track.sets and base in track.sets and len(how) == 2 and how[1].isdecimal():
        return corrupted(open_set(track, base, data_root=data_root, limit=limit), how[0], int(how[1]))
    if name not in track.sets:
        raise UsageError(unknown(name, known=track.sets, kind=f"set of track {track.name}"))
    if track.task == "detection":
        raise UsageError(f"track {track.name} asks for boxes; this verb is for tracks that ask for one class an image")
    spec = track.sets[name]
    return _open(track, name, spec, data_root=data_root).first(limit)


def open_training_set(track: Track, ingredient: str, *, data_root: Path) -> ImageSet:
    """The track's `real` or `synthetic` training images; DataError where one has several right classes."""
    spec = {"real": track.real, "synthetic": track.synthetic}.get(ingredient)
    if spec is None:
        raise UsageError(f"track {track.name} has no {ingredient!r} training data")
    images = _open(track, f"{track.name}-{ingredient}", spec, data_root=data_root)
    several = [row for row in range(len(images)) if len(images.right(row)) > 1] if images.accepted else []
    if several:
        raise DataError(
            f"{images.name}: {images.ids[several[0]]!r} has {len(images.right(several[0]))} right classes; training"
            " takes one an image: map each folder to one"
        )
    return images


def ready_sets(track: Track, *, data_root: Path) -> dict[str, str | None]:
    """For each set: None when it can be opened, else why not. Required sets and optional ones alike."""
    state: dict[str, str | None] = {}
    opener = open_boxes if track.task == "detection" else open_set
    for name in track.sets:
        try:
            opener(track, name, data_root=data_root)
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


def _open(track: Track, name: str, spec: SetSpec, *, data_root: Path) -> ImageSet:
    if spec.folder is not None:
        return _open_tree(track, name, spec, data_root)
    if spec.source is not None:
        return _open_source(spec.source, data_root)
    from bench.store.versions import open_version

    class_ids = tuple(item.id for item in track.classes)
    return open_version(spec.dataset, data_root).image_set(spec.split, class_ids)


def set_folder(spec: SetSpec, data_root: Path) -> Path:
    """Where the images of a set on folders lie: under the data root, unless the track says an absolute path."""
    assert spec.folder is not None
    return data_root / Path(spec.folder).expanduser()


def _open_tree(track: Track, name: str, spec: SetSpec, data_root: Path) -> ImageSet:
    assert spec.map is not None
    tree = list_tree_once(set_folder(spec, data_root))
    classes = spec.classes_among(track.class_ids)
    judged = Judged(classes, spec.map, subset=spec.subset, restrict=spec.restrict, crop=spec.crop)
    images = tree_set(name, tree, judged, hash_files=partial(hash_files, folder=data_root / "hashes"))
    if spec.labels is not None:
        images = _labelled_one_by_one(images, spec.labels, track.class_ids)
    if spec.expect.images and len(images) not in spec.expect.images:
        expected = " or ".join(f"{count:,}" for count in spec.expect.images)
        raise DataError(
            f"{name} ({tree.root}): expected {expected} images, got {len(images):,};"
            f" `doctor {track.name}` says where they are missing"
        )
    return images


def _labelled_one_by_one(images: ImageSet, source: str, class_ids: tuple[str, ...]) -> ImageSet:
    """The images that have a label from `source`, judged by it alone."""
    accepted = look_up(LABELS, source, kind="label source")(images.ids, class_ids)
    rows = np.array([row for row, classes in enumerate(accepted) if classes], dtype=int)
    if not len(rows):
        raise DataError(f"{images.name}: {source} has no label for any of its {len(images)} images")
    chosen = [accepted[row] for row in rows]
    labels = np.array([classes[0] for classes in chosen], dtype=np.int64)
    return replace(images.pick(rows), labels=labels, accepted=tuple(chosen))


@cache
def list_tree_once(root: Path) -> Tree:
    """`list_tree`, once for all sets on the same folder: images do not come and go while a verb runs."""
    return list_tree(root)


@cache
def _open_source(source: str, data_root: Path) -> ImageSet:
    # Real data do not change while a verb runs, and a board's verbs open the same few sets for every model.
    return look_up(SOURCES, source, kind="source")(data_root)
