"""The data leaderboard: equal terms, paired intervals, ties that are said, and cells that cannot be mixed up."""

import json

import numpy as np
import pytest
from scipy import stats

from bench.core.errors import DataError
from bench.metrics.robustness import fit_line
from bench.pipelines.data_board.board import data_board
from bench.pipelines.data_board.publish import outputs_of, publish_data_board, results_folder
from bench.pipelines.data_board.robustness import Lines
from bench.reports.numerals import points
from bench.store.data_cells import find_cell, read_cells, write_cell
from tests.data_cells import cell
from tests.toy_track import toy_track

BASE = (0.40, 0.44, 0.43, 0.39)
BETTER = (0.52, 0.50, 0.55, 0.50)
CLOSE = (0.51, 0.52, 0.50, 0.51)


def some_cells():
    cells = []
    for shots, more in ((4, 0.0), (16, 0.2)):
        cells += [cell("standard", t, one + more, shots=shots) for t, one in enumerate(BASE)]
        cells += [cell("da-fusion", t, one + more, shots=shots, drawn=True) for t, one in enumerate(BETTER)]
        cells += [cell("label-prompts-80", t, one + more, shots=shots, drawn=True) for t, one in enumerate(CLOSE)]
        cells += [cell("none", t, one + more - 0.3, shots=shots) for t, one in enumerate(BASE)]
    return cells


def test_gains_are_paired_by_trial_and_their_interval_is_scipy_s(monkeypatch):
    board = data_board(toy_track(monkeypatch), some_cells(), None)
    first = board.rows[0]
    assert (first.method, [one.name for one in board.columns]) == ("da-fusion", ["test", "shift"])
    wanted = stats.ttest_rel(BETTER, BASE).confidence_interval(0.95)
    assert first.results[0].gain.interval == pytest.approx((wanted.low, wanted.high), abs=1e-12)
    assert first.gain.mean == pytest.approx(np.mean(np.subtract(BETTER, BASE)))
    alone = stats.t.interval(0.95, 3, np.mean(BETTER), stats.sem(BETTER))
    assert first.results[0].shifted.interval == pytest.approx(alone, abs=1e-12)


def test_ties_are_said_as_ties_and_the_sure_losers_too(monkeypatch):
    board = data_board(toy_track(monkeypatch), some_cells(), None)
    ties = {row.method: row.ties_first for row in board.rows}
    assert stats.ttest_rel(BETTER, CLOSE).pvalue > 0.05
    assert ties == {"da-fusion": True, "label-prompts-80": True, "standard": False, "none": False}
    assert "1 of the other 3 methods can't be told from the first" in board.summary
    assert board.summary.endswith("Surely below standard augmentation: none.")
    four, sixteen = (one for one in board.advice if one.budget == "lessons too")
    assert (four.shots, four.best, four.ties, four.cheapest) == (4, "da-fusion", ("label-prompts-80",), "da-fusion")
    assert sixteen.shots == 16


def test_the_last_epoch_counts_and_the_best_is_kept_beside_it(monkeypatch):
    result = data_board(toy_track(monkeypatch), some_cells(), None).rows[0].results[0]
    assert result.sets["test"].mean == pytest.approx(0.8)
    assert result.best.mean == pytest.approx(0.9)


def test_one_trial_has_no_interval_and_tells_nothing_apart(monkeypatch):
    cells = [cell("standard", 0, 0.4), cell("da-fusion", 0, 0.6, drawn=True)]
    board = data_board(toy_track(monkeypatch), cells, None)
    assert board.rows[0].gain.interval is None
    assert all(row.ties_first for row in board.rows)
    assert not board.advice[0].told_apart
    assert "no interval" in board.summary


def test_only_trials_that_both_have_are_compared(monkeypatch):
    cells = [one for one in some_cells() if not (one.settings.method == "standard" and one.settings.trial == 3)]
    row = data_board(toy_track(monkeypatch), cells, None).rows[0]
    wanted = stats.ttest_rel(BETTER[:3], BASE[:3]).confidence_interval(0.95)
    assert row.gain.n == 3
    assert row.gain.interval == pytest.approx((wanted.low, wanted.high), abs=1e-12)


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        ({"steps": 200}, "steps is 200, that of .* is 100; a board compares at equal terms"),
        ({"sets": {"test": ("sha256:c", 50), "shift": ("sha256:b", 70)}}, "judged on other sets than"),
        ({"mix": 0.7}, "mixed in with probability 0.7, .* with 0.5"),
    ],
)
def test_cells_of_other_terms_are_refused(monkeypatch, odd, message):
    with pytest.raises(DataError, match=message):
        data_board(toy_track(monkeypatch), [*some_cells(), cell("cutmix", 0, 0.5, **odd)], None)


def test_two_settings_of_one_method_are_refused(monkeypatch):
    other = cell("da-fusion", 0, 0.5)
    changed = other.settings.model_copy(update={"augment": {"name": "cutmix", "parameters": {}}})
    with pytest.raises(DataError, match="are one method, of other settings"):
        data_board(toy_track(monkeypatch), [*some_cells(), other.model_copy(update={"settings": changed})], None)


def test_effective_robustness_is_the_distance_from_the_line():
    x, y = np.array([0.5, 0.7, 0.9]), np.array([0.2, 0.5, 0.8])
    lines = Lines("test", {"shift": fit_line(x, y, transform="linear")})
    assert lines.above({"test": 0.8, "shift": 0.9}) == pytest.approx(0.9 - (0.5 + 1.5 * 0.1), abs=1e-12)
    assert lines.extrapolates({"test": 0.4})
    assert not lines.extrapolates({"test": 0.6})


