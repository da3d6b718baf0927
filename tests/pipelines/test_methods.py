"""`methods` end to end on a toy track: equal terms, nested shots, cells that stay, and refusals of one line."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bench.augment import AUGMENTERS
from bench.core.errors import BenchError, DataError, DiskError, UsageError
from bench.core.track import SetSpec
from bench.pipelines.data_board import cell as cells
from bench.pipelines.data_board import plan, verb
from bench.pipelines.data_board.cell import Group, Outcome
from bench.pipelines.data_board.comparisons import COMPARISONS, Compare
from bench.pipelines.data_board.images import real_shots
from bench.pipelines.data_board.plan import asked_for, chosen_methods, groups_of, tasks_of
from bench.pipelines.data_board.plan import write_recipe as write_recipe_of
from bench.pipelines.data_board.publish import PublishedData, results_folder
from bench.pipelines.data_board.registry import ELSEWHERE, METHOD_ROWS
from bench.pipelines.data_board.row import MethodRow, drawn
from bench.pipelines.data_board.verb import Places, methods, plan_methods
from bench.pipelines.tracks import load_track
from bench.pipelines.training.augmentation import settle_augmentation
from bench.pipelines.training.mixing import made_from
from bench.pipelines.versions.adapt import Place, state_file
from bench.pipelines.versions.recipes import load_recipe, lock_path
from bench.store.atomic import lock_folder
from bench.store.data_cells import cells_folder, read_cells, write_cell
from bench.synthesis import METHODS
from tests.data_cells import cell
from tests.stub_maker import STUB, write_recipe
from tests.toy_track import bars, toy_track

QUICK = {"trials": 2, "steps": 4, "batch": 8, "epochs": 2, "per_image": 2, "mix": 0.5}
NAMES = "none,standard,label-prompts-single,sdedit-0.5"


@pytest.fixture
def track(monkeypatch, tmp_path):
    """The toy track, whose generated images come from a recipe that a stub draws by."""
    for name in ("text-to-image", "image-to-image"):
        monkeypatch.setitem(METHODS, name, STUB)
    monkeypatch.setattr(plan, "why_absent", lambda generator: None)
    classes = [{"id": str(i), "name": f"class {i}"} for i in range(10)]
    reference = write_recipe(tmp_path / "toy-g", name="toy-g", classes=classes)
    return toy_track(monkeypatch, synthetic={"dataset": reference, "split": "train", "title": "Made"})


@pytest.fixture
def places(tmp_path, monkeypatch):
    def counted(track, *, board_dir):
        cells = read_cells(results_folder(track, board_dir))
        return PublishedData(page="", cells=len(cells), summary="")

    # Its figures take longer than all cells; test_data_board.py has them.
    monkeypatch.setattr(verb, "publish_data_board", counted)
    return Places(tmp_path / "data", tmp_path / "boards")


def asked(shots="2", names=NAMES, **changes):
    return asked_for(shots, names, QUICK | changes)


def tasks(track, wanted):
    rows, _ = chosen_methods(track, wanted)
    return tasks_of(track, wanted, rows, real_per_class=8)


def digits_tasks(name, shots="2,4"):
    digits, wanted = load_track("digits"), asked(shots, name)
    rows, _ = chosen_methods(digits, wanted)
    return [one for one in tasks_of(digits, wanted, rows, real_per_class=400) if one.settings.method == name]


@pytest.mark.parametrize(
    "name", ["label-prompts-80", "label-prompts-80-beside", "label-prompts-single", "class-conditional"]
)
def test_of_all_real_images_the_published_version_stands_for_a_row_in_every_trial(name):
    """As in the arms of the track's own board: images that anybody can make again, and as many as there are real."""
    first, second = digits_tasks(name, "all")
    recipe = first.settings.recipe
    assert recipe["splits"] == {"train": 400}
    assert load_recipe(recipe["name"]).splits["train"] == 400
    assert lock_path(recipe["name"]).is_file()
    assert (second.settings.recipe, second.group) == (recipe, first.group)


def without_cost(folder):
    return [one.model_dump(exclude={"cost"}) for one in read_cells(folder)]


