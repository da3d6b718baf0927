"""Rank intervals and tie bands: coverage by simulation, brute force, the planted pairs, and what is refused."""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from bench.core.errors import DataError
from bench.metrics.paired import adjusted_variance
from bench.metrics.ranks import (
    Answers,
    rank_intervals,
    separated,
    separated_draws,
    separated_unpaired,
    tie_bands,
)


def pack(correct):
    """Answers from bool [models, n]."""
    return Answers.packed([np.packbits(row).tobytes() for row in correct], n=correct.shape[1])


def draw(shares, n, rng):
    """Correctness of models with these true accuracies, which err on the same hard images."""
    hard = 0.6 * rng.standard_normal(n)
    need = ndtri(np.asarray(shares))[:, None]
    return (0.8 * rng.standard_normal((len(shares), n)) + hard) < need


@pytest.mark.parametrize("shares", [[0.7] * 10, list(np.linspace(0.6, 0.8, 10)), [0.5] * 5 + [0.9] * 5])
def test_rank_intervals_hold_together_in_95_of_100_boards(shares):
    rng = np.random.default_rng(20240917)
    shares = np.array(shares)
    least = 1 + (shares[None, :] > shares[:, None]).sum(axis=1)  # true ranks; equal models share an interval
    most = len(shares) - (shares[None, :] < shares[:, None]).sum(axis=1)
    boards, held = 200, 0
    for _ in range(boards):
        first, last = rank_intervals(separated([pack(draw(shares, 300, rng)), pack(draw(shares, 500, rng))]))
        held += bool(((first <= least) & (most <= last)).all())
    assert held / boards >= 0.95


def test_a_large_difference_is_found_with_its_ranks():
    rng = np.random.default_rng(0)
    better = separated([pack(draw([0.9, 0.5, 0.7], 2000, rng))])
    assert [part.tolist() for part in rank_intervals(better)] == [[1, 3, 2], [1, 3, 2]]


def planted(a_only, b_only, n=1000):
    """Two models that both answer 700 images, and each some that the other does not."""
    both = np.arange(n) < 700
    a, b = both.copy(), both.copy()
    a[700 : 700 + a_only] = True
    b[700 + a_only : 700 + a_only + b_only] = True
    return np.stack([a, b])


def test_the_planted_pairs():
    assert not separated([pack(planted(3, 0))]).any()
    assert separated([pack(planted(60, 20))]).tolist() == [[False, True], [False, False]]


def test_as_many_pairs_allow_for_more_chance():
    alone = separated([pack(planted(20, 6))])
    crowd = np.vstack([planted(20, 6), draw([0.3] * 40, 1000, np.random.default_rng(1))])
    assert alone[0, 1]
    assert not separated([pack(crowd)])[0, 1]


def brute_force(sets):
    """Every ordered pair by its z from the bits, rejected one after the other (Holm 1979)."""
    models = len(sets[0])
    p = {}
    for i in range(models):
        for j in range(models):
            only = [((one[i] & ~one[j]).sum(), (one[j] & ~one[i]).sum(), one.shape[1]) for one in sets]
            z = sum((a - b) / n for a, b, n in only) / sum(adjusted_variance(a, b, n) for a, b, n in only) ** 0.5
            if i != j:
                p[i, j] = 1 - ndtr(z)
    better = np.zeros((models, models), dtype=bool)
    for step, pair in enumerate(sorted(p, key=p.get)):
        if p[pair] > 0.05 / (len(p) - step):
            break
        better[pair] = True
    return better


def test_skipping_the_clear_pairs_changes_nothing_and_order_is_nothing():
    rng = np.random.default_rng(3)
    shares = rng.uniform(0.3, 0.9, 14)
    sets = [draw(shares, 203, rng), draw(shares, 64, rng)]
    found = separated([pack(one) for one in sets])
    assert (found == brute_force(sets)).all()
    order = rng.permutation(14)
    assert (separated([pack(one[order]) for one in sets]) == found[np.ix_(order, order)]).all()


def test_equal_models_and_one_model():
    same = np.repeat(planted(0, 0)[:1], 4, axis=0)
    assert not separated([pack(same)]).any()
    assert rank_intervals(separated([pack(same[:1])]))[1].tolist() == [1]


def test_accuracies_alone_separate_less_than_answers():
    rng = np.random.default_rng(5)
    correct = draw(np.linspace(0.5, 0.8, 12), 1500, rng)
    alone = separated_unpaired(correct.mean(axis=1)[:, None], np.array([1500]))
    paired = separated([pack(correct)])
    assert alone.sum() < paired.sum()
    assert not (alone & ~paired).any()
    with pytest.raises(DataError, match="looks like percent"):
        separated_unpaired(np.array([[76.0], [70.0]]), np.array([1500]))


def test_bands_by_hand():
    better = np.zeros((4, 4), dtype=bool)
    better[0, 2] = better[0, 3] = better[1, 3] = True
    assert tie_bands(better, range(4)).tolist() == [1, 1, 2, 2]
    assert [part.tolist() for part in rank_intervals(better)] == [[1, 1, 2, 3], [2, 3, 4, 4]]


def test_refusals():
    with pytest.raises(DataError, match="expected 12 bits in 2 bytes"):
        Answers.packed([b"\x00"], n=12)
    with pytest.raises(DataError, match="bits too many"):
        Answers.packed([b"\xff\xff"], n=12)
    with pytest.raises(DataError, match="same models on every set"):
        separated([pack(planted(1, 1)), pack(planted(1, 1)[:1])])


def test_draws_of_the_same_resamples_separate_what_moves_together():
    random = np.random.default_rng(0)
    shared = random.normal(0, 0.05, 400)
    draws = np.stack([0.8 + shared, 0.75 + shared + random.normal(0, 0.005, 400), 0.74 + random.normal(0, 0.05, 400)])
    better = separated_draws(np.array([0.8, 0.75, 0.74]), np.clip(draws, 0, 1))
    assert better[0, 1]
    assert not better[0, 2]
    assert not better[1, 2]
    assert not better.T[0].any()


def test_draws_that_do_not_move_at_all():
    same = np.full((2, 10), 0.5)
    assert not separated_draws(np.array([0.5, 0.5]), same).any()
    assert separated_draws(np.array([0.6, 0.5]), same)[0, 1]
    with pytest.raises(DataError, match="draws"):
        separated_draws(np.array([0.6, 0.5]), same[:1])
