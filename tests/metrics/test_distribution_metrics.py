"""KID, CMMD, precision, recall, density, coverage, Vendi, diversity, authenticity: references and laws."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist
from scipy.stats import entropy
from sklearn.neighbors import NearestNeighbors

from bench.core.errors import DataError
from bench.metrics.authenticity import authenticity
from bench.metrics.clip_score import clip_scores
from bench.metrics.cmmd import clip_discrepancy
from bench.metrics.density_coverage import density_coverage
from bench.metrics.diversity import mean_pairwise_distance
from bench.metrics.kid import kernel_distance
from bench.metrics.precision_recall import precision_recall
from bench.metrics.vendi import vendi_score

PAIRS = {
    "kid": lambda a, b: kernel_distance(a, b).value,
    "cmmd": lambda a, b: clip_discrepancy(a, b).value,
    "precision": lambda a, b: precision_recall(a, b).precision,
    "recall": lambda a, b: precision_recall(a, b).recall,
    "density": lambda a, b: density_coverage(a, b).density,
    "coverage": lambda a, b: density_coverage(a, b).coverage,
    "authenticity": authenticity,
}
SINGLES = {"vendi": vendi_score, "pairwise": mean_pairwise_distance}


def draw(n, d=6, seed=0, shift=0.0):
    return np.random.default_rng(seed).normal(size=(n, d)) + shift


A, B = draw(80, seed=1), draw(90, seed=2, shift=0.4)


def test_kid_is_torch_fidelitys_estimate_and_clean_fids():
    theirs = pytest.importorskip("torch_fidelity.metric_kid")
    a, b = A, B[:80]
    kernels = [theirs.kernel_poly(x, y, kid_kernel_poly_degree=3, kid_kernel_poly_gamma=None, kid_kernel_poly_coef0=1)
               for x, y in ((a, a), (a, b), (b, b))]  # fmt: skip
    assert kernel_distance(a, b).value == pytest.approx(theirs.mmd2(*kernels), rel=1e-10)
    clean = pytest.importorskip("cleanfid.fid")
    assert kernel_distance(a, b).value == pytest.approx(clean.kernel_distance(a, b, num_subsets=1), rel=1e-10)


def test_kid_by_hand_and_its_deviation_by_leaving_out_each_row():
    # d = 1, kernel (xy + 1)^3; a = 0, 0, 0: kernel 1; b = 1, 1, 1: kernel 8; across 1: 1 + 8 - 2 = 7
    assert kernel_distance(np.zeros((3, 1)), np.ones((3, 1))).value == pytest.approx(7)
    found, variance = kernel_distance(A, B), 0.0
    for side in (0, 1):
        pair, n = [A, B], len((A, B)[side])
        left = []
        for row in range(n):
            left.append(kernel_distance(*[np.delete(x, row, 0) if k == side else x for k, x in enumerate(pair)]).value)
        variance += (n - 1) / n * ((np.array(left) - np.mean(left)) ** 2).sum()
    assert found.deviation == pytest.approx(variance**0.5, rel=1e-8)
    assert found.interval == pytest.approx(
        (found.value - 1.959964 * variance**0.5, found.value + 1.959964 * variance**0.5)
    )


def test_kid_is_unbiased_and_its_interval_holds_the_truth():
    found = [kernel_distance(draw(40, seed=10 + k), draw(40, seed=500 + k)) for k in range(120)]
    values = np.array([one.value for one in found])
    assert abs(values.mean()) < 4 * values.std() / 120**0.5
    assert np.mean([one.interval[0] <= 0 <= one.interval[1] for one in found]) > 0.9


def test_cmmd_by_loops():
    a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (A, B))
    mean = [np.mean([math.exp(-((x - y) ** 2).sum() / 200) for x in p for y in q]) for p, q in ((a, a), (b, b), (a, b))]
    assert clip_discrepancy(A, B).value == pytest.approx(1000 * (mean[0] + mean[1] - 2 * mean[2]), rel=1e-8)
    assert clip_discrepancy(7 * A, B).value == pytest.approx(clip_discrepancy(A, B).value, rel=1e-8)


def test_precision_and_recall_are_torch_fidelitys():
    theirs = pytest.importorskip("torch_fidelity.metric_prc")
    import torch

    expected = theirs.calculate_precision_recall_full(torch.from_numpy(A), torch.from_numpy(B), 3)
    found = precision_recall(A, B)
    assert (found.precision, found.recall) == pytest.approx(expected, abs=1e-6)
    assert 0.3 < found.precision < 1


def test_density_and_coverage_by_scikit_learn():
    reach = NearestNeighbors(n_neighbors=6).fit(B).kneighbors(B)[0][:, 5]
    hits = cdist(A, B) < reach
    found = density_coverage(A, B)
    assert found.density == pytest.approx(hits.sum() / (5 * len(A)))
    assert found.coverage == pytest.approx(hits.any(axis=0).mean())


def test_coverage_of_another_draw_is_the_closed_form():
    values = [density_coverage(draw(100, seed=k), draw(100, seed=900 + k)) for k in range(60)]
    assert np.mean([one.coverage for one in values]) == pytest.approx(1 - 2**-5, abs=0.02)
    assert np.mean([one.density for one in values]) == pytest.approx(1, abs=0.05)


def test_vendi_by_the_definition_and_by_hand():
    rows = A / np.linalg.norm(A, axis=1, keepdims=True)
    shares = np.linalg.eigvalsh(rows @ rows.T / len(rows))
    assert vendi_score(A) == pytest.approx(math.exp(entropy(shares[shares > 1e-12])), rel=1e-9)
    assert vendi_score(np.eye(5)) == pytest.approx(5)
    assert vendi_score(np.ones((7, 3))) == pytest.approx(1)
    assert vendi_score(np.repeat(np.eye(4), 3, axis=0)) == pytest.approx(4)


def test_pairwise_distance_is_scipys_and_by_hand():
    assert mean_pairwise_distance(A) == pytest.approx(pdist(A, "cosine").mean(), rel=1e-10)
    assert mean_pairwise_distance(np.eye(3)) == pytest.approx(1)
    assert mean_pairwise_distance(np.ones((4, 2))) == pytest.approx(0, abs=1e-12)


def test_authenticity_by_loops_and_its_two_ends():
    copied = 0
    for row in A:
        gaps = np.linalg.norm(B - row, axis=1)
        k = gaps.argmin()
        copied += gaps[k] < np.delete(np.linalg.norm(B - B[k], axis=1), k).min()
    assert authenticity(A, B) == pytest.approx(1 - copied / len(A))
    assert authenticity(B + 1e-9, B) == 0
    assert authenticity(A + 100, B) == 1


def test_clip_score_in_both_conventions():
    torch = pytest.importorskip("torch")
    expected = torch.cosine_similarity(torch.from_numpy(A), torch.from_numpy(B[:80])).clamp(min=0).numpy()
    assert clip_scores(A, B[:80], convention="percent-cosine") == pytest.approx(100 * expected, abs=1e-9)
    assert clip_scores(A, B[:80], convention="clipscore-2.5") == pytest.approx(2.5 * expected, abs=1e-9)
    with pytest.raises(DataError, match=r"percent-cosine, clipscore-2\.5, got 'x'"):
        clip_scores(A, A, convention="x")
    with pytest.raises(DataError, match="one for each image"):
        clip_scores(A, B, convention="percent-cosine")


@pytest.mark.parametrize("name", PAIRS)
def test_order_of_images_does_not_matter(name):
    rng = np.random.default_rng(3)
    assert PAIRS[name](rng.permutation(A), rng.permutation(B)) == pytest.approx(PAIRS[name](A, B), rel=1e-9)


@pytest.mark.parametrize("name", SINGLES)
def test_order_and_scale_do_not_matter_to_diversity(name):
    shuffled = np.random.default_rng(3).permutation(A)
    assert SINGLES[name](3 * shuffled) == pytest.approx(SINGLES[name](A), rel=1e-9)


def test_identity_and_symmetry():
    assert kernel_distance(A, A).value < 0  # Unbiased: the diagonal, which a set shares with itself, is left out.
    assert clip_discrepancy(A, A).value == pytest.approx(0, abs=1e-9)
    assert (precision_recall(A, A).precision, precision_recall(A, A).recall) == (1, 1)
    assert density_coverage(A, A).coverage == 1
    assert authenticity(A, A) == 0
    for name in ("kid", "cmmd"):
        assert PAIRS[name](A, B) == pytest.approx(PAIRS[name](B, A), rel=1e-9)
    assert PAIRS["precision"](A, B) == PAIRS["recall"](B, A)


@pytest.mark.parametrize("name", PAIRS)
def test_refusals_of_pairs(name):
    broken = B.copy()
    broken[3, 1] = np.nan
    for bad, words in ((broken, "finite numbers, got nan"), (B[:, :3], "same width"), (B[0], r"\[n, d\]")):
        with pytest.raises(DataError, match=words) as caught:
            PAIRS[name](A, bad)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", SINGLES)
def test_refusals_of_singles(name):
    zero = A.copy()
    zero[5] = 0
    with pytest.raises(DataError, match="row 5 is all zeros"):
        SINGLES[name](zero)
