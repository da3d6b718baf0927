"""Every metric is held to an independent reference and to a law; the laws that many share stand here."""

from collections import Counter
from importlib import import_module

import numpy as np
import pytest
from scipy import stats

from bench.core.errors import DataError
from bench.metrics import METRICS, mmd, neighbours
from bench.metrics.agreement import blank, share_by_group
from bench.metrics.clip_score import clip_scores
from bench.metrics.likelihood import negative_log_likelihood
from bench.metrics.rated import item_mean
from bench.metrics.vendi import vendi_score
from tests.metrics.test_distribution_metrics import PAIRS, A, B

# Where each metric meets its reference (a library, the definition in loops, a closed form), and a law.
PROOFS = {
    "top1": ("accuracy:top_k_is_a_share_and_agrees_with_sklearn", "accuracy:order_of_images_does_not_matter"),
    "top5": ("accuracy:top_k_is_a_share_and_agrees_with_sklearn", "accuracy:order_of_images_does_not_matter"),
    "mean-per-class": ("accuracy:mean_per_class_by_hand_and_sklearn", "accuracy:order_of_images_does_not_matter"),
    "interval": ("accuracy:interval_agrees_with_scipy", "laws:an_interval_of_hits_mirrors_that_of_misses"),
    "nll": ("likelihood:it_is_the_cross_entropy_where_one_class_is_right", "laws:likelihood_ignores_order_and_merges"),
    "calibration-error": ("calibration:by_hand", "calibration:the_order_of_images_does_not_matter"),
    "effective-robustness": ("robustness:fit_agrees_with_linregress", "robustness:order_of_models_does_not_matter"),
    "frechet": (
        "frechet:agrees_with_torch_fidelity_and_clean_fid_on_the_same_features",
        "frechet:identity_shift_symmetry_order",
    ),
    "frechet-class-mean": ("frechet_classes:by_hand", "frechet_classes:identity_symmetry_and_order"),
    "frechet-infinity": ("frechet_bias:the_extrapolation_takes_the_bias_away", "frechet_bias:identity_symmetry_order"),
    "frechet-interval": ("frechet_bias:the_jackknife_by_sqrtm_and_loops", "frechet_bias:identity_symmetry_order"),
    "nearest": ("neighbours:the_nearest_is_scipy_s", "laws:blocks_of_any_size_give_the_same"),
    "nearest-hash": ("neighbours:the_nearest_hash_is_by_hamming_distance", "laws:blocks_of_any_size_give_the_same"),
    "kid": (
        "distribution_metrics:kid_is_torch_fidelitys_estimate_and_clean_fids",
        "distribution_metrics:identity_and_symmetry",
    ),
    "cmmd": ("distribution_metrics:cmmd_by_loops", "distribution_metrics:identity_and_symmetry"),
    "precision-recall": (
        "distribution_metrics:precision_and_recall_are_torch_fidelitys",
        "distribution_metrics:identity_and_symmetry",
    ),
    "density-coverage": (
        "distribution_metrics:density_and_coverage_by_scikit_learn",
        "distribution_metrics:identity_and_symmetry",
    ),
    "vendi": ("distribution_metrics:vendi_by_the_definition_and_by_hand", "laws:copies_add_nothing_to_vendi"),
    "pairwise-distance": (
        "distribution_metrics:pairwise_distance_is_scipys_and_by_hand",
        "distribution_metrics:order_and_scale_do_not_matter_to_diversity",
    ),
    "authenticity": (
        "distribution_metrics:authenticity_by_loops_and_its_two_ends",
        "distribution_metrics:identity_and_symmetry",
    ),
    "clip-score": ("distribution_metrics:clip_score_in_both_conventions", "laws:clip_scores_follow_their_pairs"),
    "consistency": ("laws:consistency_is_counted_and_its_interval_scipys", "laws:consistency_merges"),
    "blank": ("laws:blank_by_hand", "laws:blank_by_hand"),
    "rated-mean": ("laws:a_rated_mean_is_scipys", "laws:a_rated_mean_ignores_order_and_how_many_rated"),
    "mean-corruption-error": (
        "corruption_error:alexnet_is_one_by_definition_and_half_its_errors_are_a_half",
        "corruption_error:the_order_of_corruptions_changes_nothing",
    ),
    "krippendorff": (
        "agreement_and_link:the_krippendorff_package_agrees",
        "agreement_and_link:alpha_laws_and_refusals",
    ),
    "correlation": ("agreement_and_link:correlation_is_scipys", "agreement_and_link:correlation_is_scipys"),
    "seed-mean": ("arms:agrees_with_scipy", "arms:order_of_seeds_does_not_matter"),
    "paired-difference": ("arms:paired_difference_agrees_with_scipy", "arms:order_of_seeds_does_not_matter"),
    "mcnemar": (
        "paired:mcnemar_is_the_binomial_test_of_the_images_that_divide_the_two",
        "paired:identical_answers_prove_nothing",
    ),
    "mean-difference": ("paired:the_bootstrap_agrees_with_scipy", "paired:identical_answers_prove_nothing"),
    "rank-interval": (
        "ranks:rank_intervals_hold_together_in_95_of_100_boards",
        "ranks:skipping_the_clear_pairs_changes_nothing_and_order_is_nothing",
    ),
    "kendall-tau": (
        "rank_agreement:tau_is_that_of_scipy_with_ties",
        "rank_agreement:perfect_agreement_few_models_and_ties_alone",
    ),
    **dict.fromkeys(
        ("wilds-iwildcam", "wilds-poverty", "wilds-globalwheat"),
        ("wilds:every_figure_is_the_packages_to_the_last_digit", "wilds:the_order_of_images_does_not_matter"),
    ),
    "average-precision": (
        "average_precision:agrees_with_the_coco_libraries",
        "average_precision:weights_of_one_are_the_set_itself",
    ),
    "f1-confidence": (
        "f1_confidence:is_yolos_definition",
        "f1_confidence:a_class_without_truth_does_not_count_and_a_resample_counts_images",
    ),
    "image-bootstrap": (
        "image_bootstrap:intervals_cover",
        "image_bootstrap:as_many_are_drawn_as_there_are_and_a_seed_says_which",
    ),
    "detection-accuracy": (
        "detection_accuracy:equal_to_the_wilds_package_to_the_last_digit",
        "detection_accuracy:the_order_of_predictions_does_not_matter",
    ),
}


