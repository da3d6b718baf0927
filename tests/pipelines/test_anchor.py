"""Predictions on two versions, re-scored on the images that both have."""

import numpy as np
import pytest

from bench.core.errors import DataError, UsageError
from bench.core.leaderboard import check_one_board
from bench.core.predictions import Answers, PredictionHeader, Predictions
from bench.pipelines.scoring.anchor import anchor
from bench.pipelines.scoring.score import score_on
from bench.pipelines.versions.generate import generate
from bench.store.predictions import write_predictions
from bench.store.versions import open_version
from bench.synthesis import METHODS
from tests.stub_maker import STUB, write_recipe
from tests.toy_track import toy_track

VERSIONS = ("tiny@1.0.0", "tiny@2.0.0")
CLASSES = tuple(str(i) for i in range(10))


@pytest.fixture
def track(monkeypatch, tmp_path):
    """Two versions of `tiny` whose val sets share all images of class 0 and none of class 1."""
    monkeypatch.setitem(METHODS, "text-to-image", STUB)
    old = write_recipe(tmp_path / "datasets")
    new = write_recipe(tmp_path / "datasets", version="2.0.0", splits={"train": 1, "val": {"0": 5, "1": 0}})
    for reference in (old, new):
        generate(reference, data_root=tmp_path, workers=1, quiet=True)
    made = {"dataset": "tiny@2.0.0", "split": "val", "title": "Made"}
    return toy_track(monkeypatch, sets={"test": {"source": "toy-test", "title": "T"}, "shift": made})


def answers(track, tmp_path, version, model, right):
    """A prediction file of a model that is right on the first `right` images of the version's val split."""
    images = open_version(version, tmp_path).image_set("val", CLASSES)
    first = np.where(np.arange(len(images)) < right, images.labels, 9)
    header = PredictionHeader(
        track="toy",
        set="shift",
        dataset_digest=images.digest,
        classes_digest=track.classes_digest,
        model=model,
        preprocessing={},
        versions={},
    )
    topk = (first[:, None] + np.arange(5)) % 10
    odds = np.tile(np.array([0.6, 0.2, 0.1, 0.06, 0.04], dtype=np.float32), (len(first), 1))
    path = tmp_path / f"{model[4:]}.parquet"
    write_predictions(path, Predictions(header, tuple(images.ids), Answers(topk, odds)))
    return path, score_on(Predictions(header, tuple(images.ids), Answers(topk, odds)), images, track=track, path=path)


def test_models_that_answered_different_versions_stand_side_by_side(track, tmp_path):
    # The 3 images of class 0 come first and are the anchor; the one is right on 2 of them, the other on all.
    one, card = answers(track, tmp_path, "tiny@1.0.0", "run:one", right=2)
    other, other_card = answers(track, tmp_path, "tiny@2.0.0", "run:other", right=4)
    with pytest.raises(DataError, match="score both on the same data"):
        check_one_board((card, other_card))
    found = anchor([one, other], VERSIONS, track=track, data_root=tmp_path)
    assert (found.n, found.set, found.split) == (3, "shift", "val")
    rows = [(row.model, row.version, row.n, round(row.top1, 3), round(row.anchor_top1, 3)) for row in found.rows]
    assert rows == [("run:other", "tiny@2.0.0", 5, 0.8, 1.0), ("run:one", "tiny@1.0.0", 6, 0.333, 0.667)]
    check_one_board(found.cards)
    assert {card.sets["shift"].dataset_digest for card in found.cards} == {found.digest}
    assert "anchor of tiny@1.0.0 and tiny@2.0.0, val: 3 images" in str(found)


def test_what_cannot_be_anchored_is_one_line(track, tmp_path, monkeypatch):
    one, _ = answers(track, tmp_path, "tiny@1.0.0", "run:one", right=2)
    with pytest.raises(UsageError, match=r"track toy: unknown dataset version of its sets 'other@1\.0\.0'"):
        anchor([one], ("other@1.0.0", "other@1.1.0"), track=track, data_root=tmp_path)
    with pytest.raises(DataError, match=r"make it: imagenet-g generate tiny@1\.5\.0"):
        anchor([one], ("tiny@1.5.0", "tiny@2.0.0"), track=track, data_root=tmp_path)
    again = write_recipe(tmp_path / "datasets", version="3.0.0", root_seed=1)
    generate(again, data_root=tmp_path, workers=1, quiet=True)
    with pytest.raises(DataError, match=r"tiny@3\.0\.0 and tiny@2\.0\.0 share no image of val"):
        anchor([one], ("tiny@3.0.0", "tiny@2.0.0"), track=track, data_root=tmp_path)
