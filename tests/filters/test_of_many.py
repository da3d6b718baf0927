"""The released CLIP filter: 800 of many, worked by hand on fewer."""

import numpy as np
import pytest

from bench.core.errors import DataError
from bench.filters.of_many import kept_of_many

FOUND = np.array([0.05, 0.3, 0.26, 0.25, 0.9, 0.1, 0.4])


def test_above_one_in_n_so_many_at_random():
    kept = {tuple(kept_of_many(FOUND, classes=4, keep=2, seed=seed)) for seed in range(200)}
    passing = {1, 2, 4, 6}  # above 1/4, which 0.25 is not
    assert {row for rows in kept for row in rows} == passing
    assert len(kept) == 6  # every pair
    assert kept_of_many(FOUND, classes=4, keep=4, seed=0).tolist() == sorted(passing)


def test_where_fewer_pass_the_most_probable_are_taken_even_below_the_threshold():
    assert kept_of_many(FOUND, classes=4, keep=5, seed=3).tolist() == [1, 2, 3, 4, 6]
    assert kept_of_many(FOUND, classes=2, keep=3, seed=3).tolist() == [1, 4, 6]
    assert kept_of_many(FOUND, classes=4, keep=9, seed=3).tolist() == list(range(7))


@pytest.mark.parametrize(
    ("found", "classes", "message"),
    [
        ([0.2, 1.2], 4, "a probability from 0 to 1"),
        ([0.2, float("nan")], 4, "a probability from 0 to 1"),
        ([[0.2]], 4, "a probability from 0 to 1"),
        ([0.2], 0, "at least one class, got 0"),
    ],
)
def test_what_is_no_probability_is_one_line(found, classes, message):
    with pytest.raises(DataError, match=message) as caught:
        kept_of_many(np.array(found), classes=classes, keep=1, seed=0)
    assert "\n" not in str(caught.value)
