"""Manifests, image sets, tracks, model references, cards: small laws of each."""

from dataclasses import replace

import numpy as np
import pytest

from bench.core.errors import DataError, UsageError
from bench.core.images import ImageSet
from bench.core.manifest import COLUMNS, Item, Manifest
from bench.core.model_ref import ModelRef
from bench.core.record import parse
from bench.core.registry import look_up
from bench.core.score import Score, pack_bits
from bench.core.track import Track
from bench.core.training_run import TrainingData, TrainingRun

ITEM = Item(**dict.fromkeys(COLUMNS, "x") | {"id": "val/0/000000", "split": "val", "sha256": "aa"})
TRACK = {
    "name": "t",
    "title": "T",
    "question": "?",
    "classes": [{"id": "0", "name": "zero"}],
    "in_distribution": "test",
    "headline": {"sets": ["shift"]},
    "sets": {"test": {"source": "a", "title": "A"}, "shift": {"dataset": "d@1.0.0", "split": "val", "title": "B"}},
}


def test_a_manifest_is_its_sorted_items():
    other = replace(ITEM, id="train/0/000000", split="train", sha256="bb")
    one, two = Manifest.of("d@1.0.0", [ITEM, other]), Manifest.of("d@1.0.0", [other, ITEM])
    assert one == two
    assert one.digest == two.digest != Manifest.of("d@1.0.0", [ITEM]).digest
    assert one.counts() == {"train": 1, "val": 1}
    assert [item.id for item in one.split("val").items] == ["val/0/000000"]
    with pytest.raises(DataError, match=r"has no split 'test': it has train, val"):
        one.split("test")
    with pytest.raises(DataError, match="'val/0/000000' stands twice"):
        Manifest.of("d@1.0.0", [ITEM, ITEM])


def test_an_image_set_keeps_identity_when_picked():
    whole = ImageSet("s", ("a", "b", "c", "d"), np.arange(4), lambda i: f"image {i}", lambda i: f"hash {i}")
    part = whole.pick(np.array([3, 0]))
    assert (part.ids, part.labels.tolist(), part.read(0), part.sha256(1)) == (("d", "a"), [3, 0], "image 3", "hash 0")
    assert whole.pick(np.array([2, 3, 1, 0])).digest == whole.digest != part.digest
    assert whole.first(2).ids == ("a", "d")
    assert whole.first(9) is whole.first(None) is whole


def test_a_track_refuses_names_that_are_no_sets():
    track = parse(Track, TRACK, where="t.yaml")
    assert track.shifted == ("shift",)
    with pytest.raises(UsageError, match=r"t.yaml: headline.sets.0: unknown set 'shft': did you mean shift\?"):
        parse(Track, TRACK | {"headline": {"sets": ["shft"]}}, where="t.yaml")
    both = TRACK["sets"] | {"x": {"source": "a", "dataset": "d@1.0.0", "split": "val", "title": "X"}}
    with pytest.raises(UsageError, match="exactly one of source, dataset and folder"):
        parse(Track, TRACK | {"sets": both}, where="t.yaml")
    with pytest.raises(UsageError, match="dataset and split go together"):
        parse(Track, TRACK | {"sets": TRACK["sets"] | {"x": {"dataset": "d@1.0.0", "title": "X"}}}, where="t.yaml")


def test_model_references():
    ref = ModelRef.parse("checkpoint:weights/a b.safetensors?arch=resnet10t&size=32")
    assert (ref.source, ref.name, ref.option("arch"), ref.option("mode")) == (
        "checkpoint",
        "weights/a b.safetensors",
        "resnet10t",
        None,
    )
    assert ref.slug == "checkpoint-weights-a-b.safetensors-" + ref.slug[-8:]
    assert ModelRef.parse(str(ref)) == ref
    assert "/" not in ModelRef.parse("run:../../etc/passwd").slug
    for text in ("resnet50", ":x", "run:", "run:x?arch"):
        with pytest.raises(UsageError, match=r"expected source:name|must read key=value"):
            ModelRef.parse(text)


def test_correctness_bits_come_back():
    correct = np.array([True, False, True, True, False, False, False, True, True])
    score = Score(
        n=9, top1=5 / 9, top5=1, interval=(0, 1), dataset_digest="d", predictions_digest="p", correct=pack_bits(correct)
    )
    assert score.bits().tolist() == correct.tolist()


def test_a_training_run_is_named_by_what_defines_it():
    data = (TrainingData(name="real", digest="sha256:0", images=4),)
    run = TrainingRun(track="t", arm="real", arch="sklearn:knn", data=data, image_size=32, classes=("0",))
    assert run.id.startswith("t-sklearn-knn-real-s0-")
    assert run.id != run.model_copy(update={"seed": 1}).id
    assert run.model_copy(update={"data": (data[0].model_copy(update={"digest": "sha256:1"}),)}).id != run.id


def test_a_typo_is_answered_with_the_nearest_names():
    shelf = {"resnet": 1, "lazy": "math:pi"}
    assert look_up(shelf, "resnet", kind="thing") == 1
    assert look_up(shelf, "lazy", kind="thing") == pytest.approx(3.14159, abs=1e-5)
    with pytest.raises(UsageError, match=r"unknown thing 'resnt': did you mean resnet\?"):
        look_up(shelf, "resnt", kind="thing")
    with pytest.raises(UsageError, match=r"unknown thing 'zzz': known: lazy, resnet"):
        look_up(shelf, "zzz", kind="thing")
