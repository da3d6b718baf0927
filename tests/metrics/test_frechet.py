"""The Fréchet distance: closed forms, SciPy's sqrtm as reference, both routes, and the laws."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from bench.core.errors import DataError
from bench.metrics.frechet import ROUTES, cheaper_route, frechet, frechet_distance, frechet_from_moments
from bench.metrics.moments import Moments, class_moments


def features(n, d, seed, scale=1.0):
    """Rows with correlated, shifted columns."""
    rng = np.random.default_rng(seed)
    return scale * rng.normal(size=(n, d)) @ (np.eye(d) + 0.3 * rng.normal(size=(d, d)) / d**0.5) + 0.2 * rng.normal(
        size=d
    )


def reference(a, b):
    """The formula of methods.md 9.1 with SciPy's matrix square root."""
    cov_a, cov_b, gap = np.cov(a.T), np.cov(b.T), a.mean(axis=0) - b.mean(axis=0)
    return gap @ gap + np.trace(cov_a + cov_b - 2 * sqrtm(cov_a @ cov_b).real)


def whitened(n, d, seed):
    """Features with mean exactly 0 and covariance exactly the identity."""
    x = np.random.default_rng(seed).normal(size=(n, d))
    u = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[0]
    return u * (n - 1) ** 0.5


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(("n_a", "n_b", "d"), [(200, 200, 12), (60, 150, 40), (160, 90, 24)])
def test_agrees_with_sqrtm_on_full_rank(route, n_a, n_b, d):
    a, b = features(n_a, d, 0), features(n_b, d, 1, scale=1.3)
    result = frechet(a, b, route=route)
    assert result.value == pytest.approx(reference(a, b), rel=1e-6)
    assert (result.route, result.n, result.d) == (route, (n_a, n_b), d)


@pytest.mark.parametrize(("n_a", "n_b", "d"), [(20, 30, 64), (64, 64, 64), (40, 300, 64), (300, 10, 64)])
def test_routes_agree_where_covariances_are_singular(n_a, n_b, d):
    a, b = features(n_a, d, 2), features(n_b, d, 3)
    assert frechet(a, b, route="samples").value == pytest.approx(frechet(a, b, route="covariances").value, rel=1e-7)


@pytest.mark.parametrize("route", ROUTES)
def test_closed_form_of_commuting_gaussians(route):
    # means apart by m, covariances diag(s^2) and diag(t^2): |m|^2 + sum (s - t)^2
    s, t, m = np.array([1.0, 2.0, 0.5, 3.0]), np.array([2.0, 2.0, 1.5, 0.0]), np.array([0.5, -1.0, 0.0, 2.0])
    a, b = whitened(50, 4, 0) * s, whitened(70, 4, 1) * t + m
    assert frechet(a, b, route=route).value == pytest.approx(5.25 + (1 + 0 + 1 + 9), rel=1e-7)


def test_one_dimension_by_hand():
    # means 1 and 4, standard deviations 1 and 2: 3^2 + (1 - 2)^2 = 10
    assert frechet_distance([[0.0], [1.0], [2.0]], [[2.0], [4.0], [6.0]]) == pytest.approx(10, abs=1e-12)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(("n", "d"), [(30, 100), (120, 20)])
def test_identity_shift_symmetry_order(route, n, d):
    a, b = features(n, d, 4), features(n + 7, d, 5)
    scale = frechet(a, b, route=route).value
    assert 0 <= frechet(a, a.copy(), route=route).value < 1e-9 * scale
    shift = np.full(d, 3.0 / d**0.5)
    assert frechet(a, a + shift, route=route).value == pytest.approx(9.0, rel=1e-9)
    assert frechet(b, a, route=route).value == pytest.approx(scale, rel=1e-9)
    rng = np.random.default_rng(6)
    assert frechet(rng.permutation(a), rng.permutation(b), route=route).value == pytest.approx(scale, rel=1e-9)


@pytest.mark.parametrize("route", ROUTES)
def test_constant_features_leave_the_distance_of_the_means(route):
    a, b = np.zeros((5, 3)), np.full((4, 3), 2.0)
    assert frechet(a, b, route=route).value == pytest.approx(12)
    assert frechet(a, whitened(40, 3, 0), route=route).value == pytest.approx(3)


def test_the_cheaper_route_is_taken():
    assert cheaper_route(50, 50, d=2048) == cheaper_route(400, 400, d=2048) == "samples"
    assert cheaper_route(50_000, 50_000, d=2048) == cheaper_route(1000, 1000, d=128) == "covariances"
    assert frechet(features(10, 64, 0), features(12, 64, 1)).route == "samples"
    assert frechet(features(200, 8, 0), features(200, 8, 1)).route == "covariances"


