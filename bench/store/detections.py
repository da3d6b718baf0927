"""Detections on the disk: Parquet with a row an image, the boxes as lists, and what they are about in the metadata."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.core.boxes import Boxes
from bench.core.detections import Detections
from bench.core.errors import DataError
from bench.store.atomic import replacing
from bench.store.predictions import header_metadata, read_columns

COLUMNS = ("box", "label", "score")
_BOX = pa.list_(pa.float32(), 4)


def write_detections(path: Path, found: Detections) -> None:
    """Write `image_id`, `box` (lists of x1, y1, x2, y2 in pixels), `label` and `score`, all or nothing."""
    boxes = found.boxes.renumbered(np.arange(len(found.image_ids)))
    ends = np.cumsum(np.bincount(boxes.image, minlength=len(found.image_ids)))
    starts = pa.array(np.concatenate([[0], ends]).astype(np.int32))
    corners = pa.FixedSizeListArray.from_arrays(pa.array(boxes.corners.reshape(-1), pa.float32()), 4)
    columns = {
        "image_id": pa.array(found.image_ids, pa.string()),
        "box": pa.ListArray.from_arrays(starts, corners),
        "label": pa.ListArray.from_arrays(starts, pa.array(boxes.label, pa.int32())),
        "score": pa.ListArray.from_arrays(starts, pa.array(boxes.score, pa.float32())),
    }
    with replacing(path) as temporary:
        table = pa.table(columns).replace_schema_metadata(header_metadata(found.header))
        pq.write_table(table, temporary, compression="zstd")


def read_detections(path: Path) -> Detections:
    """Read a file of detections; a damaged or foreign one is a DataError of one line."""
    header, ids, table = read_columns(path)
    if header.kind != "boxes":
        raise DataError(f"{path}: holds classes of images, not boxes; score it on a classification track")
    flat = {name: _flat(table, name, path) for name in COLUMNS}
    lengths = {name: counts.tolist() for name, (counts, _) in flat.items()}
    for name in ("label", "score"):
        if lengths[name] != lengths["box"]:
            row = next(i for i, (a, b) in enumerate(zip(lengths["box"], lengths[name], strict=True)) if a != b)
            raise DataError(
                f"{path}: image {ids[row]!r}: {lengths['box'][row]} boxes and {lengths[name][row]} values in {name!r}"
            )
    try:
        corners = flat["box"][1].cast(_BOX).flatten().to_numpy(zero_copy_only=False)
        label = flat["label"][1].cast(pa.int64()).to_numpy(zero_copy_only=False)
        score = flat["score"][1].cast(pa.float32()).to_numpy(zero_copy_only=False)
    except (pa.ArrowException, ValueError) as error:
        reason = str(error).splitlines()[0][:120]
        raise DataError(
            f"{path}: boxes are lists of 4 numbers, labels whole numbers, scores numbers ({reason})"
        ) from None
    image = np.repeat(np.arange(len(ids)), flat["box"][0])
    return Detections(header, tuple(ids), Boxes(image, corners.astype(np.float64).reshape(-1, 4), label, score))


def _flat(table: pa.Table, name: str, path: Path) -> tuple[np.ndarray, pa.Array]:
    """How many values each row has, and the values of all rows."""
    if name not in table.column_names:
        raise DataError(f"{path}: no column {name!r}, found {', '.join(table.column_names) or 'none'}")
    lists = table.column(name).combine_chunks()
    if not (pa.types.is_list(lists.type) or pa.types.is_large_list(lists.type)):
        raise DataError(f"{path}: column {name!r} must hold a list for each image, found {lists.type}")
    values = lists.flatten()
    if lists.null_count or values.null_count:
        raise DataError(f"{path}: column {name!r} has an empty cell; an image without boxes has an empty list")
    return lists.value_lengths().to_numpy(zero_copy_only=False), values
