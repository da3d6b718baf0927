"""The shelf of metrics: every name resolves, is described, and imports only what a yardstick may."""

import ast
from pathlib import Path

import pytest

import bench.metrics
from bench.core.registry import look_up

FOLDER = Path(bench.metrics.__file__).parent
ALLOWED = ("numpy", "scipy", "bench.core", "bench.metrics", "dataclasses", "collections.abc", "hashlib", "typing")
MATCHING = ("pycocotools", "contextlib", "io")  # COCO's matching is COCO's own


@pytest.mark.parametrize("name", bench.metrics.METRICS)
def test_every_name_is_a_documented_function(name):
    metric = look_up(bench.metrics.METRICS, name, kind="metric")
    assert callable(metric)
    assert metric.__doc__


def test_every_metric_is_described_in_one_line():
    assert list(bench.metrics.ABOUT) == list(bench.metrics.METRICS)
    assert all(text and "\n" not in text for text in bench.metrics.ABOUT.values())


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_a_yardstick_imports_numpy_scipy_and_core(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module]
        else:
            continue
        for name in names:
            allowed = (*ALLOWED, *MATCHING) if path.stem == "box_matches" else ALLOWED
            assert any(name == one or name.startswith(f"{one}.") for one in allowed), f"{path.name}: {name}"
