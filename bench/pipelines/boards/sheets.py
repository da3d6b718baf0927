"""What a board says about its generated data: which version, how it was made, and some images of each class."""

import base64
import io
from pathlib import Path

import numpy as np

from bench.core.class_sheet import ClassSheet
from bench.core.dataset_version import DatasetVersion
from bench.pipelines.versions.recipes import load_recipe
from bench.store.versions import open_version

SHEET_IMAGES = 16


def dataset_version(reference: str, *, data_root: Path, split: str = "val") -> DatasetVersion:
    """What the board shows of a dataset version: identity, counts, and some images of each class."""
    recipe = load_recipe(reference)
    version = open_version(recipe.reference, data_root)
    manifest = version.manifest
    shown = version.image_set(split, tuple(item.id for item in recipe.classes))
    items = {item.id: item for item in manifest.split(split).items}
    sheets = []
    for index, one in enumerate(recipe.classes):
        rows = np.flatnonzero(shown.labels == index)[:SHEET_IMAGES]
        sheets.append(
            ClassSheet(
                class_id=one.id,
                name=one.name,
                images=tuple(_png(shown.read(int(i))) for i in rows),
                prompts=tuple(items[shown.ids[int(i)]].prompt for i in rows),
            )
        )
    return DatasetVersion(
        reference=recipe.reference,
        recipe_digest=recipe.digest,
        content_digest=version.content_digest,
        digests={name: manifest.split(name).digest for name in manifest.counts()},
        counts=version.counts,
        generator=f"{recipe.generator.name}, revision {recipe.generator.revision}",
        sampler=f"{recipe.sampler.name}, {recipe.sampler.steps} steps, guidance {recipe.sampler.guidance:g}",
        sheets=tuple(sheets),
    )


def _png(image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()