def test_all_methods_of_a_number_of_shots_have_the_same_budget_and_see_as_many_images(track, places):
    report = methods(track, asked("2", NAMES.replace("label-prompts-single,", "")), places, workers=1, quiet=True)
    assert (report.cells, report.made, report.failed) == (6, 6, {})
    made = read_cells(cells_folder(places.data_root, "toy"))
    assert len({(one.run.steps, one.run.batch, one.run.learning_rate, one.run.arch) for one in made}) == 1
    by_name = {one.settings.method: one for one in made if one.settings.trial == 0}
    assert [one.step for one in by_name["none"].curve] == [2, 4]
    assert {name: one.run.mix for name, one in by_name.items()} == {
        "none": None, "standard": None, "sdedit-0.5": 0.5
    }  # fmt: skip
    # An epoch is over when the real images have been seen, mixed or not: 32 images seen, 20 real ones.
    assert {one.run.epochs for one in made} == {1.6}
    assert by_name["sdedit-0.5"].made.images == 40
    assert len({one.run.data[0].digest for one in made if one.settings.trial == 0}) == 1
    assert len({one.run.data[0].digest for one in made}) == 2
    assert all((one.strip is None) == (one.settings.trial > 0) for one in made)


def test_beside_the_real_ones_an_epoch_is_over_when_all_were_seen(track, places):
    methods(track, asked("2", "label-prompts-80-beside", trials=1), places, workers=1, quiet=True)
    one = next(one for one in read_cells(cells_folder(places.data_root, "toy")) if one.made)
    assert (one.run.mix, one.run.epochs, [part.images for part in one.run.data]) == (None, round(32 / 60, 6), [20, 40])


def test_shots_are_fixed_by_the_trial_and_fewer_are_among_more(track, tmp_path):
    of = {(n, t): set(real_shots(track, n, t, data_root=tmp_path).ids) for n in (1, 2, 4) for t in (0, 1)}
    assert of[1, 0] < of[2, 0] < of[4, 0]
    assert of[2, 0] != of[2, 1]
    assert set(real_shots(track, 2, 0, data_root=tmp_path).ids) == of[2, 0]
    assert len(of[4, 1]) == 40
    assert len(real_shots(track, None, 0, data_root=tmp_path)) == 80


def test_a_method_that_knows_few_numbers_of_shots_takes_part_in_those(track):
    found = {
        (one.settings.method, one.settings.protocol.shots) for one in tasks(track, asked("2,3,all", "real-guidance"))
    }
    assert found == {("standard", 2), ("standard", 3), ("standard", None), ("real-guidance", 2)}


def test_all_real_images_have_the_track_s_own_budget(track):
    few, full = tasks(track, asked("2,all", "label-prompts-single", trials=1))[1::2]
    assert (full.settings.protocol.steps, full.settings.protocol.batch, full.settings.protocol.mix) == (6, 16, None)
    assert (full.settings.protocol.per_image, full.settings.recipe["splits"]) == (1, {"train": 8})
    assert few.settings.protocol.mix == 0.5


def test_a_run_that_was_stopped_goes_on_and_gives_the_same_cells(track, places, tmp_path, monkeypatch):
    whole = Places(tmp_path / "whole", tmp_path / "whole-boards")
    few = asked("1", "none,sdedit-0.5")
    methods(track, few, whole, workers=1, quiet=True)
    wanted, make = without_cost(cells_folder(whole.data_root, "toy")), cells.make_cell
    count = iter(range(100))

    def stopped(*given, **means):
        if next(count) == 3:
            raise KeyboardInterrupt
        return make(*given, **means)

    monkeypatch.setattr(cells, "make_cell", stopped)
    with pytest.raises(KeyboardInterrupt):
        methods(track, few, places, workers=1, quiet=True)
    kept = {path: path.stat().st_mtime_ns for path in cells_folder(places.data_root, "toy").iterdir()}
    assert len(kept) == 3
    assert sum(row.missing for row in plan_methods(track, few, places, workers=1).rows) == 3
    assert methods(track, few, places, workers=1, quiet=True).made == 3
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert without_cost(cells_folder(places.data_root, "toy")) == wanted
    # The board's own results are enough: nothing is made again for it elsewhere.
    assert methods(track, few, Places(tmp_path / "new", places.board_dir), workers=1, quiet=True).made == 0


def test_one_cell_s_failure_leaves_the_others(track, places, monkeypatch):
    draw = cells.draw_images

    def fails(track, settings, real, *, data_root):
        if settings.method == "sdedit-0.5":
            raise DataError("the generator is tired")
        return draw(track, settings, real, data_root=data_root)

    monkeypatch.setattr(cells, "draw_images", fails)
    report = methods(track, asked("1", "sdedit-0.5", trials=1), places, workers=1, quiet=True)
    assert (report.made, report.cells) == (1, 1)
    assert list(report.failed.values()) == ["the generator is tired"]


