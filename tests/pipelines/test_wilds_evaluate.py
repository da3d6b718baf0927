"""`wilds-evaluate`: official folders, made here for all three datasets, give the official script's JSON."""

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.cli.main import main
from bench.core.errors import DataError, UsageError
from bench.core.wilds_answers import Boxes
from bench.pipelines.wilds.evaluate import Wanted, as_text, evaluate, results
from bench.pipelines.wilds.tracks import load_wilds
from bench.sources.wilds_dataset import open_wilds
from bench.store.wilds_predictions import Asked, read_answers
from tests import wilds_folders

pytestmark = wilds_folders.NEEDED

NAMES = ("iwildcam", "poverty", "globalwheat")


class World:
    """Miniature datasets, and an official folder of random predictions for all of them, with what is right."""

    def __init__(self, folder: Path) -> None:
        self.root, self.predictions = folder / "data", folder / "predictions"
        for name in NAMES:
            wilds_folders.MAKERS[name](self.root)
        self.data = {
            ("poverty", fold): open_wilds(load_wilds("poverty"), self.root, fold=fold)
            for fold in load_wilds("poverty").replicates
        }
        for name in ("iwildcam", "globalwheat"):
            one = open_wilds(load_wilds(name), self.root)
            self.data |= {(name, seed): one for seed in load_wilds(name).replicates}
        self.answers = {}
        for (name, replicate), data in self.data.items():
            for split in load_wilds(name).evaluated:
                random = np.random.default_rng(len(self.answers))
                self.answers[name, split, replicate] = guess(data, split, random)
                write_official(self.predictions / name, name, split, replicate, self.answers[name, split, replicate])

    def file(self, name: str, split: str, replicate: str) -> Path:
        kind = load_wilds(name).replicate
        ending = "pth" if name == "globalwheat" else "csv"
        return self.predictions / name / f"{name}_split:{split}_{kind}:{replicate}_epoch:best_pred.{ending}"


def guess(data, split, random):
    part = data.parts[split]
    if data.name == "iwildcam":
        return random.integers(data.classes, size=len(part))
    if data.name == "poverty":
        return part.truth + random.normal(0, 1, len(part))
    boxes = [wilds_folders.wheat_boxes(random, 2).astype(np.float32) for _ in part.ids]
    found = [np.concatenate([box, truth[:1].astype(np.float32)]) for box, truth in zip(boxes, part.truth, strict=True)]
    return [Boxes(one, random.random(len(one)).astype(np.float32)) for one in found]


def write_official(
    folder, name, split, replicate, answers, *, text="{name}_split:{split}_{kind}:{replicate}_epoch:best_pred"
):
    folder.mkdir(parents=True, exist_ok=True)
    stem = text.format(name=name, split=split, kind=load_wilds(name).replicate, replicate=replicate)
    if name == "globalwheat":
        labels = [torch.ones(len(one.scores), dtype=torch.int64) for one in answers]
        found = [
            {"boxes": torch.from_numpy(one.boxes), "scores": torch.from_numpy(one.scores), "labels": label}
            for one, label in zip(answers, labels, strict=True)
        ]
        torch.save(found, folder / f"{stem}.pth")
    else:
        (folder / f"{stem}.csv").write_text("".join(f"{one!r}\n" for one in np.asarray(answers).tolist()))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("world"))


def of_the_package(world, name):
    """What the official script computes, in its own way, with the package's `eval`."""
    from bench.pipelines.wilds.figures import as_the_package_takes

    track, found = load_wilds(name), {}
    for split in track.evaluated:
        found[split] = {}
        for metric in track.metrics:
            values = []
            for replicate in track.replicates:
                data = world.data[name, replicate]
                answers = as_the_package_takes(data, world.answers[name, split, replicate])
                values.append(data.official(split, answers)[metric])
            found[split] |= {metric: np.mean(values), f"{metric}_std": np.std(values, ddof=1)}
    return found


