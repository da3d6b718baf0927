"""The rule for distances class by class: shared classes, equal n, the same images whatever their order."""

import numpy as np
import pytest

from bench.core.errors import DataError
from bench.core.quality import SetCard
from bench.metrics.frechet_classes import class_mean_frechet
from bench.pipelines.quality.class_distances import class_distances, drawn, shared_classes
from bench.pipelines.quality.features import Featured


def featured(name, counts, seed, d=4):
    labels = np.repeat(list(counts), list(counts.values()))
    return Featured(
        card=SetCard(name=name, digest=name, images=len(labels), encodings={}),
        ids=np.array([f"{name}/{k:03d}" for k in range(len(labels))]),
        labels=labels,
        features=np.random.default_rng(seed).normal(size=(len(labels), d)),
        names={},
    )


REAL = featured("real", {"a": 9, "b": 30, "c": 12, "": 5}, 0)
MADE = featured("made", {"a": 20, "b": 11, "c": 7, "d": 9}, 1)
WIDE = featured("wide", {"a": 8, "b": 14, "c": 40}, 2)
THIN = featured("thin", {"b": 6, "c": 1, "d": 8}, 3)


def test_one_n_for_the_whole_table_and_each_set_its_own_classes():
    found = class_distances({"real": REAL, "made": MADE}, {"wide": WIDE, "thin": THIN}, per_class=None, seed=0)
    assert found.classes == {"wide": ["a", "b", "c"], "thin": ["b"]}
    assert found.per_class == 6
    assert list(found.means()) == ["real", "made"]
    sides = [drawn(side, ["a", "b", "c"], 6, seed=0) for side in (MADE, WIDE)]
    expected = class_mean_frechet(sides[0].features, sides[0].labels, sides[1].features, sides[1].labels)
    assert found.cells["made"]["wide"] == expected


def test_the_draw_follows_the_ids_and_the_seed():
    order = np.random.default_rng(4).permutation(len(MADE.ids))
    here, there = (drawn(side, ["a", "d"], 5, seed=1) for side in (MADE, MADE.pick(order)))
    assert set(here.ids) == set(there.ids)
    assert set(here.ids) != set(drawn(MADE, ["a", "d"], 5, seed=2).ids)
    assert set(drawn(MADE, ["a"], 3, seed=1).ids) < set(here.ids)
    tables = [
        class_distances({"m": one}, {"w": WIDE}, per_class=5, seed=1).means()["m"]["w"]
        for one in (MADE, MADE.pick(order))
    ]
    assert tables[0] == pytest.approx(tables[1], rel=1e-12)


def test_classes_without_a_name_or_a_second_image_do_not_count():
    assert shared_classes((REAL, WIDE)) == ["a", "b", "c"]
    assert shared_classes((THIN,)) == ["b", "d"]


def test_too_few_images_or_no_shared_class_is_one_line():
    with pytest.raises(DataError, match="made, class 'c': expected at least 8 images, got 7"):
        class_distances({"made": MADE}, {"wide": WIDE}, per_class=8, seed=0)
    other = featured("other", {"x": 9}, 5)
    with pytest.raises(DataError, match="made and other: no class has 2 images in each"):
        class_distances({"made": MADE}, {"wide": WIDE, "other": other}, per_class=None, seed=0)
