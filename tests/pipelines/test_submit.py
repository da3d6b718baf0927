"""`submit`: listed or rejected, with the reason; and the standard population."""

from pathlib import Path

import pytest

from bench.core.errors import UsageError
from bench.core.score import ScoreCard
from bench.pipelines.scoring.predict import predict
from bench.pipelines.scoring.score import Given
from bench.pipelines.scoring.submit import judge, submit
from bench.pipelines.training.population import population
from bench.pipelines.training.train import train
from bench.store.cards import read_card
from tests.toy_track import toy_track


@pytest.fixture
def track(monkeypatch):
    standard = [{"arch": "sklearn:tree-5"}, {"arch": "sklearn:naive-bayes", "fraction": 0.5}]
    return toy_track(monkeypatch, standard=standard)


def submitted(track, arm: str, tmp_path: Path, **options) -> ScoreCard:
    run = train(track, arm, arch="sklearn:naive-bayes", data_root=tmp_path, quiet=True)
    models, places = [f"run:{run.id}"], {"data_root": tmp_path, "board_dir": tmp_path / "boards"}
    given = Given(title=options.pop("title", None))
    (card,) = submit(models, track=track, **places, given=given, quiet=True, **options)
    return card


def test_a_complete_submission_is_listed_and_filed(track, tmp_path: Path) -> None:
    card = submitted(track, "mixed", tmp_path, role="arm", title="Mine")
    assert (card.state, card.reason, card.title, card.role) == ("listed", "complete on test, shift", "Mine", "arm")
    path = tmp_path / "boards" / "toy" / "results" / f"{card.slug}.json"
    assert read_card(path) == card
    files = predict([card.model], track, data_root=tmp_path, quiet=True)
    again = submit(
        files, track=track, data_root=tmp_path, board_dir=tmp_path / "b", role="arm", given=Given(title="Mine")
    )
    assert again == [card]


def test_a_limited_run_is_rejected_and_leaves_the_listed_card(track, tmp_path: Path) -> None:
    listed = submitted(track, "real", tmp_path)
    limited = submitted(track, "real", tmp_path, limit=10)
    assert (limited.state, limited.limited) == ("rejected", True)
    assert limited.reason == "a limited run is for trials only; submit again without --limit"
    assert read_card(tmp_path / "boards" / "toy" / "results" / f"{listed.slug}.json") == listed


def test_each_reason_against_a_listing(track, tmp_path: Path) -> None:
    card = submitted(track, "mixed", tmp_path)
    run = card.declaration.training
    assert run is not None
    test = run.data[0].model_copy(update={"digest": card.sets["test"].dataset_digest})
    cheat = run.model_copy(update={"data": (test,)})

    def reason(**changes) -> str:
        judged = judge(card.model_copy(update=changes), track)
        assert judged.state == "rejected"
        return judged.reason

    assert reason(sets={"test": card.sets["test"]}).startswith("no answers on shift; predict every required set")
    assert reason(role="standard") == "standard models are trained on real data only, this one on the arm mixed"
    declared = card.declaration.model_copy(update={"training": cheat})
    assert reason(declaration=declared) == "was trained on the set test; train it without toy-train"
    silent = card.declaration.model_copy(update={"training": None})
    assert "this one does not say" in reason(declaration=silent, role="standard")
    assert judge(card.model_copy(update={"declaration": silent}), track).state == "listed"


def test_the_population_is_trained_once_and_filed_as_standard(track, tmp_path: Path, monkeypatch) -> None:
    cards = population(track, data_root=tmp_path, board_dir=tmp_path / "boards", workers=1, quiet=True)
    assert [(card.declaration.arch, card.role, card.state) for card in cards] == [
        ("sklearn:tree-5", "standard", "listed"),
        ("sklearn:naive-bayes", "standard", "listed"),
    ]
    monkeypatch.setattr("bench.pipelines.training.train._fit", None)
    assert population(track, data_root=tmp_path, board_dir=tmp_path / "boards", workers=1, quiet=True) == cards


def test_one_title_for_two_models_is_refused(track, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--title 'x' names one model, got 2"):
        submit(["run:a", "run:b"], track=track, data_root=tmp_path, given=Given(title="x"))
