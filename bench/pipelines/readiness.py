"""Can a dataset version be drawn here? In words, with the remedy."""

from pathlib import Path

from bench.core.errors import BenchError, UsageError
from bench.core.real_images import Mirrored
from bench.core.recipe import Recipe
from bench.sources.real_images import open_real_images
from bench.synthesis.pinned_weights import why_absent


def check_drawable(recipe: Recipe, data_root: Path) -> None:
    """UsageError where the generator is not pinned yet, DataError where the real images are not here."""
    if recipe.generator.unpinned:
        raise UsageError(f"{recipe.reference}: {why_absent(recipe.generator)}")
    if recipe.conditioning is not None:
        open_real_images(data_root, recipe.conditioning).check()


def why_not_drawable(recipe: Recipe, data_root: Path) -> str | None:
    """Everything that keeps the whole version from being drawn here, in one line; None where nothing does."""
    reasons = [why_absent(recipe.generator)]
    try:
        if recipe.conditioning is not None:
            open_real_images(data_root, recipe.conditioning).check()
    except BenchError as error:
        reasons.append(str(error))
    for split, counts in recipe.splits.items():
        if isinstance(counts, Mirrored) and counts.counts is None:
            reasons.append(
                f"the images per class of {counts.mirrors}, for split {split} (python -m bench.pipelines.real_counts"
                f" {counts.mirrors} FOLDER)"
            )
    return "; ".join(reason for reason in reasons if reason) or None
