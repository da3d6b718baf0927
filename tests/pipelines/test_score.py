"""`score` by hand, and its refusals: another dataset, class list, track, image, or weights."""

from pathlib import Path

import numpy as np
import pytest

from bench.core.errors import BenchError, DataError, UsageError
from bench.core.images import ImageSet
from bench.core.predictions import Answers, PredictionHeader, Predictions
from bench.pipelines.scoring.score import score
from bench.pipelines.scoring.score_set import score_set
from bench.store.predictions import write_predictions
from tests.toy_track import bars, toy_track


def header(images: ImageSet, classes_digest: str = "sha256:c", **changes) -> PredictionHeader:
    said = {
        "track": "toy",
        "set": "test",
        "dataset_digest": images.digest,
        "classes_digest": classes_digest,
        "model": "run:a",
        "preprocessing": {"size": 32},
        "versions": {"torch": "0"},
    }
    return PredictionHeader.model_validate(said | changes)


def answers(images: ImageSet, first: np.ndarray, head: PredictionHeader) -> Predictions:
    """Best answer `first` [n], then the four classes after it."""
    topk = (first[:, None] + np.arange(5)) % 10
    odds = np.tile(np.array([0.6, 0.2, 0.1, 0.06, 0.04], dtype=np.float32), (len(first), 1))
    return Predictions(head, tuple(images.ids), Answers(topk, odds))


def four() -> ImageSet:
    """Ids out of order, labels 0, 3, 5, 9."""
    return ImageSet("four", ("d", "b", "a", "c"), np.array([0, 3, 5, 9]), lambda i: None, lambda i: f"{i:064x}")


def test_by_hand() -> None:
    # d: 0 for 0, right. b: 3 for 3, right. a: 4,5,6,7,8 for 5, in the top five. c: 1..5 for 9, wrong.
    found = score_set(answers(four(), np.array([0, 3, 4, 1]), header(four())), four(), classes=10)
    assert (found.n, found.top1, found.top5) == (4, 0.5, 0.75)
    # Wilson at 95 % for 2 of 4: centre 0.5, half width sqrt(1.9207 (1 + 0.9604) / ... ) = 0.349961
    assert found.interval == pytest.approx((0.150039, 0.849961), abs=1e-6)
    assert found.bits().tolist() == [False, True, False, True]  # a, b, c, d
    assert found.dataset_digest == four().digest


def test_the_order_of_rows_does_not_matter() -> None:
    images = bars("x", 3, 0)
    first = np.random.default_rng(0).integers(0, 10, len(images))
    whole = answers(images, first, header(images))
    order = np.random.default_rng(1).permutation(len(images))
    shuffled = answers(images.pick(order), first[order], header(images))
    assert score_set(shuffled, images, classes=10) == score_set(whole, images, classes=10)
    assert score_set(shuffled, images.pick(order[::-1]), classes=10) == score_set(whole, images, classes=10)


def test_a_limited_run_is_scored_on_what_it_answered() -> None:
    images = bars("x", 3, 0)
    some = images.first(10)
    found = score_set(answers(some, some.labels, header(some, limited=True)), images, classes=10)
    assert (found.n, found.top1, found.dataset_digest) == (10, 1.0, some.digest)
    with pytest.raises(DataError, match="predict again on this one"):
        score_set(answers(some, some.labels, header(some)), images, classes=10)


def test_a_card_a_model_with_its_sets_in_the_order_of_the_track(monkeypatch, tmp_path: Path) -> None:
    track = toy_track(monkeypatch)
    test, shift = bars("toy-test", 5, 3), bars("toy-shift", 7, 4)
    files = []
    for model in ("run:a", "run:b"):
        for name, images in (("shift", shift), ("test", test)):
            head = header(images, track.classes_digest, set=name, model=model)
            files.append(tmp_path / f"{model[4:]}-{name}.parquet")
            write_predictions(files[-1], answers(images, images.labels, head))
    cards = score(files, track=track, data_root=tmp_path, role="arm")
    assert [(card.slug, list(card.sets), card.state, card.role) for card in cards] == [
        ("run-a", ["test", "shift"], "scored", "arm"),
        ("run-b", ["test", "shift"], "scored", "arm"),
    ]
    assert cards[0].environment.versions["torch"] == "0"
    with pytest.raises(UsageError, match="run:a answers the set 'test' in another file too; give one"):
        score([files[1], files[1]], track=track, data_root=tmp_path)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"track": "other"}, "predictions for the track 'other', not 'toy'"),
        ({"set": "tset"}, "unknown set of track toy 'tset': did you mean test?"),
        (
            {"classes_digest": "sha256:0123456789abcdef"},
            "the class list sha256:0123456789ab…, the track toy has sha256:",
        ),
        ({"dataset_digest": "sha256:0123456789abcdef"}, "the dataset sha256:0123456789ab…, the set here is sha256:"),
    ],
)
def test_predictions_about_something_else_are_one_line(monkeypatch, tmp_path: Path, changes: dict, text: str) -> None:
    track, images = toy_track(monkeypatch), bars("toy-test", 5, 3)
    head = header(images, **({"classes_digest": track.classes_digest} | changes))
    write_predictions(tmp_path / "p.parquet", answers(images, images.labels, head))
    with pytest.raises(BenchError) as caught:
        score([tmp_path / "p.parquet"], track=track, data_root=tmp_path)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_foreign_or_missing_image_names_the_first(monkeypatch, tmp_path: Path) -> None:
    track, images = toy_track(monkeypatch), bars("toy-test", 5, 3)
    head = header(images, track.classes_digest)
    path = tmp_path / "p.parquet"
    write_predictions(path, answers(images.pick(np.arange(1, 50)), images.labels[1:], head))
    with pytest.raises(DataError, match=r"image 'toy-test/0000' has no answer \(49 of 50 images answered\)"):
        score([path], track=track, data_root=tmp_path)


def test_files_of_two_sets_of_weights_make_no_card(monkeypatch, tmp_path: Path) -> None:
    track = toy_track(monkeypatch)
    files = []
    for name, images in (("test", bars("toy-test", 5, 3)), ("shift", bars("toy-shift", 7, 4))):
        head = header(images, track.classes_digest, set=name, weights=f"sha256:{name}")
        files.append(tmp_path / f"{name}.parquet")
        write_predictions(files[-1], answers(images, images.labels, head))
    with pytest.raises(DataError, match="run:a has other weights than in its other files; predict again"):
        score(files, track=track, data_root=tmp_path)
