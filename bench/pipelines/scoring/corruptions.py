"""`corruptions`: models under the 15 corruptions of ImageNet-C at 5 severities, on any set of any track, and their mCE.

Each corruption and severity is a set of its own, `<set>.<corruption>.<severity>`, which `predict --set` knows too.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.core.errors import DataError
from bench.core.images import ImageSet
from bench.core.record import Record
from bench.core.track import Track
from bench.metrics.corruption_error import ALEXNET, mean_corruption_error
from bench.pipelines.scoring.predict import Means, predict
from bench.pipelines.scoring.score_set import score_set
from bench.pipelines.tracks import open_set
from bench.sources.class_lists import class_list
from bench.sources.corruptions import CORRUPTIONS, SEVERITIES
from bench.store.predictions import read_predictions

IMAGENET = "imagenet-1k"
DEFAULT = Means()


class CorruptionCard(Record):
    """Fractions. `errors`: corruption -> error at each severity; `mce` against `reference`, or why there is none."""

    model: str
    track: str
    set: str
    n: int
    limited: bool
    clean_error: float
    errors: dict[str, tuple[float, ...]]
    mean_error: float
    reference: str | None
    mce: float | None
    unavailable: str | None = None

    def __str__(self) -> str:
        mce = (
            f"no mCE: {self.unavailable}" if self.mce is None else f"mCE {100 * self.mce:.1f} against {self.reference}"
        )
        limited = ", a trial on part of the set, not for publication" if self.limited else ""
        lines = [
            f"{self.model} on {self.track}/{self.set}, {self.n} images{limited}",
            f"  error {100 * self.clean_error:.1f} % clean, {100 * self.mean_error:.1f} % corrupted; {mce}",
        ]
        for name, errors in self.errors.items():
            cells = "".join(f"{100 * error:7.1f}" for error in errors)
            lines.append(f"  {name:<18}{cells}  mean {100 * float(np.mean(errors)):.1f}")
        return "\n".join(lines)


def corruptions(
    models: Sequence[str],
    track: Track,
    *,
    of_set: str | None = None,
    reference: str | None = None,
    data_root: Path,
    limit: int | None = None,
    means: Means = DEFAULT,
    quiet: bool = False,
) -> list[CorruptionCard]:
    """A card for each model on the corrupted `of_set` (default: the in-distribution set).

    mCE is normalised by the errors of `reference`, a model that is asked too; on the 1,000 classes of ImageNet by the
    published errors of AlexNet where none is named; else there is none. UsageError and DataError as `predict` has them.
    """
    name = of_set or track.in_distribution
    asked = [*models, *([reference] if reference else [])]
    sets = [name, *(f"{name}.{what}.{severity}" for what in CORRUPTIONS for severity in SEVERITIES)]
    files = predict(asked, track, sets=sets, data_root=data_root, limit=limit, means=means, quiet=quiet)
    found = np.array(
        [
            _error(file, open_set(track, sets[index % len(sets)], data_root=data_root, limit=limit), track)
            for index, file in enumerate(files)
        ]
    ).reshape(len(asked), len(sets))
    clean, table = found[:, 0], found[:, 1:].reshape(len(asked), len(CORRUPTIONS), len(SEVERITIES))
    against = dict(zip(CORRUPTIONS, table[-1].mean(axis=1).tolist(), strict=True)) if reference else None
    if against is None and track.class_ids == tuple(item.id for item in class_list(IMAGENET)):
        against, reference = ALEXNET, "AlexNet, as published"
    whole = open_set(track, name, data_root=data_root)
    cards = []
    for index, model in enumerate(models):
        errors = {what: tuple(row.tolist()) for what, row in zip(CORRUPTIONS, table[index], strict=True)}
        cards.append(
            CorruptionCard(
                model=model,
                track=track.name,
                set=name,
                n=len(whole.first(limit)),
                limited=limit is not None and limit < len(whole),
                clean_error=float(clean[index]),
                errors=errors,
                mean_error=float(table[index].mean()),
                reference=reference if against else None,
                **_mce(errors, against),
            )
        )
    return cards


def _error(file: Path, images: ImageSet, track: Track) -> float:
    return 1 - score_set(read_predictions(file), images, classes=len(track.classes)).top1


def _mce(errors: Mapping[str, Sequence[float]], against: Mapping[str, float] | None) -> dict[str, Any]:
    if against is None:
        return {"mce": None, "unavailable": "name a model to compare with: --reference"}
    try:
        return {"mce": mean_corruption_error(errors, against)}
    except DataError as error:
        return {"mce": None, "unavailable": str(error)}
