"""The three WILDS metrics: hand-worked values, and the `wilds` package's own `eval` on miniature copies."""

import numpy as np
import pytest
import torch

from bench.core.errors import DataError
from bench.core.wilds_answers import Boxes
from bench.metrics.detection_accuracy import detection_accuracy
from bench.metrics.wilds_globalwheat import globalwheat
from bench.metrics.wilds_iwildcam import iwildcam
from bench.metrics.wilds_means import group_means
from bench.metrics.wilds_poverty import poverty, worst_group
from bench.pipelines.wilds.figures import as_the_package_takes, check_against_package, figures
from bench.pipelines.wilds.tracks import load_wilds
from bench.sources.wilds_dataset import open_wilds
from bench.sources.wilds_package import averaging, scatter
from tests import wilds_folders

pytestmark = wilds_folders.NEEDED


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Every dataset in its versions, as the package loads it from miniature copies."""
    found = {}
    for name, versions in {"iwildcam": ("2.0", "1.0"), "poverty": ("1.1",), "globalwheat": ("1.1", "1.0")}.items():
        for version in versions:
            root = wilds_folders.MAKERS[name](tmp_path_factory.mktemp(name), version=version)
            found[name, version] = open_wilds(load_wilds(name), root, fold="A" if name == "poverty" else None)
    return found


def guesses(data, split, random):
    """Predictions of which some are right, in double precision as a CSV gives them."""
    part = data.parts[split]
    if data.name == "iwildcam":
        return np.where(random.random(len(part)) < 0.5, part.truth, random.integers(data.classes, size=len(part)))
    if data.name == "poverty":
        return part.truth + random.normal(0, 1, len(part))
    return [wheat_guess(truth, random) for truth in part.truth]


def wheat_guess(truth, random):
    """True boxes moved a little, some twice, some elsewhere, some below the score."""
    moved = truth[random.random(len(truth)) < 0.7] + random.integers(-12, 12, (1, 4))
    doubled = moved[: len(moved) // 2] + random.random((1, 4))
    boxes = np.concatenate([moved, doubled, wilds_folders.wheat_boxes(random, int(random.integers(3)))])
    scores = random.choice([0.2, 0.5, 0.51, 0.9], len(boxes))
    return Boxes(boxes.astype(np.float32).reshape(-1, 4), scores.astype(np.float32))


@pytest.mark.parametrize("seed", range(3))
def test_every_figure_is_the_packages_to_the_last_digit(opened, seed):
    for (name, version), data in opened.items():
        random = np.random.default_rng(seed)
        for split in load_wilds(name).evaluated:
            answers = guesses(data, split, random)
            theirs = data.official(split, as_the_package_takes(data, answers))
            ours = figures(data, split, answers)
            assert ours == {key: theirs[key] for key in ours}, (name, version, split)
            assert set(theirs) == set(ours)
            check_against_package(data, split, answers, ours)


def test_a_figure_that_is_not_the_packages_is_refused(opened):
    data = opened["iwildcam", "2.0"]
    answers = guesses(data, "test", np.random.default_rng(0))
    ours = figures(data, "test", answers)
    with pytest.raises(DataError, match=r"acc_avg is 2 here and 0\.\d+ by the wilds package"):
        check_against_package(data, "test", answers, ours | {"acc_avg": 2})


def test_macro_f1_is_over_the_classes_that_occur():
    found = iwildcam(np.array([0, 3, 1, 0, 2]), np.array([0, 0, 1, 1, 2]))
    assert found["F1-macro_all"] == pytest.approx((0.5 + 2 / 3 + 1) / 3, abs=1e-7)
    assert found["F1-macro_all"] == pytest.approx(0.7222, abs=1e-4)
    assert found["recall-macro_all"] == pytest.approx((0.5 + 0.5 + 1) / 3, abs=1e-7)
    assert found["acc_avg"] == pytest.approx(0.6, abs=1e-7)


def test_the_worse_of_urban_and_rural_counts():
    assert worst_group([0.9, 0.4]) == 0.4
    truth = np.array([0, 1, 2, 0, 1, 2], dtype=np.float32)
    predicted = np.array([0, 1, 2, 1, 0, 2], dtype=np.float64)
    found = poverty(predicted, truth, urban=np.array([0, 0, 0, 1, 1, 1]))
    assert found["r_urban:0"] == pytest.approx(1)
    assert found["r_urban:1"] == found["r_wg"] == pytest.approx(0.5)
    assert found["mse_urban:1"] == found["mse_wg"] == pytest.approx(2 / 3)
    assert found["count_urban:1"] == 3


@pytest.mark.parametrize(
    ("predicted", "truth", "urban", "words"),
    [
        ([1.0, 1, 1, 1], [0.0, 1, 2, 3], [0, 0, 1, 1], "all 4 predictions are 1"),
        ([1.0, 2, 3, 3], [0.0, 1, 2, 3], [0, 0, 1, 1], "urban:1: all 2 predictions are 3"),
        ([1.0, 2, 3], [0.0, 1, 2], [0, 0, 1], "urban:1: a correlation needs 2 rows, got 1"),
        ([1.0], [0.0, 1], [0, 0], "expected as many predictions"),
    ],
)
def test_a_correlation_that_does_not_exist_is_refused(predicted, truth, urban, words):
    with pytest.raises(DataError, match=words):
        poverty(np.array(predicted), np.array(truth, dtype=np.float32), urban=np.array(urban))


A, B, ELSEWHERE = [0, 0, 10, 10], [100, 100, 110, 110], [500, 500, 510, 510]


@pytest.mark.parametrize(
    ("found", "truth", "accuracy"),
    [
        ([A, A, ELSEWHERE], [A, B], 0.25),  # TP 1, FP 2, FN 1
        ([], [], 1.0),
        ([A], [], 0.0),
        ([], [A], 0.0),
        ([[0, 0, 10, 5]], [A], 1.0),  # an overlap of exactly one half is enough
        ([[0, 0, 10, 4]], [A], 0.0),
        ([A, B], [A, B], 1.0),
    ],
)
def test_detection_accuracy_of_one_image(found, truth, accuracy):
    boxes = [np.array(one, dtype=np.float32).reshape(-1, 4) for one in (found, truth)]
    assert detection_accuracy(boxes[1], boxes[0], scores=np.ones(len(found))) == accuracy


def test_sessions_count_alike_whatever_their_images_and_low_scores_do_not():
    boxes = [np.array([A], dtype=np.float32)] * 4
    scores = [np.array([score], dtype=np.float32) for score in (0.9, 0.9, 0.5, 0.51)]
    found = globalwheat(boxes, scores, [np.array([A])] * 4, sessions=np.array([0, 0, 0, 2]), names=["a", "b", "c"])
    assert found["detection_acc_session:a"] == pytest.approx(2 / 3)
    assert found["detection_acc_avg_dom"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["detection_acc_avg"] == 0.75
    assert found["count_session:b"] == 0


def test_the_order_of_images_does_not_matter(opened):
    data = opened["globalwheat", "1.1"]
    part, answers = data.parts["test"], guesses(data, "test", np.random.default_rng(1))
    order = np.random.default_rng(2).permutation(len(part))

    def measured(rows):
        return globalwheat(
            [answers[row].boxes for row in rows],
            [answers[row].scores for row in rows],
            [part.truth[row] for row in rows],
            sessions=part.groups[rows],
            names=data.group_names,
        )

    assert measured(order) == pytest.approx(measured(np.arange(len(part))), abs=1e-7)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_stand_in_for_torch_scatter_and_our_group_means_agree(kind):
    random = np.random.default_rng(0)
    values, groups = random.random(500).astype(kind), random.integers(7, size=500)
    theirs = torch.zeros(8, dtype=torch.from_numpy(values).dtype).scatter_reduce(
        0, torch.from_numpy(groups), torch.from_numpy(values), "mean", include_self=False
    )
    stand_in = scatter(torch.from_numpy(values), torch.from_numpy(groups), dim_size=8, reduce="mean")
    means, sizes = group_means(values, groups, 8)
    assert means.tolist() == stand_in.tolist()
    assert means == pytest.approx(theirs.numpy(), rel=1e-6)
    assert sizes.tolist() == np.bincount(groups, minlength=8).tolist()


def test_the_stand_in_leaves_no_trace_and_refuses_what_it_is_not_for():
    import sys

    assert "torch_scatter" not in sys.modules
    with averaging():
        import torch_scatter

        assert torch_scatter.scatter is scatter
    assert "torch_scatter" not in sys.modules
    with pytest.raises(NotImplementedError, match="means of vectors"):
        scatter(torch.zeros(2), torch.zeros(2, dtype=torch.int64), dim_size=1, reduce="max")