def test_a_disk_that_takes_no_more_stops_the_run_with_one_line(track, places, monkeypatch, largest_file):
    tried, make = [], cells.make_cell
    monkeypatch.setattr(cells, "make_cell", lambda *given, **means: tried.append(1) or make(*given, **means))
    said = r"^cannot write .*/none-s1-t0-\w+\.json: File too large; "
    with largest_file(2000), pytest.raises(DiskError, match=said) as caught:
        methods(track, asked("1", "none"), places, workers=1, quiet=True)
    assert "\n" not in str(caught.value)
    assert len(tried) == 1
    assert not list(places.data_root.rglob("*.tmp"))
    assert methods(track, asked("1", "none"), places, workers=1, quiet=True).made == 4


def test_a_board_that_cannot_be_written_is_known_before_anything_is_made(track, places, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DiskError, match=r"^cannot write .*/file/toy-methods/results: Not a directory; "):
        methods(track, asked("1", "none"), Places(places.data_root, tmp_path / "file"), workers=1, quiet=True)
    assert not places.data_root.exists()


def test_a_recipe_that_was_edited_between_two_runs_is_the_cell_s_own_again(track, tmp_path):
    one = next(one for one in tasks(track, asked("2")) if one.settings.method == "sdedit-0.5")
    reference = write_recipe_of(tmp_path, one.settings)
    whole = load_recipe(reference).digest
    Path(reference).write_text(Path(reference).read_text().replace("0.5", "0.75"))
    assert load_recipe(reference).digest != whole
    assert load_recipe(write_recipe_of(tmp_path, one.settings)).digest == whole


def test_a_group_that_another_process_makes_is_waited_for_and_found(track, places, monkeypatch):
    monkeypatch.delattr(cells, "make_cell")
    (task,) = tasks(track, asked("1", "standard", trials=1))
    group = Group(track, (task,), places.data_root)
    with ThreadPoolExecutor(1) as pool:
        with lock_folder(group.lock):
            waiting = pool.submit(cells.make_group, group)
            theirs = cell("standard", 0, 0.5, steps=4).model_copy(update={"settings": task.settings})
            write_cell(cells_folder(places.data_root, "toy"), theirs)
            assert not waiting.done()
        assert waiting.result() == Outcome(0, {})


def test_what_is_drawn_from_shots_is_drawn_from_those_of_the_trial(track):
    one = next(one for one in tasks(track, asked("2")) if one.settings.method == "sdedit-0.5")
    assert one.settings.recipe["conditioning"] == {
        "source": "toy",
        "splits": {"train": "train"},
        "shots": 2,
        "trial": 0,
    }
    assert one.settings.recipe["method"] == {
        "safety": "none", "name": "image-to-image", "strength": 0.5, "per_image": 2
    }  # fmt: skip


def test_more_shots_take_over_the_images_of_fewer_only_where_no_shot_is_looked_at(track):
    wanted = tasks(track, asked("4,8", per_image=10))

    def datasets(method):
        return {(t.settings.recipe["name"], t.settings.trial) for t in wanted if t.settings.method == method}

    assert len(datasets("label-prompts-single")) == 2
    assert len(datasets("sdedit-0.5")) == 4


def test_cells_that_share_a_version_are_made_by_one_process(track):
    wanted = asked("2", "label-prompts-80,label-prompts-80-beside", trials=1)
    groups = [[one.settings.method for one in group] for group in groups_of(tasks(track, wanted))]
    assert groups == [["standard"], ["label-prompts-80", "label-prompts-80-beside"]]


def test_a_comparison_makes_its_own_cells_once_and_leaves_out_what_cannot_be_made(track, places, monkeypatch):
    pairs = (("sdedit-0.5", "none"), ("class-conditional", "none"))
    absent = METHOD_ROWS["class-conditional"]
    monkeypatch.setattr(plan, "why_not_ready", lambda track, row: "no weights" if row is absent else None)
    monkeypatch.setitem(COMPARISONS, "toy", Compare(title="T", document="D", says="S", pairs=pairs, shots=(1, 2)))
    wanted = asked_for(None, None, QUICK | {"trials": 1}, comparison="toy")
    report = methods(track, wanted, places, workers=1, quiet=True)
    assert (report.made, report.failed, list(report.left_out)) == (6, {}, ["class-conditional"])
    assert {
        (one.settings.method, one.settings.protocol.shots)
        for one in read_cells(results_folder(track, places.board_dir))
    } == {(name, shots) for name in ("standard", "none", "sdedit-0.5") for shots in (1, 2)}
    assert methods(track, wanted, places, workers=1, quiet=True).made == 0


