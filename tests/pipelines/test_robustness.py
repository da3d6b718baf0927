"""`robustness`: the sheet's tables, the declared record, two-piece lines, judging oneself, and bad input."""

import csv
from pathlib import Path

import numpy as np
import pytest

from bench.core.errors import BenchError, DataError, UsageError
from bench.core.population import Population
from bench.pipelines.robustness.populations import Choice, of_cards, open_population, select
from bench.pipelines.robustness.robustness import Point, axes_of, declare
from bench.pipelines.robustness.verb import Opened, Request, as_text, draw, robustness, sensitivity_table
from bench.store.cards import write_card
from tests.metrics.test_robustness_testbed import ARMS, LINES, POINTS, SHIFTS, TESTBED, assert_to_the_digits
from tests.pipelines.cards import STANDARD, card

needs_testbed = pytest.mark.skipif(not TESTBED.is_dir(), reason=f"the ImageNet testbed's tables are not at {TESTBED}")
CHOICE = Choice(types_file=TESTBED / "model_types.csv", types=("STANDARD",))
TABLE = str(TESTBED / "robustness_top1s.csv")


@pytest.fixture(scope="module")
def standard():
    return select(open_population(TABLE, CHOICE, data_root=Path("/nowhere")), CHOICE)


@needs_testbed
@pytest.mark.parametrize("shift", LINES)
def test_the_lines_of_the_sheet(standard, shift):
    n, linear, logit = LINES[shift]
    for transform, (slope, intercept, r), scale in (("linear", linear, 100), ("logit", logit, 1)):
        axes = axes_of(standard, *SHIFTS[shift])
        fit = declare(standard, [Point("m", 0.7, 0.5)], axes, transform=transform)[0].fit
        assert fit.n == n
        assert fit.x_axis == ("matched" if "-on-" in axes.x else "full")
        for value, text, by in ((fit.slope, slope, 1), (fit.intercept, intercept, scale), (fit.r, r, 1)):
            assert_to_the_digits(value, text, scale=by)


@needs_testbed
@pytest.mark.parametrize(
    ("row", "shifts"),
    [(row, ("V2", "Sketch", "R", "ObjectNet")) for row in POINTS.values()]
    + [(row, ("V2", "Sketch", "R-full", "ObjectNet-full")) for row in ARMS.values()],
    ids=[*POINTS, *ARMS],
)
def test_the_effective_robustness_of_the_sheet(standard, row, shifts):
    numbers, values = row.split(":")
    points = np.array(numbers.split(), dtype=float).reshape(4, 2) / 100
    for shift, (x, y), pair in zip(shifts, points, values.split(","), strict=True):
        for transform, expected in zip(("linear", "logit"), pair.split("/"), strict=True):
            found = declare(standard, [Point("m", x, y)], axes_of(standard, *SHIFTS[shift]), transform=transform)[0]
            assert_to_the_digits(found.effective_robustness, expected.strip(), scale=100)
            assert found.interval[0] <= found.effective_robustness <= found.interval[1]
            assert found.extrapolated == (x < 0.5)


@needs_testbed
def test_imagenet_a_has_two_lines_beside_the_model_at_zero(standard):
    axes = axes_of(standard, "val-a", "a")
    below, above = declare(standard, [Point("b", 0.85, 0.02), Point("a", 0.95, 0.0)], axes, transform="logit")
    assert (below.fit.piece, above.fit.piece) == ("below", "above")
    assert below.fit.pivot == above.fit.pivot == pytest.approx(0.9186)
    assert below.fit.x_range[1] < 0.9186 < above.fit.x_range[0]
    assert (below.zero, above.zero) == (False, True)
    assert below.fit.n + above.fit.n == 84


@needs_testbed
def test_a_model_of_the_population_is_taken_out_of_its_own_line(standard):
    axes = axes_of(standard, "val", "imagenet-sketch")
    names, x, y = standard.pairs("val", "imagenet-sketch")
    own, kept = (
        declare(standard, [Point(names[0], x[0], y[0])], axes, transform="logit", keep_tested=keep)[0]
        for keep in (False, True)
    )
    others = standard.keep(lambda index, _: index != standard.models.index(names[0]), "others")
    alone = declare(others, [Point("other", x[0], y[0])], axes, transform="logit")[0]
    assert (own.left_out, own.fit.n, kept.left_out, kept.fit.n) == (True, 84, False, 85)
    assert own.effective_robustness == pytest.approx(alone.effective_robustness)
    assert own.interval == pytest.approx(alone.interval)


@needs_testbed
def test_sensitivity_and_the_figure(tmp_path):
    request = Request(models=("resnet50_clip_zeroshot",), x="val", y=("imagenet-r",))
    opened = Opened([TABLE], CHOICE, request, data_root=tmp_path)
    rows = sensitivity_table(opened)
    assert {row.x for row in rows} == {"val", "val-on-imagenet-r-classes"}
    assert [round(100 * rows[1].values[t].effective_robustness, 1) for t in ("linear", "logit")] == [32.1, 32.9]
    for name in ("a.svg", "b.svg", "a.png"):
        draw(opened, "probit", tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match=r"expected a file ending in \.png"):
        draw(opened, "logit", tmp_path / "a.gif")


def table(tmp_path, rows, name="population.csv"):
    path = tmp_path / name
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("model", "test", "shift"), *rows])
    return path