def run(monkeypatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["imagenet-g", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    return left.value.code


def test_a_folder_for_all_three_gives_the_official_json_and_boards_in_one_command(world, tmp_path, monkeypatch, capsys):
    command = ["wilds-evaluate", world.predictions, "--root", world.root, "--title", "Mine", "--check", "--json"]
    command += ["--out", tmp_path / "out", "--board-dir", tmp_path / "boards"]
    assert run(monkeypatch, *command) == 0
    wanted = {name: of_the_package(world, name) for name in NAMES}
    assert json.loads(capsys.readouterr().out) == wanted
    assert json.loads((tmp_path / "out" / "all_results.json").read_text()) == wanted
    for name in NAMES:
        assert json.loads((tmp_path / "out" / f"{name}_results.json").read_text()) == wanted[name]
        board = json.loads((tmp_path / "boards" / name / "board.json").read_text())
        assert {row["method"] for row in board["rows"] if not row["quoted"]} == {"Mine"}
        assert {"ERM", "GFlowAug"} <= {row["method"] for row in board["rows"] if row["quoted"]}
        readme = (tmp_path / "boards" / name / "README.md").read_text()
        assert "| ERM | quoted |" in readme
        assert "| Mine | evaluated here |" in readme


def evaluated(world, folder, name, **wanted):
    return evaluate(folder, Wanted(datasets=(name,), **wanted), data_root=folder, root=world.root)[0]


@pytest.mark.parametrize(
    "text",
    [
        "{name}_split-{split}_{kind}-{replicate}_epoch-best_pred",
        "{name}_split_{split}_{kind}_{replicate}",
        "{name}_split%3A{split}_{kind}%3A{replicate}_x",
        "{name}_split\uf03a{split}_{kind}\uf03a{replicate}",
    ],
)
@pytest.mark.parametrize("name", ["iwildcam", "globalwheat"])
def test_names_without_colons_are_the_same(world, tmp_path, name, text):
    for (of, split, replicate), answers in world.answers.items():
        if of == name:
            write_official(tmp_path, name, split, replicate, answers, text=text)
    [card] = evaluated(world, tmp_path, name)
    assert results([card])[name] == of_the_package(world, name)


def test_ten_seeds_are_never_taken_for_one(world, tmp_path):
    wrong = world.answers["iwildcam", "test", "0"] * 0
    for (of, split, replicate), answers in world.answers.items():
        if of == "iwildcam":
            write_official(tmp_path, of, split, replicate, answers)
            # In the order of names these come before seed 1: a prefix would take them for it.
            write_official(tmp_path, of, split, f"{replicate}0" if replicate != "0" else "3", wrong)
    [card] = evaluated(world, tmp_path, "iwildcam")
    assert results([card])["iwildcam"] == of_the_package(world, "iwildcam")
    assert card.notes == ("left out: seed 3, 10, 20",)
    for path in tmp_path.glob("*seed:1_*"):
        path.unlink()
    with pytest.raises(DataError, match=r"no predictions for split val, seed 1 .*of this split there is seed 0, 10"):
        evaluated(world, tmp_path, "iwildcam")


def test_keyed_files_give_the_same_figures_whatever_their_order(world, tmp_path):
    for (name, replicate), data in world.data.items():
        for split in load_wilds(name).evaluated:
            part, answers = data.parts[split], world.answers[name, split, replicate]
            order = np.random.default_rng(1).permutation(len(part))
            columns = {"image_id": [part.ids[row] for row in order]}
            if name == "globalwheat":
                columns |= {key: [getattr(answers[row], key).tolist() for row in order] for key in ("boxes", "scores")}
            elif name == "iwildcam" and split == "test":
                columns["topk_class"] = [[best, (best + 1) % 5] for best in np.asarray(answers)[order].tolist()]
            else:
                columns["prediction"] = np.asarray(answers)[order].tolist()
            stem = f"{name}_split:{split}_{load_wilds(name).replicate}:{replicate}_mine"
            (tmp_path / name).mkdir(exist_ok=True)
            if name == "poverty":
                rows = zip(columns["image_id"], columns["prediction"], strict=True)
                text = "image_id,prediction\n" + "".join(f"{one},{value!r}\n" for one, value in rows)
                (tmp_path / name / f"{stem}.csv").write_text(text)
            else:
                table = pa.table(columns).replace_schema_metadata({"dataset_digest": part.digest})
                pq.write_table(table, tmp_path / name / f"{stem}.parquet")
    cards, _ = evaluate(tmp_path, Wanted(), data_root=tmp_path, root=world.root)
    assert results(cards) == {name: of_the_package(world, name) for name in sorted(NAMES)}


def test_one_seed_has_no_deviation_and_says_that_it_is_one(world):
    [card] = evaluated(world, world.predictions, "iwildcam", replicates=("1",))
    assert card.spread("test", "acc_avg").std is None
    assert results([card])["iwildcam"]["test"]["acc_avg_std"] is None
    assert card.notes == ("seed 1 alone; the official evaluation takes 0, 1, 2",)
    assert "seed 1: mean" in as_text(card)


def rewritten(world, tmp_path, name, change):
    """A copy of the folder of predictions for `name` whose test file of the first replicate is changed."""
    for path in (world.predictions / name).iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    path = tmp_path / world.file(name, "test", load_wilds(name).replicates[0]).name
    change(path)
    return path


def replaced(line, text):
    """A change of one line, counted from 1; None removes it."""

    def change(path):
        lines = path.read_text().splitlines()
        lines[line - 1 : line] = [] if text is None else [text]
        path.write_text("\n".join(lines) + "\n")

    return change


@pytest.mark.parametrize(
    ("name", "line", "text", "words"),
    [
        (
            "iwildcam",
            1,
            "prediction\n1",
            r"line 1: expected a number, got 'prediction'; the official form has no header",
        ),
        ("iwildcam", 1, ",0\n0,1", r"line 1: expected a number, got ',0'"),
        ("iwildcam", 7, "0,3", r"line 7: 2 values; save without an index, one prediction a line"),
        ("iwildcam", 7, "5", r"line 7: class 5 is outside 0\.\.4"),
        ("iwildcam", 7, "-1", r"line 7: class -1 is outside 0\.\.4"),
        ("iwildcam", 7, "1.0", r"line 7: expected the number of a class, got 1\.0"),
        ("iwildcam", 7, "True", r"line 7: expected the number of a class, got True"),
        ("iwildcam", 7, None, r"39 predictions, the split test has 40 images"),
        ("iwildcam", 7, "1\n1", r"41 predictions, the split test has 40 images"),
        (
            "iwildcam",
            7,
            "__import__('os')",
            r"line 7: expected a number, got \"__import__\('os'\)\"; one prediction a line",
        ),
        ("iwildcam", 7, r"'a\nb'", r"line 7: expected the number of a class, got 'a"),
        ("iwildcam", 7, "(" * 5000, r"line 7: expected a number, got '\(\(\("),
        ("poverty", 3, "nan", r"line 3: expected a number, got 'nan'; predictions are finite"),
        ("poverty", 3, "1e999", r"line 3: expected a finite number, got inf"),
        ("poverty", 3, "[1.0]", r"line 3: expected a finite number, got \[1\.0\]"),
        ("poverty", 3, "'a'", r"line 3: expected a finite number, got 'a'"),
    ],
)
def test_a_wrong_line_is_named_with_file_and_line(world, tmp_path, name, line, text, words):
    path = rewritten(world, tmp_path, name, replaced(line, text))
    with pytest.raises(DataError, match=words) as caught:
        evaluated(world, tmp_path, name)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


BOX = [0.0, 0.0, 10.0, 10.0]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"boxes": [[0, 0, 1025, 10]], "scores": [0.9]}, "box 0: it is outside the image of 1024 x 1024 pixels"),
        ({"boxes": [[-1, 0, 5, 5]], "scores": [0.9]}, "box 0: it is outside the image"),
        ({"boxes": [[10, 0, 5, 5]], "scores": [0.9]}, "box 0: it is empty or turned around"),
        ({"boxes": [[5, 5, 5, 5]], "scores": [0.9]}, "box 0: it is empty or turned around"),
        ({"boxes": [BOX, [0, 0, np.nan, 1]], "scores": [0.9, 0.9]}, "box 1: expected four finite numbers"),
        ({"boxes": [BOX], "scores": [np.nan]}, r"box 0: its score is not in \[0, 1\], got .* nan"),
        ({"boxes": [BOX], "scores": [1.5]}, r"box 0: its score is not in \[0, 1\], got .* 1.5"),
        ({"boxes": [BOX], "scores": []}, "1 boxes and 0 scores"),
        ({"boxes": [BOX[:3]], "scores": [0.9]}, r"boxes are not \[k, 4\] numbers"),
        ({"boxes": [BOX]}, "expected a dict of boxes, scores and labels"),
    ],
)
def test_a_wrong_box_is_named_with_file_and_entry(world, tmp_path, entry, words):
    def change(path):
        found = torch.load(path, weights_only=True)
        found[2] = {key: torch.tensor(value) for key, value in entry.items()}
        torch.save(found, path)

    path = rewritten(world, tmp_path, "globalwheat", change)
    with pytest.raises(DataError, match=words) as caught:
        evaluated(world, tmp_path, "globalwheat")
    assert str(caught.value).startswith(f"{path}, entry 2")
    assert "\n" not in str(caught.value)