def test_float32_and_float64_of_the_same_numbers_agree():
    a, b = features(30, 16, 0).astype(np.float32), features(30, 16, 1).astype(np.float32)
    assert frechet_distance(a, b) == frechet_distance(a.astype(np.float64), b.astype(np.float64))


def test_merged_moments_are_those_of_the_whole():
    whole = features(9000, 6, 8) + 100  # more rows than a block
    parts = [Moments.of(part) for part in np.split(whole, [1, 2000, 2500])]
    merged = parts[0].merge(parts[1]).merge(parts[3].merge(parts[2]))
    assert merged.count == 9000
    assert merged.mean == pytest.approx(whole.mean(axis=0), rel=1e-12)
    assert merged.scatter / 8999 == pytest.approx(np.cov(whole.T), rel=1e-9, abs=1e-12)
    other = Moments.of(features(500, 6, 9))
    value = frechet_from_moments(merged, other).value
    assert value == pytest.approx(frechet(whole, features(500, 6, 9), route="covariances").value, rel=1e-9)


def test_refusals():
    a = features(10, 4, 0)
    broken = a.copy()
    broken[3, 1] = np.nan
    for bad, words in (
        (broken, r"features b: expected finite numbers, got nan at index \[3, 1\]"),
        (np.where(np.isnan(broken), np.inf, broken), "got inf"),
        (a[:1], "at least 2 rows, got 1"),
        (a[:, :3], "same width on both sides, got 4 and 3"),
        (a[0], r"shape \[n, d\]"),
        (a.astype(complex), "real numbers"),
    ):
        with pytest.raises(DataError, match=words):
            frechet(a, bad)
    with pytest.raises(DataError, match="samples, covariances, got 'sqrtm'"):
        frechet(a, a, route="sqrtm")
    with pytest.raises(DataError, match="at least 2 rows on both sides, got 10 and 1"):
        frechet_from_moments(Moments.of(a), Moments.of(a[:1]))
    with pytest.raises(DataError, match="same width"):
        Moments.of(a).merge(Moments.of(a[:, :2]))


@pytest.mark.parametrize("blocks", [[1] * 40, [7, 30, 3], [40]])
def test_streamed_moments_are_those_of_the_whole_and_stay_small(blocks):
    whole = features(40, 25, 10) + 3
    streamed = Moments.streamed(np.split(whole, np.cumsum(blocks)[:-1]))
    assert streamed.covariance == pytest.approx(np.cov(whole.T), rel=1e-9, abs=1e-12)
    assert streamed.mean == pytest.approx(whole.mean(axis=0), rel=1e-12)
    assert len(streamed.spread) <= 25
    few = Moments.streamed(np.split(whole[:9], 3))
    assert len(few.spread) < 25
    assert few.covariance == pytest.approx(np.cov(whole[:9].T), rel=1e-9, abs=1e-12)
    with pytest.raises(DataError, match="at least one block"):
        Moments.streamed([])


def test_merged_rows_give_the_distance_of_the_whole_by_samples():
    a, b = features(20, 64, 11), features(30, 64, 12)
    merged = Moments.of(a[:8]).merge(Moments.of(a[8:]))
    result = frechet_from_moments(merged, Moments.of(b))
    assert result.route == "samples"
    assert result.n == (20, 30)
    assert result.value == pytest.approx(frechet_distance(a, b), rel=1e-10)


def test_moments_of_each_class_are_those_of_its_rows():
    whole, labels = features(60, 5, 13), np.arange(60) % 3
    found = class_moments((whole[part], labels[part]) for part in (slice(0, 7), slice(7, 41), slice(41, 60)))
    assert list(found) == [0, 1, 2]
    for label, moments in found.items():
        assert moments.covariance == pytest.approx(np.cov(whole[labels == label].T), rel=1e-9)


def test_agrees_with_torch_fidelity_and_clean_fid_on_the_same_features():
    torch_fidelity = pytest.importorskip("torch_fidelity.metric_fid")
    a, b = features(300, 24, 14), features(400, 24, 15)
    statistics = [{"mu": x.mean(axis=0), "sigma": np.cov(x, rowvar=False)} for x in (a, b)]
    theirs = torch_fidelity.fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
    assert frechet_distance(a, b) == pytest.approx(theirs, rel=1e-7)
    clean = pytest.importorskip("cleanfid.fid")
    # SciPy has dropped `disp`, with which clean-fid 0.1.35 calls sqrtm; the value it asks for is the same.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clean.linalg, "sqrtm", lambda m, disp=True: (sqrtm(m), 0.0) if not disp else sqrtm(m))
        theirs = clean.fid_from_feats(a, b)
    assert frechet_distance(a, b) == pytest.approx(theirs, rel=1e-7)
