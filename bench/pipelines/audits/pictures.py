"""The pictures of an audit: which images are shown, beside which, with which words."""

from collections.abc import Sequence

import numpy as np

from bench.core.audit import Audit, Pair
from bench.core.manifest import Item
from bench.pipelines.audits.images import Gathered
from bench.pipelines.audits.measures import most_doubtful
from bench.reports.audit_markdown import pictures_of
from bench.reports.audit_plots import class_rows, distance_curves
from bench.reports.contact_sheet import contact_sheet, pair_sheet
from bench.reports.plots import save

ROW = 8


def draw_pictures(
    audit: Audit, made: Gathered, real: Gathered | None, items: Sequence[Item], *, distances: dict[str, np.ndarray]
) -> dict[str, bytes]:
    """PNG files by name, those of `pictures_of(audit)`; `distances` to the nearest real image, by kind of image."""
    wanted = pictures_of(audit)
    pictures = {}
    if audit.privacy is not None and real is not None:
        pictures["closest-real.png"] = _pairs(audit.privacy.pairs, made, real)
        pictures["nearest-real.png"] = save(distance_curves(distances, audit.privacy.threshold), "png")
    if "classes.png" in wanted:
        pictures["classes.png"] = save(class_rows(audit), "png")
    if "duplicates.png" in wanted:
        pictures["duplicates.png"] = _pairs(audit.duplicates.pairs, made, made)
    if "doubtful.png" in wanted:
        pictures["doubtful.png"] = _sheet(most_doubtful(made), made, items)
    if "suspicious.png" in wanted:
        place = {item.id: index for index, item in enumerate(items)}
        pictures["suspicious.png"] = _sheet([place[one] for one in audit.content.most], made, items)
    return pictures


def _pairs(pairs: Sequence[Pair], left: Gathered, right: Gathered) -> bytes:
    at_left = {item_id: index for index, item_id in enumerate(left.ids)}
    at_right = {item_id: index for index, item_id in enumerate(right.ids)}
    return pair_sheet(
        [
            (
                left.read(at_left[pair.left]),
                right.read(at_right[pair.right]),
                (
                    f"{'same picture: ' if pair.same else ''}distance {pair.distance:.3f}, {pair.bits} bits",
                    pair.left,
                    pair.right,
                ),
            )
            for pair in pairs
        ]
    )


def _sheet(places: Sequence[int], made: Gathered, items: Sequence[Item]) -> bytes:
    """Images in rows by the class that was asked for."""
    rows: dict[str, list[int]] = {}
    for place in places:
        rows.setdefault(items[place].class_name, []).append(place)
    return contact_sheet([(name, [made.read(place) for place in found[:ROW]]) for name, found in rows.items()])