def test_no_box_at_all_is_an_answer(world, tmp_path):
    def change(path):
        found = torch.load(path, weights_only=True)
        torch.save([{key: value[:0] for key, value in one.items()} for one in found], path)

    rewritten(world, tmp_path, "globalwheat", change)
    [card] = evaluated(world, tmp_path, "globalwheat", check=True, replicates=("0",))
    truth = world.data["globalwheat", "0"].parts["test"].truth
    assert card.values["test"]["detection_acc_avg"] == (np.float32(np.mean([not len(one) for one in truth])),)


class Trap:
    def __reduce__(self):
        return (print, ("run",))


def test_a_pickle_that_would_run_code_is_refused(world, tmp_path, capsys):
    path = rewritten(world, tmp_path, "globalwheat", lambda path: torch.save([Trap()], path))
    with pytest.raises(DataError, match="not a list of tensors as torch"):
        evaluated(world, tmp_path, "globalwheat")
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(DataError, match="not a list of tensors"):
        evaluated(world, tmp_path, "globalwheat")
    assert "run" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda ids, digest: (ids[1:], digest), r"image 'test-0000.jpg' has no answer \(39 of 40 images answered\)"),
        (lambda ids, digest: ([*ids[1:], "no.jpg"], digest), "row 39: image 'no.jpg' is not in the split test"),
        (lambda ids, digest: ([*ids[1:], ids[1]], digest), "row 39: image 'test-0001.jpg' is answered twice"),
        (lambda ids, digest: (ids, "sha256:0"), "about the data sha256:0…, the split here is sha256:"),
    ],
)
def test_keyed_rows_that_do_not_fit_are_named(world, tmp_path, change, words):
    def keyed(path):
        part = world.data["iwildcam", "0"].parts["test"]
        ids, digest = change(list(part.ids), part.digest)
        path.unlink()
        table = pa.table({"image_id": ids, "prediction": [0] * len(ids)})
        table = table.replace_schema_metadata({"dataset_digest": digest})
        pq.write_table(table, path.with_suffix(".parquet"))

    rewritten(world, tmp_path, "iwildcam", keyed)
    with pytest.raises(DataError, match=words):
        evaluated(world, tmp_path, "iwildcam")


