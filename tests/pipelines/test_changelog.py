"""The log of dataset versions is written from recipes and locks, and is the one that is committed."""

import pytest

from bench.pipelines import changelog
from bench.pipelines.versions import recipes
from bench.store.paths import datasets_folder
from tests.stub_maker import write_recipe


def test_the_committed_log_is_the_one_that_the_command_writes():
    assert (datasets_folder() / "CHANGELOG.md").read_text(encoding="utf-8") == changelog.changelog()


def test_every_version_says_what_it_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(recipes, "datasets_folder", lambda: tmp_path)
    for number, change in [("1.0.0", {}), ("1.10.0", {"splits": {"train": 12, "val": 3}}), ("1.9.0", {"title": "B"})]:
        write_recipe(tmp_path / "tiny", version=number, **change)
    lines = changelog.changelog().splitlines()
    start = lines.index("## tiny")
    assert lines[start + 2 :] == [
        "- **1.10.0**: MINOR, 26 kept, 4 added, 0 removed, 0 changed since 1.9.0;"
        " splits.train 10 → 12, title B → Tiny.",
        "- **1.9.0**: MINOR, 26 kept, 0 added, 0 removed, 0 changed since 1.0.0; title Tiny → B.",
        "- **1.0.0**: 2 classes (train 20, val 6), text-to-image by stub, revision 1.",
    ]


@pytest.mark.parametrize("times", [2])
def test_equal_recipes_give_equal_bytes(times):
    assert len({changelog.changelog() for _ in range(times)}) == 1
