"""`train --augment`: on the record with every parameter, deterministic, resumable, and every refusal one line."""

import numpy as np
import pytest
from PIL import Image

from bench.augment import ABOUT, AUGMENTERS
from bench.core.augmentation import Augmentation
from bench.core.errors import DataError, UsageError
from bench.core.track import Budget
from bench.pipelines.boards.arms import variants
from bench.pipelines.learned.learned_augmenters import spent_learning
from bench.pipelines.learned.spent import UNKNOWN
from bench.pipelines.training.augmentation import in_short, open_augmenter, settle_augmentation
from bench.pipelines.training.train import preprocessing_of, train
from bench.pipelines.training.training_plan import Plan, settle_plan
from bench.training import classifier, fitting
from tests.toy_track import toy_track

SMALL = {
    "pixmix": "?fractals=3",
    "gflow": "?steps=4&side=16&patch=4&codes=8&fraction=0.5",
    "gflow-released": "?fraction=0.1&least=1&shown=8",
}
LEARNED = {"dagan", "deepaugment"}  # test_learned_augmenters.py
BUDGET = {"arch": "test_resnet", "steps": 2, "batch": 8, "learning_rate": 0.002, "seeds": 1}


def test_every_augmentation_trains_and_stands_on_the_record(monkeypatch, tmp_path):
    track = toy_track(monkeypatch, budget=BUDGET)
    plain = train(track, "real", data_root=tmp_path, quiet=True)
    assert list(ABOUT) == list(AUGMENTERS)
    weights = {plain.weights}
    of_themselves = AUGMENTERS.keys() - LEARNED
    for name in of_themselves:
        text = name + SMALL.get(name, "")
        done = train(track, "real", augment=text, data_root=tmp_path, quiet=True)
        assert done.run.augment is not None
        assert done.run.augment.name == name
        assert f"-real-{name}-s0-" in done.id
        assert done.run.schedule + ", no augmentation" == plain.run.schedule
        weights.add(done.weights)
    assert len(weights) == len(of_themselves) + 1


@pytest.mark.parametrize("name", ["augmix", "cutmix", "randaugment", "gflow" + SMALL["gflow"]])
def test_a_stopped_run_goes_on_as_if_nothing_had_been(monkeypatch, tmp_path, name):
    track = toy_track(monkeypatch, budget=BUDGET | {"steps": 4})
    run, (images,) = settle_plan(track, Plan(arm="real", augment=name), data_root=tmp_path)
    pixels = preprocessing_of(run, [images]).pixels([images.read(i) for i in range(len(images))])
    kept: list[bytes] = []

    def weights(saved: bytes | None) -> bytes:
        checkpoints = fitting.Checkpoints(saved, kept.append, seconds=0)
        augment = open_augmenter(run, pixels, images.labels, data_root=tmp_path)
        fitted = classifier.fit(run, pixels, images.labels, augment=augment, checkpoints=checkpoints, quiet=True)
        return fitting.pack(fitted.state, {})

    undisturbed = weights(None)
    assert weights(kept[1]) == undisturbed


def test_a_run_without_augmentation_has_the_record_it_always_had(monkeypatch, tmp_path):
    run, _ = settle_plan(toy_track(monkeypatch), Plan(arm="real"), data_root=tmp_path)
    assert "augment" not in run.model_dump(mode="json")
    assert run.schedule is not None
    assert run.schedule.endswith(", no augmentation")


def test_parameters_are_read_completed_and_said_in_short():
    settled = settle_augmentation("augmix?severity=1&jsd=0&all_ops=true")
    assert settled.parameters == {"severity": 1.0, "width": 3, "depth": -1, "all_ops": True, "jsd": 0.0}
    assert in_short(settled) == "augmix?severity=1.0&all_ops=True&jsd=0.0"
    assert settle_augmentation("augmix?severity=3") == settle_augmentation("augmix")
    assert settle_augmentation(str(settled)) == settled
    assert Augmentation.model_validate_json(settled.model_dump_json()) == settled


def test_a_track_whose_mirror_images_are_no_digits_is_not_flipped(monkeypatch, tmp_path):
    assert settle_augmentation("standard").parameters["flip"] == 0.5
    assert settle_augmentation("standard", mirror=False).parameters["flip"] == 0
    assert settle_augmentation("standard?flip=0.2", mirror=False).parameters["flip"] == 0.2
    track = toy_track(monkeypatch).model_copy(update={"budget": Budget(**BUDGET, mirror=False)})
    run, _ = settle_plan(track, Plan(arm="real", augment="standard"), data_root=tmp_path)
    assert run.augment is not None
    assert run.augment.parameters["flip"] == 0


def test_arms_are_told_apart_by_their_augmentation(monkeypatch, tmp_path):
    from types import SimpleNamespace

    track = toy_track(monkeypatch)
    runs = [
        settle_plan(track, Plan(arm="real", augment=name), data_root=tmp_path)[0] for name in (None, "augmix?jsd=0")
    ]
    cards = [
        SimpleNamespace(slug=str(i), role="arm", declaration=SimpleNamespace(training=run))
        for i, run in enumerate(runs)
    ]
    assert variants(tuple(cards)) == {"0": "augmentation none", "1": "augmentation augmix?jsd=0.0"}
    assert variants(tuple(reversed(cards))) == variants(tuple(cards))