def test_two_files_for_one_replicate_are_refused_but_the_best_epoch_goes_first(world, tmp_path):
    path = rewritten(world, tmp_path, "iwildcam", lambda path: None)
    wrong = world.answers["iwildcam", "test", "0"] * 0
    write_official(
        tmp_path, "iwildcam", "test", "0", wrong, text="{name}_split:{split}_{kind}:{replicate}_epoch:last_pred"
    )
    [card] = evaluated(world, tmp_path, "iwildcam")
    assert results([card])["iwildcam"] == of_the_package(world, "iwildcam")
    path.rename(tmp_path / path.name.replace("epoch:best", "epoch:7"))
    with pytest.raises(DataError, match=r"both answer split test, seed 0; keep one"):
        evaluated(world, tmp_path, "iwildcam")


def test_a_dataset_that_fails_does_not_keep_the_others_from_their_figures(world, tmp_path, monkeypatch, capsys):
    for name in ("iwildcam", "globalwheat"):
        (tmp_path / name).mkdir()
        for path in (world.predictions / name).iterdir():
            (tmp_path / name / path.name).write_bytes(path.read_bytes())
    (tmp_path / "iwildcam" / world.file("iwildcam", "val", "2").name).unlink()
    assert run(monkeypatch, "wilds-evaluate", tmp_path, "--root", world.root, "--out", tmp_path / "out") == 5
    out, err = capsys.readouterr()
    assert out.startswith("GlobalWheat (version 1.1), seeds 0, 1, 2: mean (standard deviation)")
    assert err.startswith("error: iwildcam: ")
    assert "no predictions for split val, seed 2" in err
    assert (tmp_path / "out" / "globalwheat_results.json").is_file()


