"""From the answers to one split of a WILDS dataset to its figures, by our own metrics."""

from typing import Any

import numpy as np

from bench.core.errors import DataError
from bench.core.wilds_answers import WildsAnswers
from bench.metrics.wilds_globalwheat import globalwheat
from bench.metrics.wilds_iwildcam import iwildcam
from bench.metrics.wilds_poverty import poverty
from bench.sources.wilds_dataset import WildsData
from bench.sources.wilds_package import package_mean
from bench.store.wilds_runs import as_dicts


def figures(data: WildsData, split: str, answers: WildsAnswers) -> dict[str, float]:
    """Every figure of the official evaluation of `split`, under the package's keys."""
    part, given = data.parts[split], answers
    if data.name == "iwildcam":
        return iwildcam(np.asarray(given), part.truth)
    if data.name == "poverty":
        groups = len(data.group_names)
        return poverty(np.asarray(given), part.truth, urban=part.groups, groups=groups, mean=package_mean)
    boxes, scores = [one.boxes for one in given], [one.scores for one in given]
    names = data.group_names
    return globalwheat(boxes, scores, part.truth, sessions=part.groups, names=names, mean=package_mean)


def check_against_package(data: WildsData, split: str, answers: WildsAnswers, ours: dict[str, float]) -> None:
    """DataError where the package's own `eval` gives another figure than ours for the same answers."""
    theirs = data.official(split, as_the_package_takes(data, answers))
    differ = sorted(key for key in theirs if key in ours and ours[key] != theirs[key])
    if differ or set(ours) - set(theirs):
        key = differ[0] if differ else sorted(set(ours) - set(theirs))[0]
        raise DataError(
            f"{data.name}, split {split}: {key} is {ours.get(key)!r} here and {theirs.get(key)!r} by the wilds package;"
            " please report this"
        )


def as_the_package_takes(data: WildsData, answers: WildsAnswers) -> Any:
    """A tensor, or a list of dicts of tensors."""
    import torch

    return as_dicts(answers) if data.name == "globalwheat" else torch.from_numpy(np.asarray(answers))