def test_pictures_of_ones_own_are_pinned_by_digest(monkeypatch, tmp_path):
    folder = tmp_path / "50% art & C++"
    (folder / "a folder.png").mkdir(parents=True)
    for index in range(2):
        pixels = np.random.default_rng(index).integers(0, 256, (40, 60, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    track = toy_track(monkeypatch, budget=BUDGET)
    text = str(Augmentation(name="pixmix", parameters={"pictures": str(folder)}))
    done = train(track, "real", augment=text, data_root=tmp_path / "data", quiet=True)
    assert done.run.augment is not None
    assert str(done.run.augment.parameters["pictures_digest"]).startswith("sha256:")
    assert settle_augmentation(str(done.run.augment)) == done.run.augment
    (folder / "1.png").unlink()
    with pytest.raises(DataError, match="expected sha256:"):
        settle_augmentation(str(done.run.augment))
    (folder / "2.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"2.png: not a readable image .*copy it again") as caught:
        train(track, "real", augment=text, data_root=tmp_path / "data", quiet=True)
    assert "\n" not in str(caught.value)


def test_one_image_a_class_trains_and_a_reward_of_zero_is_one_line(monkeypatch, tmp_path):
    track = toy_track(monkeypatch, budget=BUDGET)
    text = "gflow" + SMALL["gflow"]
    done = train(track, "real", augment=text, fraction=0.1, data_root=tmp_path, quiet=True)
    assert done.run.data[0].images == 10
    text += "&temperature=1e-41"
    with pytest.raises(DataError, match="class number 0 is zero; raise temperature or bandwidth") as caught:
        train(track, "real", augment=text, data_root=tmp_path, quiet=True)
    assert "\n" not in str(caught.value)


def test_a_policy_is_trained_once_for_all_runs_on_the_same_images_and_refused_when_damaged(
    monkeypatch, tmp_path, capsys
):
    track, text = toy_track(monkeypatch, budget=BUDGET), "gflow" + SMALL["gflow"]
    run = train(track, "real", augment=text, data_root=tmp_path, quiet=True).run
    assert capsys.readouterr().err == ""
    (policy,) = (tmp_path / "augmenters").glob("gflow-*/policy.pt")
    before, spent = policy.stat().st_mtime_ns, spent_learning(run, data_root=tmp_path)
    assert spent is not None
    assert spent.seconds > 0
    train(track, "real", augment=text, seed=1, data_root=tmp_path)
    assert "policy: step" not in capsys.readouterr().err
    assert policy.stat().st_mtime_ns == before
    assert spent_learning(run, data_root=tmp_path) == spent
    (policy.parent / "spent.json").unlink()  # as a kill leaves it
    train(track, "real", augment=text, seed=2, data_root=tmp_path, quiet=True)
    assert spent_learning(run, data_root=tmp_path) == UNKNOWN
    policy.write_bytes(policy.read_bytes()[:1000])
    with pytest.raises(DataError, match=r"policy.pt: damaged.*remove it to start again"):
        train(track, "real", augment=text, seed=3, data_root=tmp_path, quiet=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("augmx", "unknown augmentation 'augmx': did you mean augmix"),
        ("augmix?severty=2", "--augment augmix: unknown key 'severty': did you mean severity?"),
        ("augmix?severity=nan", "--augment augmix: severity: "),
        ("augmix?severity=11", "severity: Input should be less than or equal to 10, got '11'"),
        ("augmix?severity", "options after '?' must read key=value&key=value"),
        ("mixup?alpha=0", "alpha: Input should be greater than 0"),
        ("mixup?alpha=1&alpha=2", "alpha stands twice"),
        ("mixup?alpha=1e+3", "alpha: Input should be less than or equal to 100, got '1e+3'"),
        ("trivialaugment?magnitude=3", "unknown key 'magnitude'"),
        ("", "unknown augmentation ''"),
        ("dagan", "--augment dagan: state: Field required"),
        ("deepaugment?share=2", "--augment deepaugment: "),
        ("gflow?patch=5", "--augment gflow: side 32 is no multiple of patch 5"),
        ("gflow?loss=tb", "loss: Input should be 'trajectory'"),
    ],
)
def test_a_wrong_augmentation_is_one_line(text, message):
    with pytest.raises(UsageError) as caught:
        settle_augmentation(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_not_trained_by_steps_is_not_augmented(monkeypatch, tmp_path):
    with pytest.raises(UsageError, match="leave --augment out"):
        train(toy_track(monkeypatch), "real", arch="sklearn:knn-1", augment="augmix", data_root=tmp_path)
    for folder in ("nowhere", "%00"):
        with pytest.raises(DataError, match=r"pictures '.*': no .*name a folder of pictures"):
            settle_augmentation(f"pixmix?pictures={folder}")
    with pytest.raises(DataError, match=r"cannot be read .embedded null byte.; name a file that can"):
        settle_augmentation("dagan?state=%00")
