"""From cards to a board: order, lines, arms, and what is refused."""

import numpy as np
import pytest
from scipy import stats

from bench.core.errors import DataError
from bench.core.record import parse
from bench.core.score import Declaration, Environment, Score, ScoreCard, pack_bits
from bench.core.track import Track
from bench.core.training_run import TrainingData, TrainingRun
from bench.pipelines.board import leaderboard

TRACK = parse(
    Track,
    {
        "name": "t",
        "title": "T",
        "question": "?",
        "classes": [{"id": "0", "name": "zero"}, {"id": "1", "name": "one"}],
        "in_distribution": "test",
        "headline": {"sets": ["a", "b"]},
        "sets": {name: {"source": name, "title": name} for name in ("test", "a", "b", "spare")},
    },
    where="-",
)
N = 1000


def card(slug: str, accuracies: dict[str, float], *, role="standard", arm="real", match="steps", seed=0, digest="d"):
    """A card with the given top-1 on 1,000 images a set."""
    scores = {}
    for name, accuracy in accuracies.items():
        correct = np.arange(N) < round(accuracy * N)
        scores[name] = Score(
            n=N,
            top1=correct.mean(),
            top5=1,
            interval=(0, 1),
            dataset_digest=f"sha256:{digest}-{name}",
            predictions_digest="sha256:0",
            correct=pack_bits(correct),
        )
    data = (TrainingData(name="real", digest="sha256:0", images=4000),)
    run = TrainingRun(
        track="t", arm=arm, arch="net", data=data, match=match, steps=400, image_size=32, seed=seed, classes=("0", "1")
    )
    return ScoreCard(
        model=f"run:{slug}",
        slug=slug,
        title=slug,
        track="t",
        role=role,
        declaration=Declaration(arch="net", training=run),
        preprocessing={},
        sets=scores,
        environment=Environment(machine="m", versions={}),
        state="listed",
        reason="",
    )


STANDARD = [
    card(f"standard-{i}", {"test": x, "a": y, "b": z})
    for i, (x, y, z) in enumerate(
        [(0.6, 0.2, 0.3), (0.7, 0.3, 0.35), (0.8, 0.35, 0.5), (0.9, 0.5, 0.45), (0.95, 0.5, 0.6)]
    )
]
ARMS = [
    card(f"{arm}-{match}-{seed}", {"test": x, "a": y + seed / 100, "b": z}, role="arm", arm=arm, match=match, seed=seed)
    for arm, match, x, y, z in (("real", "steps", 0.9, 0.4, 0.5), ("mixed", "steps", 0.9, 0.8, 0.7))
    for seed in (0, 1, 2)
]


def board(cards):
    return leaderboard(TRACK, tuple(cards), distances=None, version=None)


def test_rows_are_sorted_by_mean_shifted_accuracy_whatever_the_order_of_cards():
    one = board(STANDARD + ARMS)
    assert one == board((STANDARD + ARMS)[::-1])
    assert [row.rank for row in one.rows] == list(range(1, 12))
    assert one.rows[0].slug == "mixed-steps-2"
    assert one.rows[0].shifted == pytest.approx((0.82 + 0.7) / 2)
    assert [column.name for column in one.columns] == ["test", "a", "b"]


def test_the_line_is_that_of_the_standard_models_alone():
    fit = next(fit for fit in board(STANDARD + ARMS).fits if (fit.set, fit.transform) == ("a", "linear"))
    x, y = zip(*[(c.sets["test"].top1, c.sets["a"].top1) for c in STANDARD], strict=True)
    line = stats.linregress(x, y)
    assert (fit.slope, fit.intercept, fit.r) == pytest.approx((line.slope, line.intercept, line.rvalue))
    assert (fit.n, fit.x_range) == (5, (0.6, 0.95))
    row = next(row for row in board(STANDARD + ARMS).rows if row.slug == "mixed-steps-0")
    assert row.robustness["a"]["linear"].value == pytest.approx(0.8 - (line.slope * 0.9 + line.intercept))


def test_a_standard_model_is_judged_by_the_line_of_the_others():
    row = next(row for row in board(STANDARD).rows if row.slug == "standard-4")
    x, y = zip(*[(c.sets["test"].top1, c.sets["a"].top1) for c in STANDARD[:4]], strict=True)
    line = stats.linregress(x, y)
    found = row.robustness["a"]["linear"]
    assert found.value == pytest.approx(0.5 - (line.slope * 0.95 + line.intercept))
    assert found.extrapolated
    assert any("extrapolation" in note for note in board(STANDARD).notes)


def test_arms_are_means_over_seeds_and_gains_are_paired():
    found = board(STANDARD + ARMS)
    assert [arm.label for arm in found.arms] == ["real", "mixed, equal steps"]
    assert found.arms[0].sets["a"].mean == pytest.approx(0.41)
    assert found.arms[0].sets["a"].n == 3
    gain = found.gains[0]
    assert (gain.label, gain.baseline) == ("mixed, equal steps", "real")
    assert gain.sets["a"].mean == pytest.approx(0.4)
    assert gain.sets["a"].interval == pytest.approx((0.4, 0.4))
    assert "lifts mean shifted accuracy from 45.5 to 75.5 %" in found.summary


def test_one_seed_is_said_and_has_no_interval():
    found = board(STANDARD + ARMS[::3])
    assert found.gains[0].shifted.interval is None
    assert any("one seed" in note for note in found.notes)


def test_cards_of_other_data_are_refused():
    with pytest.raises(DataError, match="score both on the same data"):
        board([*STANDARD, card("other", {"test": 0.9, "a": 0.5, "b": 0.5}, digest="e")])


def test_a_card_without_a_headline_set_is_refused():
    with pytest.raises(DataError, match="part: no score on b"):
        board([*STANDARD, card("part", {"test": 0.9, "a": 0.5})])


def test_no_cards_and_few_standard_models():
    with pytest.raises(DataError, match="no listed score card"):
        board([])
    few = board(STANDARD[:2])
    assert few.fits == ()
    assert few.rows[0].robustness == {}
    assert any("no robustness line" in note for note in few.notes)
