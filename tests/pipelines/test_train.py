"""`train`: records name what went in, finished runs are reused, every refusal is one line."""

import json
from pathlib import Path

import pytest

from bench.core.errors import BenchError, DataError, UsageError
from bench.core.track import SetSpec
from bench.pipelines.tracks import load_track
from bench.pipelines.training.train import train, train_all
from bench.pipelines.training.training_plan import Plan, settle_plan, share
from bench.store.runs import run_folder, write_unfinished
from tests.toy_track import bars, toy_track


def test_a_run_is_kept_with_its_record_and_found_again(monkeypatch, tmp_path: Path) -> None:
    track = toy_track(monkeypatch)
    done = train(track, "mixed", data_root=tmp_path, quiet=True)
    assert [(part.name, part.images) for part in done.run.data] == [("toy-train", 80), ("toy-made", 40)]
    assert (done.run.steps, done.run.epochs) == (6, 0.8)
    folder = run_folder(tmp_path, done.run)
    assert sorted(path.name for path in folder.iterdir()) == ["model.safetensors", "run.json"]
    monkeypatch.setattr("bench.pipelines.training.train._fit", None)
    assert train(track, "mixed", data_root=tmp_path, quiet=True) == done


def test_another_folder_gives_the_same_weights_and_a_kept_state_goes_on(monkeypatch, tmp_path: Path) -> None:
    from bench.training import classifier, fitting

    track = toy_track(monkeypatch)
    first = train(track, "real", data_root=tmp_path / "a", quiet=True)
    kept: list[bytes] = []
    checkpoints = fitting.Checkpoints(None, kept.append, seconds=0)
    run, (images,) = settle_plan(track, Plan(arm="real"), data_root=tmp_path)
    from bench.pipelines.training.train import preprocessing_of

    pixels = preprocessing_of(run, [images]).pixels([images.read(i) for i in range(len(images))])
    classifier.fit(run, pixels, images.labels, checkpoints=checkpoints, quiet=True)
    write_unfinished(tmp_path / "b", run, kept[2])
    assert train(track, "real", data_root=tmp_path / "b", quiet=True).weights == first.weights
    assert not (run_folder(tmp_path / "b", run) / "unfinished.safetensors").exists()


def test_equal_epochs_follow_the_real_arm(monkeypatch, tmp_path: Path) -> None:
    track = toy_track(monkeypatch)

    def steps(arm: str, **options) -> tuple[int | None, float | None, str]:
        run, _ = settle_plan(track, Plan(arm=arm, **options), data_root=tmp_path)
        return run.steps, run.epochs, run.match

    assert steps("real", match="epochs") == steps("real") == (6, 1.2, "steps")
    assert steps("mixed", match="epochs") == (9, 1.2, "epochs")
    assert steps("synthetic", match="epochs") == (3, 1.2, "epochs")
    assert steps("mixed", match="epochs", fraction=0.5) == (9, 2.4, "epochs")


def test_images_mixed_in_take_the_place_of_real_ones(monkeypatch, tmp_path: Path) -> None:
    track = toy_track(monkeypatch)
    plain, none = (train(track, "mixed", mix=mix, data_root=tmp_path, quiet=True) for mix in (0.5, 0.0))
    real = train(track, "real", data_root=tmp_path, quiet=True)
    assert (plain.run.mix, plain.run.epochs, real.run.epochs) == (0.5, 1.2, 1.2)
    assert "mix" not in real.run.model_dump()
    assert plain.weights != none.weights
    folders = [run_folder(tmp_path, one.run) / one.file for one in (none, real)]
    from safetensors.numpy import load_file

    first, second = map(load_file, folders)
    assert all((first[name] == second[name]).all() for name in first)


