"""Other places and other versions: a Space, a board of published accuracies, and how ranks move."""

import csv
import json

import pytest
import yaml

from bench.core.errors import DataError, UsageError
from bench.pipelines.boards.publish import publish, publish_population
from bench.pipelines.boards.publish_compare import rank_moves
from bench.pipelines.robustness.populations import Choice
from bench.store.cards import write_card
from tests.pipelines.cards import ARMS, STANDARD, TRACK, card


def fill(folder, cards):
    for one in cards:
        write_card(folder, one)


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    folder = tmp_path_factory.mktemp("boards")
    fill(folder / TRACK.name / "results", STANDARD + ARMS)
    publish(TRACK, data_root=folder, board_dir=folder, out=folder / "space", target="hub-space")
    return folder / "space"


def test_a_space_is_a_folder_that_a_static_host_can_serve(space):
    front, text = (space / "README.md").read_text().removeprefix("---\n").split("---\n", 1)
    settings = yaml.safe_load(front)
    assert (settings["sdk"], settings["app_file"]) == ("static", "index.html")
    assert (space / "index.html").is_file()
    assert "## Results" in text


def test_the_same_numbers_on_every_surface(space):
    board = json.loads((space / "board.json").read_text())
    assert board["format"] == 1
    first = board["rows"][0]
    assert first["rank_interval"][0] == 1
    assert first["ties_first"]
    with (space / "timm" / "results-a.csv").open(newline="") as file:
        rows = {row["model"]: row for row in csv.DictReader(file)}
    share = first["cells"]["a"]["top1"]
    assert rows[first["title"]]["top1"] == f"{100 * share:.3f}"
    assert rows[first["title"]]["top1_diff"] == f"{100 * (share - first['cells']['test']['top1']):+.3f}"
    results = yaml.safe_load((space / "hub" / first["slug"] / ".eval_results" / "t.yaml").read_text())
    assert {one["dataset"]["task_id"]: one["value"] for one in results}["a"] == share
    index = yaml.safe_load((space / "hub" / first["slug"] / "model-index.yaml").read_text())["model-index"][0]
    assert [one["metrics"][0]["value"] for one in index["results"]] == [
        first["cells"][name]["top1"] for name in ("test", "a", "b")
    ]


def test_a_target_asks_for_a_folder_of_its_own(tmp_path):
    fill(tmp_path / TRACK.name / "results", STANDARD)
    with pytest.raises(UsageError, match="say --out DIR"):
        publish(TRACK, data_root=tmp_path, board_dir=tmp_path, target="hub-space")


def timm_file(folder, name, shares):
    head = "model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation"
    rows = [f'm{i},224,{share:.3f},0,0,0,"1,013.01",1.0,bicubic' for i, share in enumerate(shares)]
    (folder / name).write_text("\n".join([head, *rows]) + "\n")
    return str(folder / name)


def test_a_board_of_published_accuracies(tmp_path):
    track = TRACK.model_copy(
        update={
            "in_distribution": "val",
            "headline": TRACK.headline.model_copy(update={"sets": ("r", "sketch")}),
            "sets": dict.fromkeys(("val", "r", "sketch", "v2"), TRACK.sets["test"]),
        }
    )
    files = [
        timm_file(tmp_path, f"results-{name}.csv", [start + step * i for i in range(9)])
        for name, start, step in (("imagenet", 60, 3), ("imagenet-r", 40, 3.2), ("sketch", 30, 2.5))
    ]
    made = publish_population(track, ",".join(files), Choice(), out=tmp_path / "out", data_root=tmp_path)
    board = json.loads((tmp_path / "out" / "board.json").read_text())
    assert (made.models, board["rows"][0]["slug"]) == (9, "m8@224")
    assert [row["rank_interval"] for row in board["rows"]] == [[i, i] for i in range(1, 10)]
    assert not board["ranking"]["paired"]
    assert board["rows"][0]["cells"]["r"]["top5"] is None
    assert {fit["set"] for fit in board["fits"]} == {"r", "sketch"}
    with pytest.raises(UsageError, match="say --out DIR"):
        publish_population(track, files[0], Choice(), out=None, data_root=tmp_path)
    with pytest.raises(DataError, match="no column for r, sketch of track t"):
        publish_population(track, files[0], Choice(), out=tmp_path / "out", data_root=tmp_path)


def test_how_ranks_move_between_versions(tmp_path):
    first = [card(f"m{i}", {"test": 0.9, "a": 0.3 + i / 10, "b": 0.5}) for i in range(6)]
    second = [card(f"m{i}", {"test": 0.9, "a": 0.3 + i / 10, "b": 0.5}, digest="e") for i in range(5)]
    second.append(card("m5", {"test": 0.9, "a": 0.1, "b": 0.1}, digest="e"))
    second.append(card("new", {"test": 0.9, "a": 0.1, "b": 0.1}, digest="e"))
    fill(tmp_path / "one", first)
    fill(tmp_path / TRACK.name / "editions" / "2.0.0" / "results", second)
    found = rank_moves(TRACK, str(tmp_path / "one"), "2.0.0", board_dir=tmp_path)
    assert found.tau == pytest.approx((10 - 5) / 15)
    assert (found.pairs, found.swapped, found.reversals) == (15, 5, 5)
    assert (found.moves[0].slug, found.moves[0].ranks, found.moves[0].places) == ("m5", (1, 6), -5)
    assert found.only == ((), ("new",))
    assert found.changed == ("test", "a", "b")
    assert "m5" in str(found)
    with pytest.raises(DataError, match=r"version '3\.0\.0': no listed score card"):
        rank_moves(TRACK, "2.0.0", "3.0.0", board_dir=tmp_path)
