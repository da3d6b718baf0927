"""Detection sets and detections in the layouts of other software."""

from pathlib import Path
from typing import Literal

from bench.core.errors import UsageError
from bench.core.record import Record
from bench.core.registry import look_up
from bench.pipelines.detection.box_sets import open_boxes
from bench.pipelines.track_files import load_track
from bench.store.box_layouts import WRITERS
from bench.store.coco_results import write_coco_results
from bench.store.detections import read_detections
from bench.store.exported import new_folder

RESULTS = "coco-results"
BoxFormat = Literal["coco", "yolo", "coco-results"]


class BoxExport(Record):
    """What was written where: images and boxes of a set, or boxes that were found."""

    what: str
    format: str
    place: str
    images: int
    boxes: int

    def __str__(self) -> str:
        return f"{self.what}: {self.boxes:,} boxes on {self.images:,} images as {self.format}\n{self.place}"


def export_boxes(what: str, *, layout: BoxFormat, out: Path, data_root: Path) -> BoxExport:
    """`TRACK/SET` as a folder in COCO's or YOLO's layout, or a prediction file as COCO results.

    UsageError where `what` and `layout` do not go together; a folder must be absent or empty.
    """
    if layout == RESULTS:
        return _results(Path(what), out, data_root)
    name, slash, of_set = what.rpartition("/")
    if not slash:
        raise UsageError(f"{what}: expected TRACK/SET, such as digits-detect/test")
    track = load_track(name)
    images = open_boxes(track, of_set, data_root=data_root)
    with new_folder(out) as folder:
        look_up(WRITERS, layout, kind="layout")(folder, images, track.classes, of_set)
    return BoxExport(what=what, format=layout, place=str(out), images=len(images), boxes=len(images.truth))


def _results(path: Path, out: Path, data_root: Path) -> BoxExport:
    if path.suffix != ".parquet":
        raise UsageError(f"{path}: expected a prediction file (.parquet), which `predict` writes")
    found = read_detections(path)
    images = open_boxes(load_track(found.header.track), found.header.set, data_root=data_root)
    found.aligned(images.ids, sizes=images.sizes, classes=len(load_track(found.header.track).classes))
    write_coco_results(out, found, images)
    return BoxExport(
        what=str(path), format=RESULTS, place=str(out), images=len(found.image_ids), boxes=len(found.boxes)
    )
