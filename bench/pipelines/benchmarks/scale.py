"""A thousand classes of 50 images: time to plan and to compare them, and memory beside a tenth of them.

`python -m bench.pipelines.benchmarks.scale CLASSES` makes, makes anew under another number, verifies and compares
them with a cheap generator in a process of its own, and prints what that took as JSON.
"""

import json
import random
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from bench.core.manifest import COLUMNS
from bench.core.recipe import Recipe
from bench.pipelines.benchmarks.cheap import on_the_shelf, write_recipe
from bench.pipelines.benchmarks.comparison import Comparison, comparison, cpu_seconds, peak_megabytes
from bench.pipelines.versions.diff import diff
from bench.pipelines.versions.generate import generate
from bench.pipelines.versions.plan_items import plan_item
from bench.pipelines.versions.recipes import load_recipe
from bench.pipelines.versions.verify import verify
from bench.store.shards import plan

CLASSES, TENTH = 1000, 100


def plan_vs_loop() -> Comparison:
    """Seconds of one core to plan 50,000 images from their identities, and to draw prompts and seeds by lot."""
    recipe = _recipe()
    ours, peer = cpu_seconds(lambda: _plan(recipe)), cpu_seconds(lambda: _choose(recipe))
    return comparison("plan-50000-vs-loop", ours=ours, peer=peer, unit="CPU s", less_is_better=True)


def diff_vs_pandas() -> Comparison:
    """Seconds of one core to compare two manifests of 50,000 images, and to join them with pandas."""
    found = _measured(CLASSES)
    ours, peer = found["diff"], found["diff with pandas"]
    return comparison("diff-50000-vs-pandas", ours=ours, peer=peer, unit="CPU s", less_is_better=True)


def memory() -> Comparison:
    """Peak memory of making, verifying and comparing 50,000 images (ours) and 5,000 (peer)."""
    ours, peer = _measured(CLASSES)["peak"], _measured(TENTH)["peak"]
    return comparison("memory-50000-vs-5000", ours=ours, peer=peer, unit="MB", less_is_better=True)


@cache
def _measured(classes: int) -> dict[str, float]:
    command = [sys.executable, "-m", __name__, str(classes)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _measure(classes: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name, on_the_shelf():
        root = Path(name)
        old, new = (
            write_recipe(root / "recipes", classes=classes, side=16, version=version) for version in ("1.0.0", "1.0.1")
        )
        for reference in (old, new):
            generate(reference, data_root=root, workers=1, quiet=True)
        verify(new, data_root=root, workers=1, quiet=True)
        compared = cpu_seconds(lambda: diff(old, new, data_root=root))
        peak = peak_megabytes()
        with_pandas = cpu_seconds(lambda: _join(root / "generated" / "cheap"))
    return {"peak": peak, "diff": compared, "diff with pandas": with_pandas}


def _join(folder: Path) -> int:
    import pandas

    old, new = (pandas.read_parquet(folder / version / "manifest.parquet") for version in ("1.0.0", "1.0.1"))
    both = old.merge(new, on="id", how="outer", indicator=True)
    same = [both[f"{name}_x"].eq(both[f"{name}_y"]) | both[f"{name}_x"].isna() for name in COLUMNS if name != "id"]
    return int(sum(both["_merge"] == "both")) - int(sum(~pandas.concat(same, axis=1).all(axis=1)))


def _recipe() -> Recipe:
    with tempfile.TemporaryDirectory() as name, on_the_shelf():
        return load_recipe(write_recipe(Path(name), classes=CLASSES, side=16))


def _plan(recipe: Recipe) -> None:
    classes = {one.id: one for one in recipe.classes}
    for shard in plan(recipe):
        for slot in range(shard.first, shard.first + shard.count):
            plan_item(recipe, shard.split, classes[shard.class_id], slot)


def _choose(recipe: Recipe) -> None:
    chance = random.Random(0)  # noqa: S311 (no secret)
    for one in recipe.classes:
        for slot in range(50):
            template = chance.choice(recipe.prompts.templates)
            _ = {"id": f"{one.id}/{slot}", "prompt": template.replace("{}", one.name), "seed": chance.getrandbits(32)}


if __name__ == "__main__":
    print(json.dumps(_measure(int(sys.argv[1]))))