def test_every_metric_has_a_reference_and_a_law():
    assert PROOFS.keys() == METRICS.keys()
    for module, _, name in (proof.partition(":") for proofs in PROOFS.values() for proof in proofs):
        assert callable(getattr(import_module(f"tests.metrics.test_{module}"), f"test_{name}"))


@pytest.mark.parametrize("step", [1, 7])
def test_blocks_of_any_size_give_the_same(monkeypatch, step):
    hashes = np.random.default_rng(0).integers(0, 2**63, (2, 30)).astype(np.uint64)

    def everything():
        near, bits = neighbours.nearest(A, B), neighbours.nearest_hashes(*hashes)
        return [metric(A, B) for metric in PAIRS.values()], near[1].tolist(), [part.tolist() for part in bits]

    whole = everything()
    monkeypatch.setattr(mmd, "BLOCK", step)
    monkeypatch.setattr(neighbours, "CELLS", step * len(B))
    found = everything()
    assert found[0] == pytest.approx(whole[0], rel=1e-9)
    assert found[1:] == whole[1:]


def test_copies_add_nothing_to_vendi():
    assert vendi_score(np.repeat(A, 3, axis=0)) == pytest.approx(vendi_score(A), rel=1e-9)


def test_clip_scores_follow_their_pairs():
    order = np.random.default_rng(1).permutation(len(A))
    found = clip_scores(A, B[:80], convention="percent-cosine")
    assert clip_scores(2 * A[order], B[:80][order], convention="percent-cosine") == pytest.approx(found[order])
    assert clip_scores(B[:80], A, convention="percent-cosine") == pytest.approx(found)
    assert clip_scores(A, A, convention="percent-cosine") == pytest.approx(np.full(80, 100))