def test_a_cell_is_found_by_all_its_settings_and_a_damaged_one_is_named(tmp_path):
    one = cell("da-fusion", 1, 0.5)
    write_cell(tmp_path, one)
    assert find_cell(tmp_path, one.settings) == one
    assert find_cell(tmp_path, cell("da-fusion", 2, 0.5).settings) is None
    path = next(tmp_path.glob("*.json"))
    whole = json.loads(path.read_text())
    whole["settings"]["trial"] = 7
    path.write_text(json.dumps(whole))
    with pytest.raises(DataError, match="holds other settings"):
        find_cell(tmp_path, one.settings)
    path.write_text(path.read_text()[:100])
    with pytest.raises(DataError, match=r"damaged .*; remove it, run the command again"):
        read_cells(tmp_path)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("strip",), "no picture", "strip: expected a PNG in base64"),
        (("strip",), "aGVsbG8=", "strip: expected a PNG in base64"),
        (("strip",), "iVBORw0KGgoAAAANSUhEUg==", "strip: expected a PNG in base64"),
        (("sets",), {"test": ["sha256:a", 50]}, "curve: step 33 and sets must name the same sets; look at 'shift'"),
        (("sets", "test"), ["sha256:a", 0], "sets.test.1: Input should be greater than 0"),
        (("curve",), [], "curve: "),
        (("curve", 2, "step"), 34, "curve: expected steps that grow up to the last, 100"),
        (("curve", 2, "accuracy", "shift"), 1.5, "curve.2.accuracy.shift: .* less than or equal to 1, got 1.5"),
        (("curve", 2, "accuracy", "shift"), float("nan"), "curve.2.accuracy.shift: Input should be a finite number"),
        (("made", "consistency"), -0.1, "made.consistency: .* greater than or equal to 0"),
        (("cost", "training"), -1, "cost.training: .* greater than or equal to 0"),
        (("settings", "method"), "../da-fusion", "settings.method: "),
        (("settings", "method"), "cutmix", "holds other settings, those of cutmix-s4-t1-"),
        (("settings", "protocol", "steps"), 200, "curve: expected steps that grow up to the last, 200"),
        (("settings", "protocol", "batch"), 32, "holds other settings, those of da-fusion-s4-t1-"),
    ],
)
def test_a_cell_that_was_edited_by_hand_is_one_line_that_names_it(tmp_path, place, value, message):
    write_cell(tmp_path, cell("da-fusion", 1, 0.5, drawn=True))
    path = next(tmp_path.glob("*.json"))
    whole = json.loads(path.read_text())
    part = whole
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    path.write_text(json.dumps(whole))
    with pytest.raises(DataError, match=message) as caught:
        read_cells(tmp_path)
    assert str(caught.value).startswith(str(path))
    assert str(caught.value).endswith("; remove it, run the command again")
    assert "\n" not in str(caught.value)


def test_a_folder_in_a_cell_s_place_is_one_line(tmp_path):
    one = cell("da-fusion", 1, 0.5)
    (tmp_path / f"{one.settings.id}.json").mkdir()
    with pytest.raises(DataError, match=r"damaged \(Is a directory\); remove it"):
        find_cell(tmp_path, one.settings)
    with pytest.raises(DataError, match=r"damaged \(Is a directory\); remove it"):
        read_cells(tmp_path)


def test_the_published_folder_is_whole_and_twice_the_same(monkeypatch, tmp_path):
    track = toy_track(monkeypatch)
    for one in some_cells():
        write_cell(results_folder(track, tmp_path), one)
    done = publish_data_board(track, board_dir=tmp_path)
    folder = tmp_path / "toy-methods"
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and "results" not in path.parts}
    assert {path.relative_to(folder).as_posix() for path in files} >= {
        "index.html", "README.md", "table.csv", "table.tex", "board.json", "plots/gain.svg", "plots/shots.pdf",
        "plots/cost.svg", "pictures/da-fusion.png",
    }  # fmt: skip
    (folder / "plots" / "comparison-of-old.svg").write_text("<svg/>")
    assert publish_data_board(track, board_dir=tmp_path) == done
    assert {path.name for path in (folder / "plots").iterdir()} == {
        path.name for path in files if path.parent.name == "plots"
    }
    assert {path: path.read_bytes() for path in files} == files


def test_every_press_says_the_same_numbers(monkeypatch):
    board = data_board(toy_track(monkeypatch), some_cells(), None)
    found = outputs_of(board)
    for path in ("index.html", "README.md", "table.tex"):
        assert points(board.rows[0].gain.mean) in found[path], path
    assert "Four" not in found["README.md"]
    said = "4 shots (4 methods): da-fusion is highest, +10.3 points (+5.7 to +14.8) over standard, and can't be"
    assert said in found["README.md"]
    # Cost is that of the last shots that are compared, as in the table.
    assert b"seconds of one core a cell, 16 shots" in found["plots/cost.svg"]
    lines = found["table.csv"].splitlines()
    assert len(lines) == 1 + 8
    assert len({line.count(",") for line in lines}) == 1
    assert json.loads(found["board.json"])["rows"][0]["gain"]["n"] == 4
    assert "http" not in found["index.html"].replace("http-equiv", "").replace("http://www.w3.org", "")
