import numpy as np
import pytest
from scipy.spatial.distance import cdist

from bench.core.errors import DataError
from bench.metrics import neighbours
from bench.metrics.neighbours import distance_blocks, nearest, nearest_hashes, radii, unit


@pytest.fixture(params=[7, 2**24], ids=["one row at a time", "all at once"])
def _cells(request, monkeypatch):
    monkeypatch.setattr(neighbours, "CELLS", request.param)


def features(n, seed, d=6):
    return unit(np.random.default_rng(seed).normal(size=(n, d)))


@pytest.mark.usefixtures("_cells")
def test_the_nearest_is_scipy_s():
    left, right = features(23, 0), features(41, 1)
    apart = cdist(left.astype(float), right.astype(float))
    distance, index = nearest(left, right)
    np.testing.assert_array_equal(index, apart.argmin(axis=1))
    np.testing.assert_allclose(distance, apart.min(axis=1), atol=1e-6)
    among = cdist(right.astype(float), right.astype(float)) + np.diag([np.inf] * 41)
    distance, index = nearest(right, right, itself=True)
    np.testing.assert_array_equal(index, among.argmin(axis=1))
    np.testing.assert_allclose(distance, among.min(axis=1), atol=1e-6)


@pytest.mark.usefixtures("_cells")
def test_the_nearest_hash_is_by_hamming_distance():
    random = np.random.default_rng(0)
    left, right = (random.integers(0, 2**63, n).astype(np.uint64) for n in (19, 33))
    apart = np.array([[(int(a) ^ int(b)).bit_count() for b in right] for a in left])
    bits, index = nearest_hashes(left, right)
    np.testing.assert_array_equal(bits, apart.min(axis=1))
    np.testing.assert_array_equal(index, apart.argmin(axis=1))
    same = np.array([5, 5, 9], np.uint64)
    assert nearest_hashes(same, same, itself=True)[0].tolist() == [0, 0, 2]


def test_a_copy_is_at_distance_nought_and_a_near_copy_is_not():
    right = features(50, 2, d=512)
    nudged = unit(right[:3] + np.float32(1e-4) * features(3, 3, d=512))
    assert nearest(right[:3], right)[0].tolist() == [0, 0, 0]
    distance, index = nearest(nudged, right)
    assert index.tolist() == [0, 1, 2]
    np.testing.assert_allclose(distance, 1e-4, rtol=0.05)


@pytest.mark.usefixtures("_cells")
def test_all_distances_and_radii_are_scipy_s_far_from_the_origin_too():
    left, right = (np.random.default_rng(seed).normal(size=(n, 5)) + 1e4 for seed, n in ((0, 23), (1, 41)))
    rows, blocks = zip(*distance_blocks(left, right), strict=True)
    assert [index for part in rows for index in range(23)[part]] == list(range(23))
    np.testing.assert_allclose(np.vstack(blocks), cdist(left, right), rtol=1e-9)
    among = np.sort(cdist(right, right), axis=1)
    for k in (1, 3):
        np.testing.assert_allclose(radii(right, k, what="x"), among[:, k], rtol=1e-9)


def test_copies_have_a_radius_of_nought():
    assert radii(np.array([[0.0], [0.0], [5.0]]), 1, what="x").tolist() == [0, 0, 5]


def test_bad_input_is_one_line():
    with pytest.raises(DataError, match="expected finite numbers"):
        unit(np.array([[np.nan, 1.0]]))
    with pytest.raises(DataError, match="1 images among 1; expected at least 2"):
        nearest(features(1, 0), features(1, 0), itself=True)
    with pytest.raises(DataError, match=r"x: expected more than k = 3 rows .* got 3"):
        radii(features(3, 0), 3, what="x")
    assert unit(np.zeros((1, 3)))[0].tolist() == [0, 0, 0]
