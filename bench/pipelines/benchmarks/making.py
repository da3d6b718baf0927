"""What `generate` adds to drawing and encoding: planning, hashes, shards, the manifest, the disk."""

import tempfile
from itertools import count
from pathlib import Path

from bench.pipelines.benchmarks.cheap import Cheap, on_the_shelf, write_recipe
from bench.pipelines.benchmarks.comparison import Comparison, comparison, cpu_seconds, in_turn
from bench.pipelines.versions.generate import generate
from bench.pipelines.versions.plan_items import plan_item
from bench.pipelines.versions.recipes import load_recipe
from bench.store.encoding import encode
from bench.synthesis.maker import Request


def make_vs_draw_and_encode(*, classes: int = 1, side: int = 512) -> Comparison:
    """Images for a second of one core: `generate` with a cheap generator, and drawing and encoding the same 50 PNG of
    512 x 512 pixels without it."""
    with tempfile.TemporaryDirectory() as name, on_the_shelf():
        reference = write_recipe(Path(name), classes=classes, side=side)
        recipe = load_recipe(reference)
        items = [plan_item(recipe, "val", one, slot) for one in recipe.classes for slot in range(50)]
        requests = [Request(item.class_name, item.prompt, item.negative_prompt, item.seed) for item in items]
        fresh = count()

        def draw_and_encode() -> None:
            maker = Cheap(recipe, device="cpu")
            for start in range(0, len(requests), recipe.batch):
                for image in maker.draw(requests[start : start + recipe.batch]):
                    encode(image, recipe.encoding)

        ours, peer = in_turn(
            lambda: generate(reference, data_root=Path(name) / str(next(fresh)), workers=1, quiet=True),
            draw_and_encode,
            rounds=8,
            clock=cpu_seconds,
        )
    total = len(requests)
    return comparison("make-vs-draw-and-encode", ours=total / ours, peer=total / peer, unit="images/CPU s")
