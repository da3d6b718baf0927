"""Which generated images were made from which real one: what mixing while training goes by."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from bench.core.errors import DataError
from bench.core.images import ImageSet
from bench.store.versions import Version


def made_from(real: ImageSet, generated: ImageSet, sources: Mapping[str, str]) -> list[np.ndarray]:
    """For each real image the rows of `generated` made from it; where it says of none, all of its class.

    `sources`: generated id -> id of its real image; ids that are absent have no source. DataError where images of
    other real ones than these were used.
    """
    known = {image_id: row for row, image_id in enumerate(real.ids)}
    by_source: dict[int, list[int]] = defaultdict(list)
    by_class: dict[int, list[int]] = defaultdict(list)
    for row, image_id in enumerate(generated.ids):
        source = sources.get(image_id)
        if source is None:
            by_class[int(generated.labels[row])].append(row)
        elif source in known:
            by_source[known[source]].append(row)
        else:
            raise DataError(f"{generated.name}: {image_id!r} is made from {source!r}, which is not in {real.name}")
    return [
        np.array(by_source.get(row) or by_class.get(int(label), []), dtype=np.int64)
        for row, label in enumerate(real.labels)
    ]


def sources_of(version: Version) -> dict[str, str]:
    """Generated id -> id of the real image that its row names; without those that were made from none."""
    found = {}
    for table in version.tables(("id", "source_image")):
        pairs = zip(table.column("id").to_pylist(), table.column("source_image").to_pylist(), strict=True)
        # `<real split>/<class id>/<image id>@<sha256>`
        found |= {item: said.rpartition("@")[0].split("/", 2)[2] for item, said in pairs if said}
    return found
