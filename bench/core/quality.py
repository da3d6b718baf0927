"""The nouns of image quality: a card for every distance, and all that is known of one dataset version.

A distance without its card compares with nothing: extractor, resizing, encodings and n all move it.
"""

from typing import Any, Literal

from pydantic import Field, model_validator

from bench.core.class_sheet import ClassSheet
from bench.core.record import Record


class ExtractorCard(Record):
    """What turned images into features: `weights` is the digest of its file, `input` how images were prepared."""

    name: str
    weights: str
    input: dict[str, str | int | float]
    decoder: str
    precision: str

    @property
    def prepared(self) -> str:
        """How images were prepared, in words."""
        return "; ".join(f"{key}: {value}" for key, value in sorted(self.input.items()))


class SetCard(Record):
    """One image set: `encodings` counts images by file format, mode and (where equal) size; `notes` are caveats."""

    name: str
    digest: str
    images: int
    encodings: dict[str, int]
    notes: tuple[str, ...] = ()


class Number(Record):
    """One number with the images of each side that it is about; `interval` is at 95 %."""

    value: float
    n: int
    interval: tuple[float, float] | None = None


class QualityCard(Record):
    """Set `a` against set `b`: the conditions first, then `numbers` over all images and `classes` class by class.

    `n`: images of each side over all classes; `per_class`: of each class and side, None where no two images of
    a class are there. `draw` says how they were taken. `classes[name][class]`.
    """

    format: Literal[1] = 1
    a: SetCard
    b: SetCard
    extractor: ExtractorCard
    dimension: int
    n: int
    per_class: int | None
    draw: str
    precision: str
    routes: dict[str, str]
    versions: dict[str, str]
    numbers: dict[str, Number]
    classes: dict[str, dict[str, float]]
    class_names: dict[str, str]
    notes: tuple[str, ...] = ()
    limited: bool = False

    def __str__(self) -> str:
        lines = [f"{self.a.name} against {self.b.name}"]
        for name, number in self.numbers.items():
            interval = f"  ({number.interval[0]:.6g} to {number.interval[1]:.6g})" if number.interval else ""
            lines.append(f"  {name:<22}{number.value:>12.6g}  n {number.n}{interval}")
        facts = {
            "extractor": f"{self.extractor.name}, weights {self.extractor.weights}",
            "features": f"{self.dimension}, {self.extractor.precision}; {self.precision}",
            "input": self.extractor.prepared,
            "decoder": self.extractor.decoder,
            "images": f"{self.n} a side" + (f", {self.per_class} a class" if self.per_class else "") + f"; {self.draw}",
            "routes": ", ".join(f"{name}: {route}" for name, route in sorted(self.routes.items())),
            "versions": ", ".join(f"{name} {version}" for name, version in sorted(self.versions.items())),
        }
        for side in (self.a, self.b):
            encodings = ", ".join(f"{count} {kind}" for kind, count in side.encodings.items())
            facts[f"set {side.name}"] = f"{side.images} images ({encodings}), {side.digest}"
        lines += [f"  {name}: {fact}" for name, fact in facts.items()]
        lines += [f"  note: {note}" for note in (*self.notes, *self.a.notes, *self.b.notes)]
        return "\n".join(lines)


def how_drawn(seed: int) -> str:
    """Which images of a larger set are taken, in the words of a card; `pipelines.quality.features.draw` does it."""
    return f"the images whose id has the smallest hash with seed {seed}"


def differences(one: QualityCard, other: QualityCard) -> list[str]:
    """What forbids to compare the numbers of two cards, in words; empty where nothing does.

    One side must be the same set; extractor, n, draw, precision and the file formats of the sets must be equal.
    """
    found: list[str] = []
    for field in ("name", "weights", "input", "decoder", "precision"):
        _differ(found, f"extractor {field}", getattr(one.extractor, field), getattr(other.extractor, field))
    for field in ("n", "per_class", "draw", "precision", "limited"):
        _differ(found, field, getattr(one, field), getattr(other, field))
    if one.a.digest != other.a.digest and one.b.digest != other.b.digest:
        found.append(f"both sets: {one.a.name} and {one.b.name} against {other.a.name} and {other.b.name}")
    for side in ("a", "b"):
        _differ(found, f"file formats of side {side}", _formats(getattr(one, side)), _formats(getattr(other, side)))
    return found