ASKED = Asked(load_wilds("iwildcam"), "test", ("a.jpg", "b.jpg", "c.jpg"), "sha256:0", 4)
WHEAT = Asked(load_wilds("globalwheat"), "test", ("a.png", "b.png"), "sha256:0")
EDITS = st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6), st.integers(0, 12)), min_size=1, max_size=4)


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["0\n1\n2\n", "image_id,prediction\na.jpg,0\nb.jpg,1\nc.jpg,2\n", ".pth", ".parquet"]), EDITS)
def test_mutated_files_are_read_or_refused_in_one_line(tmp_path, kind, edits):
    path = tmp_path / f"mutated{kind if kind.startswith('.') else '.csv'}"
    if kind == ".pth":
        one = {"boxes": torch.tensor([[0.0, 0, 1, 1]]), "scores": torch.tensor([0.5]), "labels": torch.tensor([1])}
        torch.save([one, one], path)
    elif kind == ".parquet":
        pq.write_table(pa.table({"image_id": ["a.jpg", "b.jpg", "c.jpg"], "prediction": [0, 1, 2]}), path)
    else:
        path.write_text(kind)
    data = path.read_bytes()
    for place, new, removed in edits:
        at = int(place * len(data))
        data = data[:at] + new + data[at + removed :]
    path.write_bytes(data)
    refusal = ""
    try:
        assert len(read_answers(path, WHEAT if kind == ".pth" else ASKED)) in (2, 3)
    except DataError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert len(refusal) < 1000


def test_a_title_that_is_no_line_is_refused(world):
    with pytest.raises(UsageError, match=r"the card of globalwheat: title: expected one line of printable text"):
        evaluated(world, world.predictions, "globalwheat", title="two\nlines")


@pytest.mark.parametrize(
    ("folder", "wanted", "kind", "words"),
    [
        (".", Wanted(), UsageError, "no predictions for globalwheat, iwildcam, poverty"),
        ("missing", Wanted(), DataError, "no folder of predictions can be read there"),
        (".", Wanted(datasets=("iwildcm",)), UsageError, "unknown WILDS dataset 'iwildcm': did you mean iwildcam"),
        (".", Wanted(datasets=("poverty",), replicates=("F",)), UsageError, "fold 'F': expected A, B, C, D, E"),
        (".", Wanted(datasets=("iwildcam",)), DataError, r"no predictions for split val, seed 0 .*there is nothing"),
    ],
)
def test_what_is_asked_wrong_is_said_in_one_line(tmp_path, folder, wanted, kind, words):
    with pytest.raises(kind, match=words):
        evaluate(tmp_path / folder, wanted, data_root=tmp_path)
