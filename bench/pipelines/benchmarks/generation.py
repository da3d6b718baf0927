"""Generation against the same pipeline called with one prompt at a time."""

import tempfile
from pathlib import Path

import torch

from bench.core.recipe import Recipe
from bench.pipelines.benchmarks.comparison import Comparison, comparison, seconds
from bench.pipelines.versions.generate import generate
from bench.pipelines.versions.recipes import load_recipe
from bench.synthesis.pinned_weights import weights_folder

RECIPE = "digits-g@1.0.0"


def generate_vs_loop(*, each_split: int = 500, looped: int = 40) -> Comparison:
    """`generate` against the same diffusers pipeline called with one prompt at a time, both to PNG on the disk.

    Loading the weights is left out of the loop's time and counted in ours. 500 images a split are whole
    batches, and both splits are drawn.
    """
    recipe = load_recipe(RECIPE)
    with tempfile.TemporaryDirectory() as folder:
        pipeline = _pipeline(recipe)
        peer = looped / seconds(lambda: _loop(recipe, pipeline, Path(folder) / "loop", looped))
        total = each_split * len(recipe.splits)
        ours = total / seconds(lambda: generate(RECIPE, data_root=Path(folder), limit=each_split, quiet=True))
    return comparison("generate-vs-loop", ours=ours, peer=peer, unit="images/s")


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
