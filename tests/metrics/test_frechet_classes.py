"""The class-mean Fréchet distance: equal n, a draw that ignores order, and refusals."""

import numpy as np
import pytest

from bench.core.errors import DataError
from bench.metrics.frechet import frechet_distance
from bench.metrics.frechet_classes import class_mean_frechet, class_table


def side(sizes, seed, d=5):
    rng = np.random.default_rng(seed)
    labels = np.repeat(list(sizes), list(sizes.values()))
    return rng.normal(size=(len(labels), d)), labels


def test_mean_over_classes_is_unweighted_and_uses_all_where_n_is_exact():
    (a, la), (b, lb) = side({"cat": 8, "dog": 8}, 0), side({"dog": 8, "cat": 8}, 1)
    result = class_mean_frechet(a, la, b, lb, per_class=8, seed=0)
    expected = {name: frechet_distance(a[la == name], b[lb == name]) for name in ("cat", "dog")}
    assert result.per_class == pytest.approx(expected)
    assert result.mean == pytest.approx(sum(expected.values()) / 2)
    assert (result.n, result.d, result.seed) == (8, 5, 0)


def test_by_hand():
    # class 0: means 1 apart, equal spread: 1; class 1: equal means, spreads 1 and 3: 4
    a, b = np.array([[-1.0], [0.0], [1.0]] * 2), np.array([[0.0], [1.0], [2.0], [-3.0], [0.0], [3.0]])
    labels = np.array([0, 0, 0, 1, 1, 1])
    result = class_mean_frechet(a, labels, b, labels, per_class=3, seed=0)
    assert result.per_class == pytest.approx({0: 1.0, 1: 4.0})
    assert result.mean == pytest.approx(2.5)


def test_every_class_is_drawn_down_to_the_same_n():
    (a, la), (b, lb) = side({0: 40, 1: 9}, 2), side({0: 12, 1: 30}, 3)
    result = class_mean_frechet(a, la, b, lb, per_class=9, seed=1)
    everything = frechet_distance(a[la == 0], b[lb == 0])
    assert result.per_class[0] != pytest.approx(everything)
    drawn = [class_mean_frechet(a, la, b, lb, per_class=9, seed=seed).mean for seed in range(5)]
    assert len(set(drawn)) == 5
    assert drawn[1] == result.mean


def test_a_small_n_is_biased_up_alike_on_both_sides():
    a, labels = side({0: 2000}, 4, d=20)
    b, _ = side({0: 2000}, 5, d=20)
    means = [class_mean_frechet(a, labels, b, labels, per_class=n, seed=0).mean for n in (30, 100, 2000)]
    assert means[0] > 2 * means[1] > 4 * means[2]


def test_order_of_images_does_not_matter():
    (a, la), (b, lb) = side({0: 40, 1: 25}, 6), side({0: 31, 1: 50}, 7)
    p, q = np.random.default_rng(0).permutation(len(a)), np.random.default_rng(1).permutation(len(b))
    first = class_mean_frechet(a, la, b, lb, per_class=20, seed=3)
    again = class_mean_frechet(a[p], la[p], b[q], lb[q], per_class=20, seed=3)
    assert first == again


def test_a_set_against_itself_is_zero():
    a, labels = side({0: 40, 1: 25}, 8)
    assert class_mean_frechet(a, labels, a.copy(), labels, per_class=20, seed=3).mean < 1e-12


def test_refusals():
    (a, la), (b, lb) = side({0: 5, 1: 5}, 0), side({0: 5, 2: 4}, 1)
    with pytest.raises(DataError, match="got 1 only in side a, 2 only in side b"):
        class_mean_frechet(a, la, b, lb, per_class=4, seed=0)
    with pytest.raises(DataError, match="side a, class 0: expected at least 6 images, got 5"):
        class_mean_frechet(a, la, a, la, per_class=6, seed=0)
    with pytest.raises(DataError, match="per_class: expected at least 2"):
        class_mean_frechet(a, la, a, la, per_class=1, seed=0)
    with pytest.raises(DataError, match=r"features \[n, d\] and labels \[n\]"):
        class_mean_frechet(a, la[:-1], a, la, per_class=2, seed=0)
    with pytest.raises(DataError, match="integers or text"):
        class_mean_frechet(a, la + 0.5, a, la, per_class=2, seed=0)
    with pytest.raises(DataError, match="same width"):
        class_mean_frechet(a, la, a[:, :3], la, per_class=2, seed=0)
    with pytest.raises(DataError, match="side b, class 0: expected finite"):
        class_mean_frechet(a, la, np.where(a == a[0, 0], np.nan, a), la, per_class=2, seed=0)


def test_a_table_is_its_pairs_and_a_source_may_share_a_sets_name():
    one, two, three = side({0: 8, 1: 9}, 9), side({0: 8, 1: 8}, 10), side({0: 12, 1: 8}, 11)
    table = class_table({"x": one, "y": two}, {"x": three}, per_class=8, seed=2)
    for name, source in (("x", one), ("y", two)):
        assert table[name]["x"] == class_mean_frechet(*source, *three, per_class=8, seed=2)
    assert table["x"]["x"].route == "covariances"
