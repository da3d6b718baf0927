"""PovertyMap's figures as WILDS defines them (Koh et al. 2021, section 4.8; methods.md 19.3): the worse of urban and
rural Pearson r first."""

import numpy as np
from scipy.stats import pearsonr

from bench.core.errors import DataError
from bench.metrics.wilds_means import Mean, group_means, plain_mean


def poverty(
    predicted: np.ndarray, truth: np.ndarray, *, urban: np.ndarray, groups: int = 2, mean: Mean = plain_mean
) -> dict[str, float]:
    """Pearson r and mean squared error of the wealth index float [n], over all and by `urban` (int [n], 0 rural).

    Keys as the package has them: `r_all`, `r_urban:0`, `r_urban:1`, `r_wg` (the least of the groups that have
    rows), `mse_…` likewise (`mse_wg` is the largest), `count_urban:0`…. DataError where a correlation does not
    exist: a group of one row, or predictions or labels of it that are all the same.
    """
    if not len(predicted) == len(truth) == len(urban) or not len(truth):
        raise DataError(f"poverty: expected as many predictions as labels, at least one, got {len(predicted)}")
    found = {"mse_avg": mean((predicted - truth) ** 2), "r_all": correlation(predicted, truth, "all rows")}
    errors, sizes = group_means((predicted - truth) ** 2, urban, groups)
    rows = [urban == group for group in range(groups)]
    r = [
        correlation(predicted[one], truth[one], f"urban:{group}") if sizes[group] else 0.0
        for group, one in enumerate(rows)
    ]
    present = np.flatnonzero(sizes)
    for group in range(groups):
        found[f"mse_urban:{group}"] = float(errors[group])
        found[f"r_urban:{group}"] = r[group]
        found[f"count_urban:{group}"] = float(sizes[group])
    found["mse_wg"] = float(errors[present].max())
    found["r_wg"] = worst_group([r[group] for group in present])
    return found


def worst_group(correlations: list[float]) -> float:
    """The least of the groups' correlations: the headline number."""
    return min(correlations)


def correlation(predicted: np.ndarray, truth: np.ndarray, who: str) -> float:
    """Pearson r of two float [n]; DataError where it does not exist."""
    if len(truth) < 2:
        raise DataError(f"poverty, {who}: a correlation needs 2 rows, got {len(truth)}")
    for name, values in (("predictions", predicted), ("labels", truth)):
        if np.all(values == values[0]):
            raise DataError(
                f"poverty, {who}: all {len(values)} {name} are {values[0]:g}; a correlation does not exist,"
                " give predictions that differ"
            )
    return float(pearsonr(predicted, truth)[0])
