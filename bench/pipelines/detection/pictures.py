"""Pictures of hits and misses for a board: made where the images and what was found on them are here, else kept."""

import base64
from pathlib import Path

import numpy as np

from bench.core.boxes import BoxedImages
from bench.core.detection_board import DetectionBoard, DetectionColumn, Picture
from bench.core.detections import Detections
from bench.core.digests import derive_seed
from bench.core.errors import BenchError
from bench.core.track import Track
from bench.metrics.box_matches import box_matches
from bench.pipelines.detection.box_sets import open_boxes
from bench.pipelines.detection.detect import detections_path
from bench.reports.detection_sheet import Seen, detection_sheet
from bench.store.detections import read_detections

SHOWN = 8


def with_pictures(board: DetectionBoard, track: Track, *, folder: Path, data_root: Path) -> DetectionBoard:
    """`board` with a picture of its first model on every set; those of other sets are taken from the board's folder."""
    pictures = []
    for column in board.columns:
        kept = folder / "pictures" / f"{column.name}.png"
        png = _drawn(board, track, column, data_root) or (kept.read_bytes() if kept.is_file() else None)
        if png:
            text = base64.b64encode(png).decode()
            pictures.append(Picture(set=column.name, model=board.rows[0].title, png=text))
    return board.model_copy(update={"pictures": tuple(pictures)})


def _drawn(board: DetectionBoard, track: Track, column: DetectionColumn, data_root: Path) -> bytes | None:
    best = board.rows[0]
    try:
        path = detections_path(data_root, track, best.model, column.name, column.digest)
        if not path.is_file():
            return None
        images = open_boxes(track, column.name, data_root=data_root)
        found = read_detections(path)
        if images.digest != column.digest or found.header.limited:
            return None
        return hits_and_misses(found, images, names=track.class_ids, confidence=best.cells[column.name].confidence)
    except BenchError:
        return None


def hits_and_misses(found: Detections, images: BoxedImages, *, names: tuple[str, ...], confidence: float) -> bytes:
    """A PNG of SHOWN images, the same ones for every model: what is found from `confidence` on, and what is not."""
    boxes = found.aligned(images.ids, sizes=images.sizes, classes=len(names))
    assert boxes.score is not None
    sure = boxes.rows(boxes.score >= confidence)
    matches = box_matches(images.truth, sure, images=len(images), classes=len(names))
    right, taken = np.zeros(len(sure), dtype=bool), np.zeros(len(images.truth), dtype=bool)
    right[matches.row[matches.hit[0]]] = True
    taken[matches.target[0][matches.hit[0]]] = True
    shown = sorted(range(len(images)), key=lambda i: (derive_seed("shown", images.ids[i]), images.ids[i]))[:SHOWN]
    seen = []
    for i in shown:
        there, here = images.truth.image == i, sure.image == i
        seen.append(Seen(images.read(i), images.truth.rows(there), taken[there], sure.rows(here), right[here]))
    return detection_sheet(seen, names=names)
