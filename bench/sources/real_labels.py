"""ReaL: several right classes for single images of ImageNet val, and none for some, which are left out.

Source: Beyer et al., "Are we done with ImageNet?", 2020 (real.json, Apache-2.0), as timm carries it:
50,000 lists of class numbers, in the order of the files' own numbers, 46,837 of them not empty.
"""

import json
import re
from collections.abc import Sequence
from functools import cache

from bench.core.errors import DataError
from bench.sources.class_lists import imagenet_1k, timm_file

IMAGES = 50_000
_FILE = re.compile(r"ILSVRC2012_val_(\d{8})\.[A-Za-z]+")


def real_labels(ids: Sequence[str], class_ids: Sequence[str]) -> list[tuple[int, ...]]:
    """For each image id the indices into `class_ids` that are right; empty where none is.

    DataError for an image whose name has no number of ImageNet val.
    """
    place, wordnet = {class_id: index for index, class_id in enumerate(class_ids)}, [one.id for one in imagenet_1k()]
    found = []
    for image_id in ids:
        match = _FILE.fullmatch(image_id.rsplit("/", 1)[-1])
        if match is None or not 1 <= int(match[1]) <= IMAGES:
            raise DataError(f"ReaL: image {image_id!r}: expected a name such as ILSVRC2012_val_00000001.JPEG")
        right = (wordnet[one] for one in _all()[int(match[1]) - 1])
        found.append(tuple(place[one] for one in right if one in place))
    return found


@cache
def _all() -> list[list[int]]:
    lists = json.loads(timm_file("imagenet_real_labels.json"))
    if len(lists) != IMAGES or any(not 0 <= one < 1000 for labels in lists for one in labels):
        raise DataError(f"ReaL: expected {IMAGES:,} lists of classes in timm's copy, got {len(lists):,}")
    return lists
