"""A version on a track: the whole report, its link of gain and gap, and where other pages show it."""

import json

import numpy as np
import pytest

from bench.core.quality import VersionQuality
from bench.pipelines.boards.kept import Beside
from bench.pipelines.boards.quality import with_quality
from bench.pipelines.quality.card import Settings
from bench.pipelines.quality.report import MIXED, link, version_report, write_report
from bench.reports import page
from bench.store.cards import write_card
from bench.store.paths import quality_folder
from bench.store.qualities import read_qualities, write_quality
from tests.pipelines.cards import ARMS, STANDARD, TRACK, card
from tests.quality_reports import SETS, SOURCES, quality_report
from tests.reports.conftest import make_board
from tests.toy_track import bars, toy_track


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Bars of ten classes in a folder, against the sets of the toy track."""
    root, made = tmp_path_factory.mktemp("report"), bars("made", 6, 9)
    for index, label in enumerate(made.labels):
        path = root / "made" / str(label) / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        made.read(index).save(path)
    with pytest.MonkeyPatch.context() as patch:
        settings = Settings(extractor="oracle:digits-oracle", per_class=4, quiet=True)
        track = toy_track(patch, oracle="digits-oracle")
        where = {"data_root": root / "data", "boards": root / "boards"}
        return version_report(str(root / "made"), track, settings, judge=None, command="quality", **where)


def test_every_axis_is_there(report):
    assert (report.track, report.sets, report.reference_set) == ("toy", ("test", "shift"), "test")
    assert next(iter(report.sources)) == "real"
    assert [list(row) for row in report.sources.values()] == [["test", "shift"]] * 3
    assert report.sources[str(report.reference)]["test"] == report.cards["test"].numbers["frechet-class-mean"].value
    assert report.floor > 0
    assert report.consistency.overall.n == 60
    assert sum(one.right for one in report.consistency.classes.values()) == report.consistency.overall.right
    assert (report.blank.right, report.blank.n) == (0, 60)
    distances = report.cards["test"].classes["frechet"]
    assert [sheet.class_id for sheet in report.best] == sorted(distances, key=distances.get)[:4]
    assert report.link is None


def test_it_is_the_same_from_the_disk(report, tmp_path):
    write_report(report, tmp_path / "one")
    again = VersionQuality(**json.loads((tmp_path / "one" / "quality.json").read_text()))
    write_report(again, tmp_path / "two")
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert [p for p in files if (tmp_path / "one" / p).read_bytes() != (tmp_path / "two" / p).read_bytes()] == []
    assert {"sources", "classes", "precision-recall"} <= {path.stem for path in files}


def test_what_an_older_report_left_goes_but_nobody_elses_files(report, tmp_path):
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "mine.svg").write_text("mine")
    write_quality(tmp_path, quality_report(content_digest="sha256:0"), {"plots/link.svg": b""})
    assert (tmp_path / "plots" / "mine.svg").exists()
    write_quality(tmp_path, report, {"plots/classes.svg": b""})
    assert [path.name for path in (tmp_path / "plots").iterdir()] == ["classes.svg"]
    assert {path.stem for path in (tmp_path / "cards").iterdir()} == {"test", "shift"}


def test_gain_against_gap_by_hand(tmp_path):
    synthetic = [
        card(f"synthetic-{seed}", {"test": 0.5, "a": 0.3, "b": 0.6}, role="arm", arm="synthetic", seed=seed)
        for seed in (0, 1)
    ]
    for one in [*STANDARD, *ARMS, *synthetic]:
        write_card(tmp_path / "t" / "results", one)
    table = {"real": {"a": 9.0, "b": 5.0}, "made": {"a": 4.0, "b": 6.0}, MIXED: {"a": 5.0, "b": 5.5}}
    found = link(TRACK, table, "made", tmp_path)
    points = {(one.arm, one.set): (one.gap, one.gain) for one in found.points}
    assert points == {
        ("synthetic", "a"): (5.0, pytest.approx(0.3 - 0.41)),
        ("synthetic", "b"): (-1.0, pytest.approx(0.1)),
        ("mixed", "a"): (4.0, pytest.approx(0.4)),
        ("mixed", "b"): (-0.5, pytest.approx(0.2)),
    }
    gaps, gains = zip(*points.values(), strict=True)
    assert found.r == pytest.approx(np.corrcoef(gaps, [-0.11, 0.1, 0.4, 0.2])[0, 1])
    assert len(gains) == 4
    assert link(TRACK, table, "made", tmp_path / "nowhere") is None


def test_sets_and_sources_keep_their_order_through_json():
    one = quality_report(content_digest="sha256:0")
    again = VersionQuality(**json.loads(json.dumps(one.model_dump(mode="json"), sort_keys=True)))
    assert (tuple(again.cards), tuple(again.sources)) == (SETS, SOURCES)
    assert all(tuple(row) == SETS for row in again.sources.values())


def test_the_board_shows_the_report_of_these_very_images(tmp_path):
    board = make_board(3)
    mine = quality_report(board.version.reference, content_digest=board.version.content_digest, track=board.track)
    beside = Beside(tmp_path / "board", tmp_path / "data")
    assert with_quality(board, beside).version.quality is None
    kept = quality_folder(tmp_path / "data", board.version.reference, board.track)
    write_quality(kept, mine, {})
    shown = with_quality(board, beside)
    assert shown.version.quality == mine.model_copy(update={"best": ()})
    (kept / "quality.json").unlink()
    assert with_quality(board, beside) == shown
    other = board.version.model_copy(update={"content_digest": "sha256:" + "9" * 64})
    assert with_quality(board.model_copy(update={"version": other}), beside).version.quality is None


def test_the_page_has_the_section_and_hostile_names_stay_text():
    board, evil = make_board(3), "</script><img src=x onerror=alert(1)>"
    empty = page.render(board)
    assert "imagenet-g quality digits-g@1.0.0 --track digits" in empty
    report = quality_report(evil, content_digest="sha256:0", track=evil, name=evil)
    report = report.model_copy(update={"sets": (evil,), "cards": {evil: report.cards["test"]}, "reference_set": evil})
    shown = page.render(board.model_copy(update={"version": board.version.model_copy(update={"quality": report})}))
    assert "Gain in accuracy against the gap in distance" in shown
    assert "onerror" not in shown.replace("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;", "")
    assert shown.count("<h2") == empty.count("<h2")


def test_limited_runs_are_for_no_card(tmp_path):
    one = quality_report(content_digest="sha256:0")
    limited = {name: each.model_copy(update={"limited": True}) for name, each in one.cards.items()}
    for track, report in (("t", one), ("u", one.model_copy(update={"cards": limited}))):
        write_quality(quality_folder(tmp_path, "tiny@1.0.0", track), report, {})
    assert read_qualities(tmp_path, "tiny@1.0.0", "sha256:0") == (one,)
    assert read_qualities(tmp_path, "tiny@1.0.0", "sha256:1") == ()
