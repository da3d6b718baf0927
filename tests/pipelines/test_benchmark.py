"""The comparisons of making and checking still run, on sizes that say nothing about speed."""

import pytest

from bench.core.registry import look_up
from bench.pipelines.benchmark import COMPARISONS
from bench.pipelines.benchmarks import scale
from bench.pipelines.benchmarks.making import make_vs_draw_and_encode
from bench.pipelines.benchmarks.verification import verify_vs_sha256
from bench.synthesis import METHODS, TAKES


@pytest.mark.parametrize("name", sorted(COMPARISONS))
def test_every_comparison_is_there(name):
    assert callable(look_up(COMPARISONS, name, kind="comparison"))


def test_making_and_verifying_have_a_peer_and_leave_the_shelf_as_it_was():
    before = dict(METHODS), dict(TAKES)
    for found in (make_vs_draw_and_encode(side=16), verify_vs_sha256(classes=1)):
        assert found.ours > 0
        assert found.ratio == pytest.approx(found.ours / found.peer, rel=0.01)
    assert before == (METHODS, TAKES)


def test_scale_makes_compares_and_measures(monkeypatch):
    monkeypatch.setattr(scale, "CLASSES", 3)
    assert scale.plan_vs_loop().ours > 0
    assert all(value > 0 for value in scale._measure(2).values())
