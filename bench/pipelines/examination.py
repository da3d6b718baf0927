"""How `doctor` looks at a set with boxes, whose reader checks every box."""

from pathlib import Path

import numpy as np

from bench.core.errors import BenchError
from bench.core.examination import Examination, Finding
from bench.core.track import Track
from bench.pipelines.detection.box_sets import open_boxes


def examine_boxes(track: Track, name: str, data_root: Path) -> Examination:
    """One set of a detection track: opened whole, every annotation read, every image's header looked at."""
    spec = track.sets[name]
    place = spec.source or str(data_root / Path(spec.folder or "").expanduser())
    try:
        images = open_boxes(track, name, data_root=data_root)
    except BenchError as error:
        remedy = f"put right what is named here; the data root is {data_root}"
        found = (Finding(what=str(error), remedy=remedy),)
        return Examination(name=name, place=place, ready=False, optional=spec.optional, findings=found)
    counts = np.bincount(images.truth.label, minlength=len(track.classes)).tolist()
    return Examination(
        name=name,
        place=place,
        ready=True,
        optional=spec.optional,
        images=len(images),
        boxes=dict(zip((one.name for one in track.classes), counts, strict=True)),
    )