def test_every_row_that_augments_says_all_that_its_augmentation_needs():
    augmentations = {row.augment.partition("?")[0] for row in METHOD_ROWS.values() if row.augment}
    assert augmentations == AUGMENTERS.keys() - set(ELSEWHERE)
    assert all(settle_augmentation(name).name == name for name in augmentations)


def test_deepaugment_draws_from_the_shots_by_networks_that_serve_every_trial(track, tmp_path):
    wanted = [task for task in tasks(track, asked("2,all", "deepaugment")) if task.settings.method == "deepaugment"]
    recipes = [task.settings.recipe for task in wanted]
    assert len({one["name"] for one in recipes}) == 4
    assert len(groups_of(wanted)) == 1
    assert [one["splits"]["train"] for one in recipes] == [4, 8] * 2
    assert recipes[0]["conditioning"]["shots"] == 2
    assert recipes[0]["method"] == {"name": "deepaugment", "net": "both", "redraw": 0.05, "per_image": 2}
    # On digits: the very networks of the shipped version.
    references = [write_recipe_of(tmp_path, task.settings) for task in digits_tasks("deepaugment")]
    states = {
        state_file(Place(load_recipe(one).model_dump_json(), str(tmp_path), "cpu"), "0")
        for one in [*references, "digits-g-deepaugment@1.0.0"]
    }
    assert (len(references), len(states)) == (4, 1)


def test_a_new_method_is_one_entry(track, places, monkeypatch):
    row = drawn(
        "as it is",
        method={"name": "image-to-image", "strength": 0.0},
        prompts={"bank": "own", "templates": ["a {}"]},
        conditioning={},
    )
    monkeypatch.setitem(METHOD_ROWS, "round-trip", row)
    report = methods(track, asked("1", "round-trip", trials=1), places, workers=1, quiet=True)
    assert (report.cells, report.failed) == (2, {})
    assert {one.settings.method for one in read_cells(results_folder(track, places.board_dir))} == {
        "round-trip",
        "standard",
    }


@pytest.mark.parametrize(
    ("shots", "names", "changes", "message"),
    [
        ("4,x", NAMES, {}, "expected numbers from 1 on, or all, parted by commas; got 'x'"),
        ("0", NAMES, {}, "expected numbers from 1 on"),
        ("", NAMES, {}, "expected numbers from 1 on, or all, parted by commas; got ''"),
        ("4,4", NAMES, {}, "4 stands twice"),
        ("9", NAMES, {}, "--shots 9: toy has 8 real training images of a class"),
        ("4", "da-fuson", {}, "unknown method 'da-fuson': did you mean da-fusion"),
        ("4", NAMES, {"epochs": 9}, "--epochs 9: expected at most the 4 steps"),
        ("4", NAMES, {"mix": 1.5}, "mix: .* less than or equal to 1"),
    ],
)
def test_what_cannot_be_is_one_line(track, places, shots, names, changes, message):
    with pytest.raises(UsageError, match=message) as caught:
        methods(track, asked(shots, names, **changes), places, workers=1, quiet=True)
    assert "\n" not in str(caught.value)
    assert not places.data_root.exists()


def test_a_method_that_cannot_run_here_is_left_out_unless_it_was_asked_for(track, places, monkeypatch):
    monkeypatch.setattr(plan, "why_absent", lambda generator: f"no weights of {generator.name}")
    with pytest.raises(UsageError, match=r"^--methods sdedit-0\.5: no weights of stub$"):
        plan_methods(track, asked(names="sdedit-0.5"), places)
    found = plan_methods(track, asked(names=None), places)
    assert found.left_out["sdedit-0.5"] == "no weights of stub"
    assert {row.method for row in found.rows} >= {"none", "standard", "cutmix", "gflow", "gflow-released"}
    assert not {"da-fusion", "deepaugment"} & {row.method for row in found.rows}


