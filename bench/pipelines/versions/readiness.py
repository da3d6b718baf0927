"""Can a dataset version be drawn here? In words, with the remedy."""

from pathlib import Path

from bench.core.errors import BenchError, UsageError
from bench.core.real_images import Mirrored
from bench.core.recipe import Recipe
from bench.filters.gate import Gate
from bench.pipelines.versions.filter_tools import filter_tools
from bench.sources.real_images import open_real_images
from bench.synthesis.pinned_weights import why_absent


def check_drawable(recipe: Recipe, data_root: Path) -> None:
    """UsageError where the generator is not pinned yet or a filter cannot work, DataError without the real images."""
    if recipe.generator.unpinned:
        raise UsageError(f"{recipe.reference}: {why_absent(recipe.generator)}")
    _real_images(recipe, data_root)
    _filters(recipe, data_root)


def why_not_drawable(recipe: Recipe, data_root: Path) -> str | None:
    """Everything that keeps the whole version from being drawn here, in one line; None where nothing does."""
    reasons = [why_absent(recipe.generator)]
    for check in (_real_images, _filters):
        try:
            check(recipe, data_root)
        except BenchError as error:
            reasons.append(str(error))
    for split, counts in recipe.splits.items():
        if isinstance(counts, Mirrored) and counts.counts is None:
            reasons.append(
                f"the images per class of {counts.mirrors}, for split {split} (python -m bench.pipelines.real_counts"
                f" {counts.mirrors} FOLDER)"
            )
    return "; ".join(reason for reason in reasons if reason) or None


def _real_images(recipe: Recipe, data_root: Path) -> None:
    if recipe.conditioning is not None:
        open_real_images(data_root, recipe.conditioning).check()


def _filters(recipe: Recipe, data_root: Path) -> None:
    tools = filter_tools(recipe, device="cpu", data_root=str(data_root))
    for place, one in enumerate(recipe.filters):
        try:
            # A rule that is made says what it lacks; its weights load with the first image.
            Gate([one], tools)
        except UsageError as error:
            raise UsageError(f"{recipe.reference}: filters.{place}: {error}") from None