def agreed(n=200):
    rng = np.random.default_rng(2)
    return rng.random(n) < 0.7, rng.choice(["a", "b", "c"], n)


def test_consistency_is_counted_and_its_interval_scipys():
    right, groups = agreed()
    hits, counts = Counter(groups[right].tolist()), Counter(groups.tolist())
    found = share_by_group(right, groups)
    assert list(found) == ["a", "b", "c"]
    for name, (count, n, interval) in found.items():
        wilson = stats.binomtest(hits[name], counts[name]).proportion_ci(method="wilson")
        assert (count, n) == (hits[name], counts[name])
        assert interval == pytest.approx(tuple(wilson))
    with pytest.raises(DataError, match="one for each of at least one image"):
        share_by_group(right, groups[1:])


def test_consistency_merges():
    right, groups = agreed()
    order = np.random.default_rng(3).permutation(len(right))
    assert share_by_group(right[order], groups[order]) == share_by_group(right, groups)
    parts = [share_by_group(right[rows], groups[rows]) for rows in (slice(0, 90), slice(90, None))]
    for name, (count, n, _) in share_by_group(right, groups).items():
        assert (count, n) == (sum(part[name][0] for part in parts), sum(part[name][1] for part in parts))


def test_blank_by_hand():
    flat = np.full((8, 8, 3), [10, 200, 30], dtype=np.uint8)
    assert blank(flat)
    assert blank(flat[..., 0])
    faint, seen = flat.copy(), flat.copy()
    faint[0, 0, 1], seen[7, 7, 2] = 202, 33
    assert blank(faint)
    assert not blank(seen)
    assert not blank(seen[::-1])
    assert not blank(255 - seen)


def ratings():
    table = np.random.default_rng(4).integers(1, 6, (3, 20)).astype(float)
    table[1, :6] = table[:, 8] = np.nan
    return table


def test_a_rated_mean_is_scipys():
    rated = [column[~np.isnan(column)] for column in ratings().T]
    each = [sum(column) / len(column) for column in rated if len(column)]
    mean, interval, n = item_mean(ratings())
    assert (mean, n) == (pytest.approx(np.mean(each)), 19)
    assert interval == pytest.approx(tuple(stats.ttest_1samp(each, 0).confidence_interval(0.95)))
    assert item_mean(np.array([[3.0]])) == (3, None, 1)
    with pytest.raises(DataError, match="at least one answer"):
        item_mean(np.full((2, 3), np.nan))


def test_a_rated_mean_ignores_order_and_how_many_rated():
    table, rng = ratings(), np.random.default_rng(5)
    shuffled = table[rng.permutation(3)][:, rng.permutation(20)]
    twice = np.vstack([table, table])
    for other in (shuffled, twice):
        mean, interval, n = item_mean(other)
        assert (mean, *interval, n) == pytest.approx((*item_mean(table)[:1], *item_mean(table)[1], 19))


def test_an_interval_of_hits_mirrors_that_of_misses():
    from bench.metrics.accuracy import proportion_interval

    low, high = proportion_interval(37, 50)
    assert proportion_interval(13, 50) == pytest.approx((1 - high, 1 - low))


def test_likelihood_ignores_order_and_merges():
    rng = np.random.default_rng(6)
    logits, right = rng.normal(size=(50, 4)), np.eye(4, dtype=bool)[rng.integers(0, 4, 50)]
    whole, order = negative_log_likelihood(logits, right), rng.permutation(50)
    assert negative_log_likelihood(logits[order], right[order]) == pytest.approx(whole)
    parts = [negative_log_likelihood(logits[rows], right[rows]) for rows in (slice(0, 20), slice(20, 50))]
    assert 0.4 * parts[0] + 0.6 * parts[1] == pytest.approx(whole)
