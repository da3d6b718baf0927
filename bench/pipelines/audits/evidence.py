"""What an audit looks at: the version's images, real ones beside them, and who judges them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from bench.core.errors import DataError
from bench.core.images import ImageSet, joined
from bench.core.manifest import Item
from bench.core.recipe import Recipe
from bench.filters.rule import Probabilities
from bench.models.features import Extractor, open_extractor
from bench.pipelines.audits.images import Gathered, gather
from bench.pipelines.tracks import load_track, track_names
from bench.pipelines.versions.filter_tools import ORACLE, identified_classifier, real_images
from bench.sources import SOURCES
from bench.sources.class_folder import class_folder
from bench.store.versions import Version

NUDITY = "nudity"
FLAGGED = 0.5


@dataclass(frozen=True)
class Means:
    """What an audit measures with; empty where there is none. `real`, `held_out`: a source's name or a folder.

    `detect`: how many images the detector of objectionable content is shown.
    """

    extractor: str = ""
    classifier: str = ""
    real: str = ""
    held_out: str = ""
    detect: int = 256


@dataclass(frozen=True)
class Evidence:
    """Everything that was seen. `scores`: what `detector` said of the images it was shown, by place.

    `names`: what was measured with, as it may be published: no folder of the user's.
    """

    names: Means
    items: Sequence[Item]
    made: Gathered
    real: Gathered | None
    held_out: Gathered | None
    real_digest: str
    extractor: Extractor
    classifier_digest: str
    detector: str | None
    scores: dict[int, float]
    notes: tuple[str, ...]


def look(recipe: Recipe, version: Version, means: Means, *, data_root: Path, quiet: bool) -> Evidence:
    """Look at every image once. DataError where an image won't decode, or data or weights are absent."""
    means = completed(recipe, means)
    extractor = open_extractor(means.extractor)
    digest, classify = _classifier(recipe, means, data_root)
    real, held_out = (_real(name, recipe, data_root) for name in (means.real, means.held_out))
    items, images = _all_images(version, recipe)
    sets = [one and gather(one, extractor.read, classify, quiet=quiet) for one in (images, real, held_out)]
    detector, scores, note = _detected(sets[0], items, means.detect)
    notes = (
        note,
        "" if real else "privacy, and diversity beside real images: no real images (--real)",
        "" if means.classifier else "label consistency: no classifier (--classifier)",
        "" if means.extractor != "pixels" else "features are plain pixels: only close copies are near (--extractor)",
    )
    return Evidence(
        names=replace(
            means,
            extractor=_public(means.extractor),
            classifier=_public(means.classifier),
            real=real.name if real else "",
            held_out=held_out.name if held_out else "",
        ),
        items=items,
        made=sets[0],
        real=sets[1],
        held_out=sets[2],
        real_digest=real.digest if real else "",
        extractor=extractor,
        classifier_digest=digest,
        detector=detector,
        scores=scores,
        notes=tuple(one for one in notes if one),
    )


def completed(recipe: Recipe, means: Means) -> Means:
    """`means`, what is empty taken from a track of the same classes that has an oracle; without one, pixels alone."""
    for track in map(load_track, track_names()):
        if track.oracle and [one.id for one in track.classes] == [one.id for one in recipe.classes]:
            oracle = ORACLE + track.oracle
            real = track.real.source or "" if track.real else ""
            known = Means(oracle, oracle, real, track.sets[track.in_distribution].source or "")
            empty = {
                name: getattr(known, name) for name in vars(known) if not getattr(means, name) and name != "detect"
            }
            if means.real and not means.held_out:
                empty.pop("held_out", None)
            return replace(means, **empty)
    return replace(means, extractor=means.extractor or "pixels")


def _public(name: str) -> str:
    """`kind:NAME` without the folders that lead to it."""
    kind, colon, where = name.partition(":")
    return kind + colon + (Path(where).name if where.startswith(("/", ".", "~")) else where)


def _classifier(recipe: Recipe, means: Means, data_root: Path) -> tuple[str, Probabilities | None]:
    if not means.classifier:
        return "", None
    return identified_classifier(recipe.classes, means.classifier, device="cpu", data_root=data_root)


def _real(name: str, recipe: Recipe, data_root: Path) -> ImageSet | None:
    if not name:
        return None
    if name in SOURCES:
        return real_images(name, data_root=data_root)
    if not Path(name).expanduser().is_dir():
        raise DataError(f"real images {name!r}: neither a source ({', '.join(SOURCES)}) nor a folder")
    return class_folder(Path(name).expanduser(), [one.id for one in recipe.classes])


def _all_images(version: Version, recipe: Recipe) -> tuple[list[Item], ImageSet]:
    """All items and all images, in one order."""
    manifest, class_ids = version.manifest, tuple(one.id for one in recipe.classes)
    sets = [version.image_set(split, class_ids) for split in manifest.counts()]
    items = {item.id: item for item in manifest.items}
    images = joined(sets, version.reference)
    return [items[item_id] for item_id in images.ids], images


def _detected(made: Gathered, items: Sequence[Item], most: int) -> tuple[str | None, dict[int, float], str]:
    """Who judged which images how, and a note where nobody did."""
    known = {place: item.image_nsfw for place, item in enumerate(items) if item.image_nsfw is not None}
    if known:
        return "the safety filter of the recipe", known, ""
    if most == 0:
        return None, {}, "objectionable content: not asked for (--detect 0)"
    if find_spec("nudenet") is None:
        return None, {}, 'objectionable content: needs nudenet, pip install "imagenet-g-bench[safety]"'
    from bench.filters.nudity import nudity_scores

    shown = np.unique(np.linspace(0, len(made) - 1, min(most, len(made))).round().astype(int)).tolist()
    scores = nudity_scores(made.read(place) for place in shown)
    note = "" if len(shown) == len(made) else f"objectionable content: a sample of {len(shown)} images (--detect)"
    return "nudenet", dict(zip(shown, scores, strict=True)), note