def test_ratio_and_fraction_take_the_same_share_of_every_class(monkeypatch, tmp_path: Path) -> None:
    track = toy_track(monkeypatch)
    run, (real, made) = settle_plan(track, Plan(arm="mixed", ratio=0.25), data_root=tmp_path)
    assert [part.images for part in run.data] == [80, 20]
    assert (made.labels == [label for label in range(10) for _ in range(2)]).all()
    assert real.digest == run.data[0].digest
    whole = bars("x", 8, 0)
    quarter, half = share(whole, 0.25), share(whole, 0.5)
    assert set(quarter.ids) < set(half.ids)
    assert (len(quarter), len(half)) == (20, 40)


def test_several_at_once_give_what_one_after_the_other_gives(tmp_path: Path) -> None:
    # A shipped track with a source of its own: another process knows nothing of what a test has patched.
    track = load_track("digits").model_copy(update={"real": SetSpec(source="uci-digits", title="UCI")})
    plans = [Plan(arm="real", arch=f"sklearn:{name}", fraction=0.1) for name in ("naive-bayes", "tree-5")]
    runs = train_all(track, plans, data_root=tmp_path / "a", workers=2, quiet=True)
    assert [done.run.arch for done in runs] == ["sklearn:naive-bayes", "sklearn:tree-5"]
    assert [done.run for done in train_all(track, plans, data_root=tmp_path / "b", workers=1, quiet=True)] == [
        done.run for done in runs
    ]
    assert train_all(track, plans, data_root=tmp_path / "a", workers=2, quiet=True) == runs


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"arm": "reel"}, "unknown arm 'reel': did you mean real?"),
        ({"arch": "test_vitt"}, "unknown architecture 'test_vitt': did you mean test_vit"),
        ({"arch": "sklearn:knn"}, "unknown scikit-learn classifier 'knn': did you mean knn-"),
        ({"arch": "sklearn:knn-1", "steps": 4}, "sklearn:knn-1 is not fitted by steps: leave --steps and --match out"),
        ({"ratio": 1.0}, "--ratio 1: expected a number above 0, and --arm mixed"),
        ({"arm": "mixed", "ratio": 2.0}, "needs 160 generated images, toy-made has 40; give at most 0.5"),
        ({"mix": 0.5}, "--mix-probability 0.5: expected a probability from 0 to 1, and --arm mixed"),
        ({"arm": "mixed", "mix": 1.5}, "--mix-probability 1.5: expected a probability from 0 to 1"),
        ({"arm": "mixed", "mix": 0.5, "arch": "sklearn:knn-1"}, "leave --mix-probability out"),
        ({"fraction": 0.0}, "--fraction 0: expected a share above 0 and at most 1"),
    ],
)
def test_a_wrong_option_is_one_line(monkeypatch, tmp_path: Path, options: dict, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        train(toy_track(monkeypatch), **({"arm": "real"} | options), data_root=tmp_path, quiet=True)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.rglob("run.json"))


def test_a_track_that_cannot_train_says_so(monkeypatch, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="track toy has no training budget"):
        train(toy_track(monkeypatch, budget=None), "real", data_root=tmp_path)
    with pytest.raises(UsageError, match="track toy has no 'synthetic' training data"):
        train(toy_track(monkeypatch, synthetic=None), "mixed", data_root=tmp_path)


def test_a_damaged_run_is_refused_with_the_remedy(monkeypatch, tmp_path: Path) -> None:
    track = toy_track(monkeypatch)
    done = train(track, "real", arch="sklearn:naive-bayes", data_root=tmp_path, quiet=True)
    folder = run_folder(tmp_path, done.run)

    def refusal() -> str:
        with pytest.raises(BenchError) as caught:
            train(track, "real", arch="sklearn:naive-bayes", data_root=tmp_path, quiet=True)
        assert type(caught.value) is DataError
        return str(caught.value)

    model = (folder / "model.skops").read_bytes()
    (folder / "model.skops").write_bytes(model[:-1])
    assert "not the weights that run.json names; remove the folder, train again" in refusal()
    record = json.loads((folder / "run.json").read_text())
    record["run"]["seed"] = 5
    (folder / "run.json").write_text(json.dumps(record))
    assert "holds another run" in refusal()
    (folder / "run.json").write_text("{")
    assert "run.json: damaged" in refusal()
