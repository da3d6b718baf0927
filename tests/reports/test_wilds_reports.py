"""Boards of WILDS methods and the three-column table: what is quoted is marked, what is uncertain is said."""

import csv
import io
import json

import pytest

from bench.core.errors import DataError, UsageError
from bench.core.model_ref import slug_of
from bench.core.score import Environment
from bench.core.wilds_card import WildsCard
from bench.pipelines.wilds.board import publish_wilds, wilds_board
from bench.pipelines.wilds.poster import poster, poster_text
from bench.pipelines.wilds.tracks import load_wilds
from bench.reports import wilds_csv, wilds_latex, wilds_markdown, wilds_page
from bench.store.wilds_cards import read_wilds_cards, write_wilds_card

VALUES = {"iwildcam": (0.33, 0.34, 0.35), "poverty": (0.4, 0.5, 0.6, 0.5, 0.5), "globalwheat": (0.5, 0.51, 0.55)}


def card(name, title="Mine", *, values=None, digest="sha256:0", replicates=None):
    track = load_wilds(name)
    replicates = replicates or track.replicates
    found = {metric: values or VALUES[name][: len(replicates)] for metric in track.metrics}
    return WildsCard(
        track=name,
        slug=slug_of(title),
        title=title,
        version=track.releases[0].version,
        replicate=track.replicate,
        replicates=replicates,
        images={split: (10,) * len(replicates) for split in track.evaluated},
        digests={split: (digest,) * len(replicates) for split in track.evaluated},
        values=dict.fromkeys(track.evaluated, found),
        environment=Environment(machine="m", versions={}),
    )


def test_mean_and_deviation_are_those_of_the_official_script():
    spread = card("iwildcam").spread("test", "acc_avg")
    assert (spread.mean, spread.std, spread.n) == (pytest.approx(0.34), pytest.approx(0.01), 3)
    assert card("iwildcam", replicates=("0",)).spread("test", "acc_avg").std is None


def test_a_board_has_the_published_rows_marked_as_quoted_beside_ours():
    board = wilds_board(load_wilds("iwildcam"), (card("iwildcam"),))
    assert [row.method for row in board.rows][:2] == ["Mine", "GFlowAug"]
    assert [column.split for column in board.columns][:2] == ["test", "test"]
    text = wilds_markdown.render(board)
    assert "| Mine | evaluated here | 3 | 34.0 (1.0) | 34.0 (1.0) |" in text
    assert "| ERM | quoted | 3 | 31.0 (1.3) | 71.6 (2.5) |" in text
    assert "| GFlowAug | quoted | 1¹ | 33.3 | – |" in text
    assert "Fewer than the official 3 seeds: GFlowAug; CORAL, rerun by GFlowAug's authors." in text


def test_the_csv_has_every_number_at_full_precision():
    board = wilds_board(load_wilds("globalwheat"), (card("globalwheat", title="=cmd()"),))
    rows = list(csv.DictReader(io.StringIO(wilds_csv.render(board))))
    mine = next(row for row in rows if row["quoted"] == "False")
    assert mine["method"] == "'=cmd()"
    assert float(mine["test_detection_acc_avg_dom"]) == board.rows[0].cells[0].mean
    assert {row["test_detection_acc_avg_dom_n"] for row in rows} == {"3", "1"}


def test_pages_are_inert_and_the_same_twice():
    hostile = "<script>alert(1)</script> \\input{x} | b"
    board = wilds_board(load_wilds("poverty"), (card("poverty", title=hostile),))
    page, tex = wilds_page.render(board), wilds_latex.render(board)
    assert page == wilds_page.render(board)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "\\input{" not in tex
    assert "\\| b | evaluated here |" in wilds_markdown.render(board)


def test_cards_of_other_data_never_share_a_board():
    cards = (card("iwildcam", "A"), card("iwildcam", "B", digest="sha256:1"))
    with pytest.raises(DataError, match=r"split 'val' is sha256:1…, that of .* is sha256:0…"):
        wilds_board(load_wilds("iwildcam"), cards)


def test_publishing_twice_gives_the_same_bytes_and_needs_no_card(tmp_path):
    for _ in range(2):
        found = publish_wilds(load_wilds("poverty"), board_dir=tmp_path)
        files = {path.name: path.read_bytes() for path in (tmp_path / "poverty").iterdir()}
        assert found.evaluated == 0
        assert set(files) == {"index.html", "README.md", "table.csv", "table.tex", "board.json"}
    assert json.loads(files["board.json"])["replicates"] == 5


def test_a_card_is_read_back_and_a_damaged_one_named(tmp_path):
    path = write_wilds_card(tmp_path, card("poverty"))
    assert read_wilds_cards(tmp_path) == (card("poverty"),)
    path.write_text(path.read_text()[:-9])
    with pytest.raises(DataError, match=r"\.json: not JSON .* evaluate the method again"):
        read_wilds_cards(tmp_path)
    path.write_text(path.read_text() + "}")
    write_wilds_card(tmp_path, card("poverty")).rename(tmp_path / "other.json")
    path.unlink(missing_ok=True)
    with pytest.raises(DataError, match="holds the card 'Mine-"):
        read_wilds_cards(tmp_path)


def test_the_posters_table_is_its_own_numbers_with_what_they_cannot_say():
    found = poster("GFlowAug", "CORAL, rerun by GFlowAug's authors|ERM, rerun by GFlowAug's authors")
    text = poster_text(found)
    assert (
        "| iWildCam (macro F1, %) | 32.8 (0.1), n = 3, quoted | 32.79, n = 1, quoted | 33.27, n = 1, quoted |" in text
    )
    assert "0.49 (0.06), n unknown, quoted | 0.3561, n = 1, quoted | 0.3751, n = 1, quoted |" in text
    assert "51.2 (1.8), n = 3, quoted | 48.87, n = 1, quoted | 50.86, n = 1, quoted |" in text
    assert text.count("one replicate has no deviation of its own") == 3
    assert "\\toprule" in poster_text(found, latex=True)


def test_a_table_of_our_own_method_says_n_and_warns_only_where_it_must(tmp_path):
    for name in VALUES:
        base = [value - 0.1 for value in VALUES[name]]
        write_wilds_card(tmp_path / name / "results", card(name))
        write_wilds_card(tmp_path / name / "results", card(name, "Base", values=base))
    found = poster("Mine", "Base", leaderboard="ERM", board_dir=tmp_path)
    rows = {row.title: row for row in found.rows}
    assert rows["iWildCam"].method.spread.n == 3
    assert rows["iWildCam"].leaderboard.quoted
    assert not any(row.warnings for row in found.rows)
    assert "34.00 (1.00), n = 3 |" in poster_text(found)


def test_a_method_that_nobody_knows_is_refused(tmp_path):
    with pytest.raises(UsageError, match="unknown method or title 'GFlowAgu': did you mean GFlowAug"):
        poster("GFlowAgu", "ERM", board_dir=tmp_path)
