"""`quality A B`: the distance of two image sets with its card, and the other distribution metrics beside it."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench import __version__
from bench.core.errors import DataError, UsageError
from bench.core.quality import Number, QualityCard, differences, how_drawn
from bench.core.record import Record, parse
from bench.metrics.authenticity import authenticity
from bench.metrics.cmmd import clip_discrepancy
from bench.metrics.density_coverage import density_coverage
from bench.metrics.diversity import mean_pairwise_distance
from bench.metrics.frechet import frechet
from bench.metrics.frechet_bias import frechet_infinity, frechet_interval
from bench.metrics.frechet_classes import ClassMeanFrechet
from bench.metrics.kid import kernel_distance
from bench.metrics.precision_recall import precision_recall
from bench.metrics.vendi import vendi_score
from bench.models.extractor import open_extractor
from bench.pipelines.quality.class_distances import PRECISION, class_distances, drawn, shared_classes
from bench.pipelines.quality.features import Featured, draw, features_of
from bench.pipelines.quality.image_sets import open_images
from bench.store.machine import library_versions

LIBRARIES = ("numpy", "pillow", "scipy", "timm", "torch", "torch-fidelity", "open-clip-torch")
NEIGHBOURS = 10_000  # images of each side that metrics of pairs are computed on at most: their cost is n^2
LEAST_NEIGHBOURS, LEAST_INTERVAL = 6, 4


class Settings(Record):
    """What the user chose: extractor, images of each class and side, images over all classes, seed, options."""

    extractor: str
    per_class: int | None = None
    n: int | None = None
    seed: int = 0
    infinity: bool = False
    interval: bool = False
    quiet: bool = False
    device: str = "auto"
    limit: int | None = None


class CardComparison(Record):
    """Two cards that may be compared: `numbers[name]` of one and of the other."""

    one: str
    other: str
    numbers: dict[str, tuple[float, float]]

    def __str__(self) -> str:
        rows = [f"{'':<24}{self.one:>24}{self.other:>24}"]
        return "\n".join(rows + [f"{name:<24}{a:>24.6g}{b:>24.6g}" for name, (a, b) in self.numbers.items()])


def quality(a: str, b: str, settings: Settings, *, data_root: Path) -> QualityCard:
    """The card of set `a` (generated, say) against set `b` (real); forms as `open_images` has them.

    UsageError for names and settings; DataError for too few images, unequal n asked for, unreadable images.
    """
    extractor = open_extractor(settings.extractor, data_root=data_root, device=settings.device)
    sides = []
    for text in (a, b):
        named = open_images(text, data_root=data_root).first(settings.limit)
        sides.append(features_of(named, extractor, data_root=data_root, quiet=settings.quiet))
    return quality_of(*sides, extractor.card, settings)


def quality_of(a: Featured, b: Featured, extractor, settings: Settings) -> QualityCard:
    """The card of two sets whose features are there."""
    n = settings.n or min(len(a.ids), len(b.ids))
    if n < 2:
        raise DataError(f"{a.card.name} against {b.card.name}: expected at least 2 images a side, got {n}; add images")
    x, y = _drawn(a, b, n, settings.seed)
    whole = frechet(x, y)
    numbers, notes = {"frechet": _frechet_number(x, y, whole.value, settings)}, _notes(a, b, x, y)
    routes = {"frechet": whole.route}
    if settings.infinity:
        numbers["frechet-infinity"] = _infinity(x, y, settings.seed)
    near = _drawn(a, b, min(n, NEIGHBOURS), settings.seed)
    more, why_not = pair_numbers(*near, clip=extractor.name.startswith("openclip:"))
    numbers |= more
    notes += why_not
    found, classes = _by_class(a, b, settings)
    if found:
        numbers["frechet-class-mean"] = Number(value=found.mean, n=found.n * len(found.per_class))
        routes["frechet-class-mean"] = found.route
    else:
        notes.append("no value class by class: the sets share no classes with at least 2 images on both sides")
    return QualityCard(
        a=a.card,
        b=b.card,
        extractor=extractor,
        dimension=x.shape[1],
        n=n,
        per_class=found.n if found else None,
        draw=how_drawn(settings.seed),
        precision=PRECISION,
        routes=routes,
        versions=library_versions(LIBRARIES) | {"imagenet-g-bench": __version__},
        numbers=dict(sorted(numbers.items(), key=lambda item: item[0] != "frechet")),
        classes=classes,
        class_names={key: b.names.get(key, key) for key in classes.get("frechet", {})},
        notes=tuple(notes),
        limited=settings.limit is not None,
    )


def pair_numbers(x: np.ndarray, y: np.ndarray, *, clip: bool) -> tuple[dict[str, Number], list[str]]:
    """Every other distribution metric of `x` (generated) and `y` (real), and why some are missing."""
    n, found, notes = len(x), {}, []
    if n < LEAST_NEIGHBOURS:
        return {}, [f"{n} images a side: neighbourhoods and kernels need at least {LEAST_NEIGHBOURS}"]
    kid, near, dense = kernel_distance(x, y), precision_recall(x, y), density_coverage(x, y)
    found["kid"] = Number(value=kid.value, n=n, interval=kid.interval)
    found |= {name: Number(value=getattr(near, name), n=n) for name in ("precision", "recall")}
    found |= {name: Number(value=getattr(dense, name), n=n) for name in ("density", "coverage")}
    found["authenticity"] = Number(value=authenticity(x, y), n=n)
    singles: dict[str, Callable[[np.ndarray], float]] = {
        "vendi": vendi_score,
        "pairwise-distance": mean_pairwise_distance,
    }
    for name, metric in singles.items():
        for side, rows in (("a", x), ("b", y)):
            try:
                found[f"{name} {side}"] = Number(value=metric(rows), n=n)
            except DataError as error:
                notes.append(f"no {name} of {side}: {error}")
    if clip:
        cmmd = clip_discrepancy(x, y)
        found["cmmd"] = Number(value=cmmd.value, n=n, interval=cmmd.interval)
    return found, notes


def class_diversity(a: Featured, b: Featured) -> dict[str, dict[str, float]]:
    """{metric: {class: value}} of `a`, precision and recall against `b` where there are enough images."""
    found: dict[str, dict[str, float]] = {"vendi": {}, "pairwise-distance": {}, "precision": {}, "recall": {}}
    for one, places in a.places.items():
        rows, real = a.features[places], b.features[b.places[one]]
        try:
            found["vendi"][one] = vendi_score(rows)
            found["pairwise-distance"][one] = mean_pairwise_distance(rows)
        except DataError:
            continue  # A feature vector of zeros has no direction; the card's notes say so.
        if min(len(rows), len(real)) > 3:
            near = precision_recall(rows, real)
            found["precision"][one], found["recall"][one] = near.precision, near.recall
    return {name: values for name, values in found.items() if values}


def compare_cards(one: Path, other: Path) -> CardComparison:
    """The numbers of two card files side by side; DataError, saying what differs, where they cannot be compared."""
    cards = [read_card(path) for path in (one, other)]
    unlike = differences(*cards)
    if unlike:
        raise DataError(f"{one} and {other} cannot be compared: {'; '.join(unlike)}; compute both alike")
    shared = [name for name in cards[0].numbers if name in cards[1].numbers]
    return CardComparison(
        one=one.stem,
        other=other.stem,
        numbers={name: (cards[0].numbers[name].value, cards[1].numbers[name].value) for name in shared},
    )


def read_card(path: Path) -> QualityCard:
    """The card in a file that `quality --json` or `--out` wrote; DataError for anything else."""
    try:
        return parse(QualityCard, json.loads(path.read_bytes()), where=str(path))
    except (OSError, ValueError, UsageError) as error:
        raise DataError(f"{path}: not a quality card ({str(error)[:120]})") from None


def _by_class(
    a: Featured, b: Featured, settings: Settings
) -> tuple[ClassMeanFrechet | None, dict[str, dict[str, float]]]:
    """The distances class by class, and {metric: {class: value}}; nothing where the sets share no class."""
    if not settings.per_class and not shared_classes((a, b)):
        return None, {}
    table = class_distances({"a": a}, {"b": b}, per_class=settings.per_class, seed=settings.seed)
    sides = [drawn(side, table.classes["b"], table.per_class, seed=settings.seed) for side in (a, b)]
    found = table.cells["a"]["b"]
    return found, {"frechet": found.per_class} | class_diversity(*sides)


def _drawn(a: Featured, b: Featured, n: int, seed: int) -> list[np.ndarray]:
    return [side.features[draw(side.ids, n, seed=seed, what=side.card.name)] for side in (a, b)]


def _frechet_number(x: np.ndarray, y: np.ndarray, value: float, settings: Settings) -> Number:
    if not settings.interval:
        return Number(value=value, n=len(x))
    if len(x) < LEAST_INTERVAL:
        raise DataError(f"--interval: expected at least {LEAST_INTERVAL} images a side, got {len(x)}; add images")
    return Number(value=value, n=len(x), interval=frechet_interval(x, y, seed=settings.seed).interval)


def _infinity(x: np.ndarray, y: np.ndarray, seed: int) -> Number:
    return Number(value=frechet_infinity(x, y, seed=seed).value, n=len(x))


def _notes(a: Featured, b: Featured, x: np.ndarray, y: np.ndarray) -> list[str]:
    notes = []
    for side, rows in ((a, x), (b, y)):
        if not np.ptp(rows, axis=0).any():
            notes.append(f"{side.card.name}: all features are equal; the set has no spread")
    if len(x) < x.shape[1]:
        notes.append(
            f"n = {len(x)} is below the {x.shape[1]} features: the distance is biased up,"
            " and compares only with distances at this n"
        )
    if a.card.digest == b.card.digest:
        notes.append("both sides are the same set")
    return notes
