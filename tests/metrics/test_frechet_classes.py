"""The class-mean Fréchet distance: equal n or a refusal, and the laws."""

import numpy as np
import pytest

from bench.core.errors import DataError
from bench.metrics.frechet import frechet_distance
from bench.metrics.frechet_classes import class_mean_frechet, class_table


def side(sizes, seed, d=5):
    rng = np.random.default_rng(seed)
    labels = np.repeat(list(sizes), list(sizes.values()))
    return rng.normal(size=(len(labels), d)), labels


def test_mean_over_classes_is_that_of_the_distances():
    (a, la), (b, lb) = side({"cat": 8, "dog": 8}, 0), side({"dog": 8, "cat": 8}, 1)
    result = class_mean_frechet(a, la, b, lb)
    expected = {name: frechet_distance(a[la == name], b[lb == name]) for name in ("cat", "dog")}
    assert result.per_class == pytest.approx(expected)
    assert result.mean == pytest.approx(sum(expected.values()) / 2)
    assert (result.n, result.d) == (8, 5)


def test_by_hand():
    # class 0: means 1 apart, equal spread: 1; class 1: equal means, spreads 1 and 3: 4
    a, b = np.array([[-1.0], [0.0], [1.0]] * 2), np.array([[0.0], [1.0], [2.0], [-3.0], [0.0], [3.0]])
    labels = np.array([0, 0, 0, 1, 1, 1])
    result = class_mean_frechet(a, labels, b, labels)
    assert result.per_class == pytest.approx({0: 1.0, 1: 4.0})
    assert result.mean == pytest.approx(2.5)


def test_a_small_n_is_biased_up_alike_on_both_sides():
    a, labels = side({0: 2000}, 4, d=20)
    b, _ = side({0: 2000}, 5, d=20)
    means = [class_mean_frechet(a[:n], labels[:n], b[:n], labels[:n]).mean for n in (30, 100, 2000)]
    assert means[0] > 2 * means[1] > 4 * means[2]


def test_identity_symmetry_and_order():
    (a, la), (b, lb) = side({0: 20, 1: 20}, 6), side({0: 20, 1: 20}, 7)
    p, q = np.random.default_rng(0).permutation(len(a)), np.random.default_rng(1).permutation(len(b))
    first = class_mean_frechet(a, la, b, lb)
    again = class_mean_frechet(a[p], la[p], b[q], lb[q])
    assert again.per_class == pytest.approx(first.per_class, rel=1e-12)
    assert class_mean_frechet(b, lb, a, la).per_class == pytest.approx(first.per_class, rel=1e-12)
    assert class_mean_frechet(a, la, a.copy(), la).mean < 1e-12


def test_refusals():
    (a, la), (b, lb) = side({0: 5, 1: 5}, 0), side({0: 5, 2: 4}, 1)
    with pytest.raises(DataError, match="got 1 only in side a, 2 only in side b"):
        class_mean_frechet(a, la, b, lb)
    with pytest.raises(DataError, match=r"side a, class 0: 5 images, but side b, class 1 has 4; .* draw 4 of every"):
        class_mean_frechet(a, la, a[:9], la[:9])
    with pytest.raises(DataError, match="side b, class 1: expected at least 2 images, got 1"):
        class_mean_frechet(a, la, a[:6], la[:6])
    with pytest.raises(DataError, match=r"features \[n, d\] and labels \[n\]"):
        class_mean_frechet(a, la[:-1], a, la)
    with pytest.raises(DataError, match="integers or text"):
        class_mean_frechet(a, la + 0.5, a, la)
    with pytest.raises(DataError, match="same width"):
        class_mean_frechet(a, la, a[:, :3], la)
    with pytest.raises(DataError, match="side b, class 0: expected finite"):
        class_mean_frechet(a, la, np.where(a == a[0, 0], np.nan, a), la)


def test_a_table_is_its_pairs_and_a_source_may_share_a_sets_name():
    one, two, three = side({0: 8, 1: 8}, 9), side({0: 8, 1: 8}, 10), side({0: 8, 1: 8}, 11)
    table = class_table({"x": one, "y": two}, {"x": three})
    for name, source in (("x", one), ("y", two)):
        assert table[name]["x"] == class_mean_frechet(*source, *three)
    assert table["x"]["x"].route == "covariances"