def _differ(found: list[str], what: str, one: object, other: object) -> None:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            _differ(found, f"{what} {key}", one.get(key), other.get(key))
    elif one != other:
        found.append(f"{what}: {one} against {other}")


def _formats(side: SetCard) -> str:
    return " and ".join(sorted({kind.split()[0] for kind in side.encodings}))


class Share(Record):
    """`right` of `n` images, and the 95 % interval of that share."""

    right: int
    n: int
    share: float
    interval: tuple[float, float]


class Consistency(Record):
    """Does an image show what was asked for, by `judge`: in all, by class id and by template."""

    judge: str
    weights: str
    overall: Share
    classes: dict[str, Share]
    templates: dict[str, Share]
    clip_score: dict[str, Number] = Field(default_factory=dict)
    clip_convention: str = ""


class LinkPoint(Record):
    """One arm on one shifted set: `gap` in distance and `gain` in accuracy (a fraction), both against the real arm."""

    arm: str
    set: str
    gap: float
    gain: float


class Link(Record):
    """Gain in shifted accuracy against the gap in distance, over arms and sets, with Pearson's `r`."""

    points: tuple[LinkPoint, ...]
    r: float | None
    interval: tuple[float, float] | None
    rho: float | None


def _by(given: Any, names: Any) -> Any:
    """A dict in the order of `names`; anything else stays for the fields to refuse."""
    if not isinstance(given, dict) or not isinstance(names, list | tuple):
        return given
    return dict(sorted(given.items(), key=lambda item: names.index(item[0]) if item[0] in names else len(names)))


class VersionQuality(Record):
    """All three axes for one set of images, a dataset version for example, on a track ("" for a pair of sets).

    `cards[set]`: against each set; `sources[source][set]`: mean over classes of the distance; both in the order of
    `sets` and `source_names`, which JSON would lose. `floor`: the same between two halves of the real training
    images. `best` and `worst` are contact sheets of classes by their distance to `reference_set`; `blank` is the
    share of images that are one flat colour.
    """

    reference: str
    track: str = ""
    content_digest: str
    images: int
    sets: tuple[str, ...]
    cards: dict[str, QualityCard]
    reference_set: str
    command: str
    blank: Share | None = None
    source_names: tuple[str, ...] = ()
    sources: dict[str, dict[str, float]] = Field(default_factory=dict)
    floor: float | None = None
    consistency: Consistency | None = None
    best: tuple[ClassSheet, ...] = ()
    worst: tuple[ClassSheet, ...] = ()
    link: Link | None = None
    written: str = ""

    @model_validator(mode="before")
    @classmethod
    def _in_order(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        sets, sources = given.get("sets"), given.get("source_names")
        table = _by(given.get("sources", {}), sources)
        if isinstance(table, dict):
            table = {name: _by(row, sets) for name, row in table.items()}
        return given | {"cards": _by(given.get("cards", {}), sets), "sources": table}

    def __str__(self) -> str:
        first = self.cards[self.reference_set]
        lines = [str(first)]
        if len(self.cards) > 1:
            lines.append("mean over classes of the Fréchet distance, and of pairs of halves of the real images")
            lines += [
                f"  {source:<24}" + "".join(f"{name} {value:<10.4g}" for name, value in row.items())
                for source, row in self.sources.items()
            ]
        if self.floor is not None:
            lines.append(f"  {'halves of real':<24}{self.floor:.4g}")
        if self.consistency:
            share = self.consistency.overall
            worst = sorted(self.consistency.templates.items(), key=lambda item: item[1].share)[:3]
            said = ", ".join(f"{template!r} {100 * one.share:.1f} %" for template, one in worst)
            lines.append(
                f"{self.consistency.judge} agrees on {100 * share.share:.1f} % of {share.n} images; least: {said}"
            )
        if self.blank:
            lines.append(f"blank images: {self.blank.right} of {self.blank.n}")
        return "\n".join([*lines, f"report: {self.written}"] if self.written else lines)
