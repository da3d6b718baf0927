"""The data-size study: what goes into each cell, what stands in the tables, and every refusal one line."""

import numpy as np
import pytest

from bench.core.errors import UsageError
from bench.pipelines.training.data_size import SizePlan, data_size, study_text
from bench.pipelines.training.training_plan import Plan, settle_plan
from tests.toy_track import toy_track

TINY = {"arch": "test_resnet", "steps": 2, "batch": 8, "learning_rate": 0.002, "seeds": 1}


def test_generated_images_are_counted_from_the_real_ones_used_and_repeat_where_there_are_too_few(monkeypatch, tmp_path):
    track = toy_track(monkeypatch)  # 8 real and 4 generated images of each of 10 classes

    def parts(share: float, ratio: float) -> list[int]:
        plan = Plan(arm="mixed", ratio=ratio, fraction=share, repeat=True)
        run, images = settle_plan(track, plan, data_root=tmp_path)
        assert [part.images for part in run.data] == [len(one) for one in images]
        assert run.epochs == pytest.approx(run.steps * run.batch / sum(map(len, images)), abs=1e-6)
        return [len(one) for one in images]

    assert parts(0.25, 0.5) == [20, 10]
    assert parts(0.5, 1) == [40, 40]
    assert parts(1.0, 1) == [80, 40, 40]
    assert parts(1.0, 1.25) == [80, 40, 40, 20]
    with pytest.raises(UsageError, match="toy-made has 40"):
        settle_plan(track, Plan(arm="mixed", ratio=1), data_root=tmp_path)


def test_the_study_holds_every_cell_and_a_second_run_trains_nothing(monkeypatch, tmp_path):
    track = toy_track(monkeypatch, budget=TINY)
    plan = SizePlan(shares=(1.0, 0.5), ratios=(0.0, 1.0), seeds=2)
    place = {"data_root": tmp_path / "data", "board_dir": tmp_path / "boards", "workers": 1, "quiet": True}
    found = data_size(track, plan, out=tmp_path / "out", **place)
    assert [(cell.share, cell.ratio, cell.real, cell.generated, cell.distinct) for cell in found.cells] == [
        (0.5, 0.0, 40, 0, 0),
        (0.5, 1.0, 40, 40, 40),
        (1.0, 0.0, 80, 0, 0),
        (1.0, 1.0, 80, 80, 40),
    ]
    cell = found.cell(1.0, 1.0)
    assert cell.shifted.mean == pytest.approx(np.mean([run.accuracy["shift"] for run in cell.runs]))
    assert cell.in_distribution.mean == pytest.approx(np.mean([run.accuracy["test"] for run in cell.runs]))
    assert cell.robustness is None
    assert "no line" in found.line
    assert "100% at 1: 2 times" in study_text(found)
    files = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")}
    figures = {f"plots/{stem}.{kind}" for stem in ("heat-map", "curves", "in-distribution") for kind in ("svg", "png")}
    assert files == {"data-size.json", "table.csv", "README.md"} | figures
    assert len((tmp_path / "out" / "table.csv").read_text().splitlines()) == 1 + 8
    monkeypatch.setattr("bench.pipelines.training.train._fit_network", lambda *a, **k: pytest.fail("trained again"))
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.*")}
    assert data_size(track, plan, out=tmp_path / "out", **place) == found
    assert before == {path: path.read_bytes() for path in before}


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (SizePlan(shares=(0.0,)), "--share 0: expected a share of the real images above 0 and at most 1"),
        (SizePlan(shares=(float("nan"),)), "--share nan: expected"),
        (SizePlan(ratios=(-1.0,)), "--ratio -1: expected 0 to 100"),
        (SizePlan(ratios=(1.0, 1.0)), "--ratio: a value stands twice"),
    ],
)
def test_a_wrong_study_is_one_line(monkeypatch, tmp_path, plan, message):
    with pytest.raises(UsageError) as caught:
        data_size(toy_track(monkeypatch), plan, data_root=tmp_path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_robustness_is_read_off_the_boards_line(monkeypatch, tmp_path):
    from bench.pipelines.boards.fits import Accuracies, Lines
    from bench.pipelines.training.data_size import _robustness

    track = toy_track(monkeypatch)
    x, y = np.array([0.5, 0.7, 0.9]), np.array([0.3, 0.5, 0.7])
    standard = Accuracies(("a", "b", "c"), np.ones(3, bool), {"test": x, "shift": y}, {"test": 50, "shift": 70}, "-")
    monkeypatch.setattr(Accuracies, "of", classmethod(lambda cls, track, cards: standard))
    run = type("Run", (), {"id": "mine"})()
    above, line = _robustness(track, [run], [{"test": 0.7, "shift": 0.75}], [])
    lines = Lines.of(track, standard)
    fit = next(one for one in lines.fits() if one.transform == "logit")
    expected = 1 / (1 + np.exp(-(fit.intercept + fit.slope * np.log(0.7 / 0.3))))
    assert above[0]["shift"] == pytest.approx(0.75 - expected, abs=1e-6)
    assert line == "logit line of the 3 standard models of the board toy"