def test_what_an_augmentation_learned_costs_as_much_where_it_is_found(track, places, monkeypatch):
    small = "gflow?steps=4&side=16&patch=8&codes=8"
    monkeypatch.setitem(METHOD_ROWS, "gflow", MethodRow(kind="augmentation", about="", augment=small))
    settings = tasks(track, asked(names="gflow", trials=1))[1].settings
    first, again = (cells.make_cell(track, settings, data_root=places.data_root) for _ in range(2))
    assert first.cost.learning == again.cost.learning > 0
    assert again.cost.training > 0
    assert first.curve == again.curve


def test_a_track_that_trains_nothing_and_a_board_of_other_budgets_are_refused(track, places, monkeypatch):
    for bare in (track.model_copy(update={"budget": None}), load_track("imagenet"), load_track("digits-detect")):
        with pytest.raises(UsageError, match="it has no data board"):
            plan_methods(bare, asked(names="none"), places)
    folder = track.model_copy(update={"real": SetSpec(folder="own", map="index")})
    with pytest.raises(UsageError, match="toy: its real images are no named source"):
        tasks(folder, asked(names="sdedit-0.5"))
    methods(track, asked(names="none", trials=1), places, workers=1, quiet=True)
    with pytest.raises(BenchError, match=r"steps is .*, that of .* is .*; a board compares at equal terms"):
        methods(track, asked(names="cutmix", trials=1, steps=5), places, workers=1, quiet=True)


def test_images_are_matched_to_their_source_and_else_to_their_class():
    real, made = bars("real", 2, 1), bars("made", 3, 2)
    by_class = made_from(real, made, {})
    assert [list(rows) for rows in by_class[:3]] == [[0, 1, 2], [0, 1, 2], [3, 4, 5]]
    sources = {
        image_id: real.ids[int(label) * 2 + (row % 2)]
        for row, (image_id, label) in enumerate(zip(made.ids, made.labels, strict=True))
    }
    own = made_from(real, made, sources)
    assert [list(rows) for rows in own[:2]] == [[0, 2], [1]]
    assert sum(map(len, own)) == 30
    with pytest.raises(DataError, match=r"'made/0000' is made from 'real/9999', which is not in real"):
        made_from(real, made, {"made/0000": "real/9999"})


@pytest.mark.slow
def test_the_real_methods_make_sound_cells_on_digits(tmp_path):
    places = Places(tmp_path / "data", tmp_path / "boards")
    names = "label-prompts-single,da-fusion,token-prompts,real-guidance,fine-tuned,prompt-to-prompt"
    report = methods(load_track("digits"), asked("1", names, trials=1), places, quiet=True)
    assert (report.failed, report.cells) == ({}, 7)
    made = {one.settings.method: one for one in read_cells(cells_folder(places.data_root, "digits"))}
    assert made["da-fusion"].cost.evaluations > made["real-guidance"].cost.evaluations > 0
    assert made["label-prompts-single"].made.consistency > 0.9
    assert np.isfinite([one.made.frechet for one in made.values() if one.made]).all()
    assert json.loads((places.board_dir / "digits-methods" / "board.json").read_text())["track"] == "digits"


def test_a_row_s_own_words_stay_beside_what_the_protocol_says():
    """On digits: masks beside the shots, the base's filters for the row that asks for them alone, lessons once."""
    names = "psld-outpainting,language-enhancement,language-enhancement-filtered"
    by_name = {task.settings.method: task.settings.recipe for task in tasks(load_track("digits"), asked("2", names))}
    conditioning = by_name["psld-outpainting"]["conditioning"]
    assert (conditioning["masks"], conditioning["shots"], conditioning["source"]) == ("ink", 2, "mnist")
    assert [one["name"] for one in by_name["language-enhancement-filtered"]["filters"]] == ["consistency"]
    assert "filters" not in by_name["language-enhancement"]


def test_all_rows_but_those_for_a_comparison_take_part_unasked_and_lessons_are_estimated_once(tmp_path):
    wanted, places = asked("2", None, trials=1), Places(tmp_path / "data", tmp_path / "boards")
    plan_of = {row.method: row.minutes for row in plan_methods(load_track("digits"), wanted, places).rows}
    assert plan_of.keys() == {name for name, row in METHOD_ROWS.items() if not row.by_name}
    assert plan_of["token-prompts"] > 2 * plan_of["da-fusion"]
