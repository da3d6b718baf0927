"""Opening the sets of a detection track: embedded ones by source, the user's own by folder and layout."""

from functools import cache, partial
from pathlib import Path

from bench.core.boxes import BoxedImages
from bench.core.errors import DataError, UsageError
from bench.core.registry import look_up, unknown
from bench.core.track import SetSpec, Track
from bench.sources import BOXED, LAYOUTS
from bench.sources.boxed_folder import Place
from bench.store.hashes import hash_files


def open_boxes(track: Track, name: str, *, data_root: Path, limit: int | None = None) -> BoxedImages:
    """One evaluation set with its truth; DataError with file and row, or the remedy where its data are absent."""
    if track.task != "detection":
        raise UsageError(f"track {track.name} asks for classes of images, not boxes; choose a detection track")
    if name not in track.sets:
        raise UsageError(unknown(name, known=track.sets, kind=f"set of track {track.name}"))
    spec = track.sets[name]
    images = _open(track, spec, name, data_root)
    if spec.expect.images and len(images) not in spec.expect.images:
        expected = " or ".join(f"{count:,}" for count in spec.expect.images)
        raise DataError(f"{name} ({spec.folder}): expected {expected} images, got {len(images):,}; complete the copy")
    return images.first(limit)


def open_training_boxes(track: Track, ingredient: str, *, data_root: Path) -> BoxedImages:
    """The track's `real` or `synthetic` training images with their boxes."""
    spec = {"real": track.real, "synthetic": track.synthetic}.get(ingredient)
    if spec is None:
        raise UsageError(f"track {track.name} has no {ingredient!r} training data")
    return _open(track, spec, spec.source or spec.title or ingredient, data_root)


def _open(track: Track, spec: SetSpec, name: str, data_root: Path) -> BoxedImages:
    if spec.source is not None:
        return _open_source(spec.source, data_root)
    assert spec.folder is not None
    assert spec.boxes is not None, "a detection track's folders have boxes"
    place = Place(
        name=name,
        root=data_root / Path(spec.folder).expanduser(),
        classes=track.classes,
        hash_files=partial(hash_files, folder=data_root / "hashes"),
        single=spec.boxes.single,
    )
    return look_up(LAYOUTS, spec.boxes.layout, kind="layout of boxes")(place, spec.boxes)


@cache
def _open_source(source: str, data_root: Path) -> BoxedImages:
    # As for classes: real data do not change while a verb runs.
    return look_up(BOXED, source, kind="source of boxes")(data_root)