ROWS = [(f"m{i}", 50 + 5 * i, 30 + 4 * i + i % 2) for i in range(8)]


def opened(tmp_path, *, rows=ROWS, choice=None, table_=None, **request):
    given = {"x": "test", "y": ("shift",), "rows": table_} | request
    population = str(table(tmp_path, rows))
    return Opened([population], choice or Choice(unit="percent"), Request(**given), data_root=tmp_path)


def test_numbers_rows_and_models_are_judged_alike(tmp_path):
    others = table(tmp_path, [("mine", 77.5, 70), ("other", 60, 20)], "mine.csv")
    found = robustness(opened(tmp_path, at=("mine=77.5,70",), table_=others, models=("m3",)), "logit")
    assert [one.model for one in found] == ["mine", "m3", "mine", "other"]
    assert found[0] == found[2]
    assert (found[1].left_out, found[1].fit.n, found[0].interval_over) == (True, 7, "models")
    assert "mine: +" in as_text(found)
    sized = robustness(opened(tmp_path, at=("mine=77.5,70",), n_x=1000, n_y=1000), "logit")[0]
    assert sized.interval_over == "models and images"
    assert sized.interval[1] - sized.interval[0] > found[0].interval[1] - found[0].interval[0]
    assert sized.x_interval[0] < 0.775 < sized.x_interval[1]


def test_the_standard_cards_of_a_track_are_a_population():
    population = of_cards("t", STANDARD)
    fitted = population.keep(lambda _, name: population.types[name] == "standard", "type standard")
    found = declare(fitted, [Point("mine", 0.9, 0.9)], axes_of(fitted, "test", "a"), transform="linear")[0]
    assert (found.fit.n, found.n_x, found.interval_over) == (5, 1000, "models and images")


def test_a_card_of_other_data_is_not_judged_by_a_tracks_models(tmp_path):
    def on_digits(slug, digest):
        return card(slug, {"test": 0.9, "a": 0.5}, digest=digest).model_copy(update={"track": "digits"})

    for index in range(4):
        write_card(tmp_path / "digits" / "results", on_digits(f"m{index}", "d"))
    write_card(tmp_path, on_digits("other", "e"))
    with pytest.raises(DataError, match="score both on the same data"):
        Opened([], Choice(), Request(cards=(tmp_path / "other.json",)), data_root=tmp_path, board_dir=tmp_path)


def test_the_digest_is_that_of_the_models_that_are_fitted():
    columns = {"a": np.array([0.1, 0.2, 0.3]), "b": np.array([0.1, 0.2, 0.3])}
    one = Population("p", "sha256:0", "fraction", ("x", "y", "z"), columns)
    turned = Population("q", "sha256:1", "fraction", ("z", "y", "x"), {k: v[::-1] for k, v in columns.items()})
    assert one.digest("a", "b") == turned.digest("a", "b") != one.keep(lambda i, _: i, "less").digest("a", "b")


BAD = [
    ({"x": "tset"}, {}, "unknown column 'tset': did you mean test"),
    ({"at": ("0.762,0.252",)}, {}, "is in percent, 0.762 looks like a fraction; give 76.2"),
    ({"at": ("762,25",)}, {}, "expected two accuracies in percent, 0 to 100"),
    ({"at": ("76.2",)}, {}, "expected X,Y or NAME=X,Y"),
    ({"at": ("nan,3",)}, {}, "expected two accuracies in percent"),
    ({"at": ("76,25",)}, {"choice": Choice(unit="fraction")}, "two accuracies in fraction, 0 to 1, which looks like"),
    (
        {"at": ("0.76,0.25",)},
        {"choice": Choice(unit="fraction")},
        "declared as fractions, got 85; declare --unit percent",
    ),
    ({"at": ("76,25",)}, {"rows": ROWS[:2]}, "2 models have both test and shift, expected at least 3"),
    ({"at": ("76,25",)}, {"rows": [*ROWS, ROWS[0]]}, "the model 'm0' stands twice"),
    ({"at": ("76,25",)}, {"choice": Choice(unit="percent", types=("A",))}, "--type A needs --types FILE"),
    ({"at": ("76,25",)}, {"rows": [*ROWS[:3], ("zero", 55, 0)]}, "zero is at exactly 0 on shift"),
    ({"at": ("76,25",)}, {"rows": [*ROWS, ("bad", -3, 5)]}, "column test, row 10: expected an accuracy, got '-3'"),
    ({"models": ("m33",)}, {}, "unknown model 'm33': did you mean m3"),
    ({}, {}, "say what is judged"),
    ({"x": None}, {}, "say --x and --y, two of shift, test"),
]


@pytest.mark.parametrize(("request_", "options", "message"), BAD, ids=[message for *_, message in BAD])
def test_bad_input_is_one_line(tmp_path, request_, options, message):
    with pytest.raises(BenchError) as error:
        robustness(opened(tmp_path, **options, **request_), "logit")
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert isinstance(error.value, UsageError | DataError)


def test_an_unknown_population_names_those_there_are(tmp_path):
    with pytest.raises(UsageError, match="unknown population 'imagenet-testbd': did you mean imagenet-testbed"):
        open_population("imagenet-testbd", Choice(), data_root=tmp_path)
