"""`verify` against hashing the same files and nothing else."""

import hashlib
import random
import tempfile
from dataclasses import replace
from pathlib import Path

from bench.core.recipe import Recipe
from bench.engines.local import default_workers
from bench.engines.threads import in_order
from bench.pipelines.benchmarks.cheap import on_the_shelf, write_recipe
from bench.pipelines.benchmarks.comparison import Comparison, comparison, in_turn
from bench.pipelines.versions.generate import generate
from bench.pipelines.versions.plan_items import drawing_digest, plan_item
from bench.pipelines.versions.recipes import load_recipe
from bench.pipelines.versions.verify import verify
from bench.store.claims import claimed
from bench.store.encoding import sha256_hex
from bench.store.paths import version_folder
from bench.store.shards import plan, write_shard

# A PNG of 512 x 512 pixels that Stable Diffusion draws has about as many.
BYTES = 400_000


def verify_vs_sha256(*, classes: int = 30) -> Comparison:
    """MB/s of `verify`, and of SHA-256 over the same files with as many threads.

    1,500 images of 0.4 MB; of random bytes, since neither side looks at pixels and drawing them would take minutes.
    """
    with tempfile.TemporaryDirectory() as name, on_the_shelf():
        root = Path(name)
        reference = write_recipe(root / "recipes", classes=classes, side=512)
        _fill(load_recipe(reference), root)
        generate(reference, data_root=root, quiet=True)
        files = sorted(root.rglob("images/**/*.parquet"))
        threads = default_workers("cpu")
        ours, peer = in_turn(
            lambda: verify(reference, data_root=root, workers=threads, quiet=True),
            lambda: list(in_order(_sha256, files, threads=threads)),
            rounds=5,
        )
        megabytes = sum(path.stat().st_size for path in files) / 1e6
    return comparison("verify-vs-sha256", ours=megabytes / ours, peer=megabytes / peer, unit="MB/s")


def _fill(recipe: Recipe, root: Path) -> None:
    """Every shard of the version, so that `generate` finds all there and only writes the manifest."""
    chance = random.Random(0)  # noqa: S311 (no secret)
    folder = version_folder(root, recipe.name, recipe.version)
    classes = {one.id: one for one in recipe.classes}
    with claimed(folder, recipe):
        for shard in plan(recipe):
            one = classes[shard.class_id]
            files = [chance.randbytes(BYTES) for _ in range(shard.count)]
            slots = range(shard.first, shard.first + shard.count)
            items = [
                replace(plan_item(recipe, shard.split, one, slot), sha256=sha256_hex(file), phash="0" * 16)
                for slot, file in zip(slots, files, strict=True)
            ]
            write_shard(folder / shard.path, items, files, drawing=drawing_digest(recipe, one))


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
