"""What a board says about its generated data: the FID table, and the contact sheets of the version."""

import base64
import io
from pathlib import Path

import numpy as np

from bench.core.errors import DataError
from bench.core.images import ImageSet
from bench.core.leaderboard import ClassSheet, DatasetVersion, Distances
from bench.core.track import Track
from bench.metrics.frechet_classes import class_mean_frechet
from bench.pipelines.recipes import load_recipe
from bench.pipelines.tracks import open_set, open_training_set, sets_to_score
from bench.store.versions import open_version

SHEET_IMAGES = 16
DIGITS = 9  # significant enough to compare, few enough to be the same after another summation order


def distances(track: Track, *, data_root: Path, seed: int = 0) -> Distances:
    """Mean over classes of the FID between each training source and each set, at equal n (methods.md 9.1).

    n is the largest number that every class of every set has. DataError where images are missing.
    """
    if track.oracle is None:
        raise DataError(f"track {track.name} names no oracle: no feature extractor for FID")
    sources = {arm: open_training_set(track, arm, data_root=data_root) for arm in ("real", "synthetic")}
    sets = {name: open_set(track, name, data_root=data_root) for name in sets_to_score(track, data_root=data_root)}
    per_class = min(int(np.bincount(images.labels).min()) for images in (*sources.values(), *sets.values()))
    # It brings torch with it, which most boards can do without.
    from bench.models.oracle import open_oracle

    oracle = open_oracle(track.oracle)
    known = {name: _features(oracle, images, per_class) for name, images in (sources | sets).items()}
    values = {
        source: {
            name: round(class_mean_frechet(*known[source], *known[name], per_class=per_class, seed=seed).mean, DIGITS)
            for name in sets
        }
        for source in sources
    }
    return Distances(
        extractor=track.oracle,
        extractor_digest=oracle.digest,
        dimension=known["real"][0].shape[1],
        per_class=per_class,
        input=oracle.input,
        precision="float32 features, float64 distance",
        digests={name: images.digest for name, images in (sources | sets).items()},
        values=values,
    )


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


def _features(oracle, images: ImageSet, per_class: int) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of the first `per_class` images of each class by sorted id."""
    order = np.array(sorted(range(len(images)), key=lambda i: images.ids[i]))
    labels = images.labels[order]
    chosen = np.concatenate([order[labels == one][:per_class] for one in np.unique(labels)])
    return oracle.features([images.read(int(i)) for i in chosen]), images.labels[chosen]


def _png(image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()
