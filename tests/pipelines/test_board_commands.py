"""The command beside a row makes that row again."""

import json
import shlex
import sys

import pytest

from bench import cli
from bench.core.score import Declaration
from bench.pipelines.boards.commands import of_card
from bench.pipelines.boards.publish import publish_population
from bench.pipelines.robustness.populations import Choice
from bench.pipelines.training.training_plan import Plan, settle_plan
from tests.metrics.test_robustness_testbed import TESTBED
from tests.pipelines.cards import STANDARD, TRACK
from tests.pipelines.test_robustness import TABLE, needs_testbed
from tests.toy_track import toy_track


@pytest.fixture
def type_in(monkeypatch, capsys):
    """Runs a printed command in this process, with options; what it writes."""

    def call(command, *options):
        monkeypatch.setattr(sys, "argv", [*shlex.split(command)[1:], *options])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert not stop.value.code
        return capsys.readouterr().out

    return call


PLANS = [
    {"arm": "real"},
    {"arm": "real", "seed": 3, "steps": 9, "arch": "test_resnet"},
    {"arm": "real", "arch": "sklearn:knn-5", "fraction": 0.5},
    {"arm": "synthetic", "fraction": 0.5},
    {"arm": "synthetic", "match": "epochs"},
    {"arm": "mixed"},
    {"arm": "mixed", "ratio": 0.25, "seed": 1},
    {"arm": "mixed", "match": "epochs"},
    {"arm": "mixed", "match": "epochs", "steps": 8, "ratio": 0.25},
    {"arm": "real", "augment": "augmix?severity=1"},
    {"arm": "mixed", "mix": 0.3, "augment": "standard"},
]


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: "-".join(str(value) for value in plan.values()))
def test_training_again_is_the_same_run(monkeypatch, type_in, tmp_path, plan):
    track, asked = toy_track(monkeypatch), []
    run, _ = settle_plan(track, Plan(**plan), data_root=tmp_path)
    card = STANDARD[0].model_copy(update={"model": f"run:{run.id}", "declaration": Declaration(training=run)})
    train, submit = of_card(track, card).split(" && ")
    monkeypatch.setattr("bench.pipelines.tracks.load_track", lambda name: track)
    monkeypatch.setattr(
        "bench.pipelines.training.train.train", lambda track, arm, **options: asked.append((arm, options)) or run
    )
    type_in(train)
    ((arm, options),) = asked
    given = {key: value for key, value in options.items() if key in Plan.model_fields}
    assert settle_plan(track, Plan(arm=arm, **given), data_root=tmp_path)[0].id == run.id
    assert submit == f"python run_bench.py submit run:{run.id} --track toy"


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("timm:resnet50.a1_in1k", "submit timm:resnet50.a1_in1k --track t"),
        ("checkpoint:a b.safetensors?arch=x", "submit 'checkpoint:a b.safetensors?arch=x' --track t"),
        ("py:mine:net", "submit py:mine:net --trust-code --track t"),
        ("file:theirs", "submit theirs.csv --set test --track t"),
        ("lab:theirs", "submit PREDICTIONS.parquet --track t"),
    ],
)
def test_other_peoples_models_and_files(model, words):
    sets = {"test": STANDARD[0].sets["test"]}
    card = STANDARD[0].model_copy(update={"model": model, "sets": sets, "declaration": Declaration()})
    assert of_card(TRACK, card) == f"python run_bench.py {words}"


@needs_testbed
def test_a_published_row_is_judged_again_by_the_same_line(tmp_path, type_in):
    sets = dict.fromkeys(("val", "v2", "r", "val-r"), TRACK.sets["test"])
    sets["r"] = sets["r"].model_copy(update={"x_axis": "val-r"})
    headline = TRACK.headline.model_copy(update={"sets": ("v2", "r")})
    track = TRACK.model_copy(update={"in_distribution": "val", "headline": headline, "sets": sets})
    choice = Choice(types_file=TESTBED / "model_types.csv", types=("STANDARD",))
    publish_population(track, TABLE, choice, out=tmp_path, data_root=tmp_path)
    rows = {row["slug"]: row for row in json.loads((tmp_path / "board.json").read_text())["rows"]}
    for model in ("resnet18", "resnet50_augmix"):
        commands = rows[model]["command"].split(" && ")
        assert len(commands) == 2
        for name, command in zip(("v2", "r"), commands, strict=True):
            (found,) = json.loads(type_in(command, "--json", "--data-root", str(tmp_path)))
            shown = rows[model]["robustness"][name]["logit"]["value"]
            assert found["effective_robustness"] == pytest.approx(shown, abs=1e-9)
