"""`make benchmark`: speed comparisons, both sides in one run; a table, and `.benchmarks/latest.json`."""

import argparse
import platform
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import torch

from bench.core.recipe import Recipe
from bench.core.record import Record
from bench.pipelines.benchmark_frechet import class_vs, eigvals_route, full_vs, sqrtm_route, table_pace
from bench.pipelines.generate import generate
from bench.pipelines.recipes import load_recipe
from bench.store.atomic import write_json
from bench.store.paths import checkout
from bench.synthesis.pinned_weights import weights_folder

RECIPE = "digits-g@1.0.0"


class Comparison(Record):
    """Ours against a peer in `unit` a second; `ratio` above 1 means that ours is faster.

    `limit_share` is the share of what the hardware could do, where that is known.
    """

    name: str
    ours: float
    peer: float
    unit: str
    ratio: float
    limit_share: float | None
    machine: str
    versions: dict[str, str]

    def __str__(self) -> str:
        return f"{self.name:<28} ours {self.ours:9.4g}  peer {self.peer:9.4g} {self.unit:<10} ratio {self.ratio:6.2f}"


def generate_vs_loop(*, each_split: int = 500, looped: int = 40) -> Comparison:
    """`generate` against the same diffusers pipeline called with one prompt at a time, both to PNG on the disk.

    Loading the weights is left out of the loop's time and counted in ours. 500 images a split are whole
    batches, and both splits are drawn.
    """
    recipe = load_recipe(RECIPE)
    with tempfile.TemporaryDirectory() as folder:
        pipeline = _pipeline(recipe)
        peer = _rate(lambda: _loop(recipe, pipeline, Path(folder) / "loop", looped), looped)
        total = each_split * len(recipe.splits)
        ours = _rate(lambda: generate(RECIPE, data_root=Path(folder), limit=each_split, quiet=True), total)
    return _comparison("generate-vs-loop", ours=ours, peer=peer, unit="images/s")


def _distances(name: str, run: Callable[[], tuple[float, float]], *, unit: str = "distances/s") -> Comparison:
    ours, peer = run()
    return _comparison(name, ours=ours, peer=peer, unit=unit)


COMPARISONS: dict[str, Callable[[], Comparison]] = {
    "generate-vs-loop": generate_vs_loop,
    "frechet-class-vs-sqrtm": lambda: _distances("frechet-class-vs-sqrtm", lambda: class_vs(sqrtm_route)),
    "frechet-class-vs-eigvals": lambda: _distances("frechet-class-vs-eigvals", lambda: class_vs(eigvals_route)),
    "frechet-full-vs-sqrtm": lambda: _distances("frechet-full-vs-sqrtm", lambda: full_vs(sqrtm_route)),
    "frechet-full-vs-eigvals": lambda: _distances("frechet-full-vs-eigvals", lambda: full_vs(eigvals_route)),
    "frechet-table-vs-bar": lambda: _distances("frechet-table-vs-bar", table_pace, unit="tables/s"),
}


def main() -> None:
    """Run the comparisons that are named (all by default), print them, and write them down."""
    parser = argparse.ArgumentParser(prog="python -m bench.pipelines.benchmark", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*COMPARISONS, []], help="which (default: all)")
    rows = [COMPARISONS[name]() for name in parser.parse_args().names or COMPARISONS]
    for row in rows:
        print(row)
    target = checkout() / ".benchmarks" / "latest.json"
    write_json(target, [row.model_dump(mode="json") for row in rows])
    print(f"written to {target}")


def _pipeline(recipe: Recipe):
    import diffusers

    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(weights_folder(recipe.generator))
    pipeline.scheduler = getattr(diffusers, recipe.sampler.name).from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(torch.float32)


def _loop(recipe: Recipe, pipeline, folder: Path, count: int) -> None:
    folder.mkdir()
    for index in range(count):
        name = recipe.classes[index % len(recipe.classes)].name
        prompt = recipe.prompts.templates[index % len(recipe.prompts.templates)].format(name)
        image = pipeline(
            prompt,
            num_inference_steps=recipe.sampler.steps,
            guidance_scale=recipe.sampler.guidance,
            height=recipe.size.height,
            width=recipe.size.width,
            generator=torch.Generator().manual_seed(index),
        ).images[0]
        image.save(folder / f"{index}.png")


def _rate(run: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    run()
    return count / (time.perf_counter() - start)


def _comparison(name: str, *, ours: float, peer: float, unit: str) -> Comparison:
    return Comparison(
        name=name,
        ours=float(f"{ours:.4g}"),
        peer=float(f"{peer:.4g}"),
        unit=unit,
        ratio=round(ours / peer, 3),
        limit_share=None,
        machine=f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads",
        versions={one: version(one) for one in ("torch", "diffusers", "numpy", "scipy")},
    )


if __name__ == "__main__":
    main()
