"""The quality of a dataset version on a track, on all axes, written as a page, Markdown, plots and cards."""

import base64
import io
from pathlib import Path

import numpy as np

from bench.core.class_sheet import ClassSheet
from bench.core.errors import UsageError
from bench.core.quality import Link, LinkPoint, QualityCard, Share, VersionQuality
from bench.core.track import Track
from bench.metrics.agreement import blank, share_by_group
from bench.metrics.link import LEAST, correlation
from bench.models.extractor import open_extractor
from bench.models.modes import to_mode
from bench.pipelines.boards.arms import arm_rows
from bench.pipelines.quality.card import Settings, quality_of
from bench.pipelines.quality.class_distances import class_distances, class_size, shared_classes
from bench.pipelines.quality.features import Featured, features_of
from bench.pipelines.quality.image_sets import NamedSet, open_images, track_images
from bench.pipelines.quality.judges import consistency
from bench.pipelines.tracks import sets_to_score
from bench.pipelines.versions.recipes import load_recipe
from bench.reports import quality_html, quality_markdown, quality_plots
from bench.store.cards import read_cards
from bench.store.qualities import write_quality

SHEET_CLASSES, SHEET_IMAGES, THUMB = 4, 16, 96
REAL, MIXED = "real", "real + generated"


def pair_report(card: QualityCard, command: str) -> VersionQuality:
    """The report of one pair of sets."""
    return VersionQuality(
        reference=card.a.name,
        content_digest=card.a.digest,
        images=card.a.images,
        sets=(card.b.name,),
        cards={card.b.name: card},
        reference_set=card.b.name,
        command=command,
    )


def version_report(
    text: str, track: Track, settings: Settings, *, judge: str | None, data_root: Path, boards: Path, command: str
) -> VersionQuality:
    """The images `text` (a dataset version, as `open_images` has it) against every set of `track`.

    DataError where the track's sets or its real training images are absent, or share no class with `text`.
    """
    extractor = open_extractor(settings.extractor, data_root=data_root, device=settings.device)
    named = open_images(text, data_root=data_root).first(settings.limit)

    def featured(what: NamedSet) -> Featured:
        return features_of(what.first(settings.limit), extractor, data_root=data_root, quiet=settings.quiet)

    made = featured(named)
    dataset = _dataset(text)
    names = [
        name
        for name in sets_to_score(track, data_root=data_root)
        if dataset is None or track.sets[name].dataset != dataset
    ]
    sets = {name: featured(track_images(track, name, data_root=data_root)) for name in names}
    cards = {name: quality_of(made, side, extractor.card, settings) for name, side in sets.items()}
    real = featured(track_images(track, REAL, data_root=data_root)) if track.real else None
    sources = {REAL: real, made.card.name: made, MIXED: _union(real, made)} if real else {made.card.name: made}
    found = class_distances(sources, sets, per_class=settings.per_class, seed=settings.seed)
    table = found.means()
    judge = judge or (f"oracle:{track.oracle}" if track.oracle else None)
    asked = {"templates": _templates(text), "data_root": data_root, "quiet": settings.quiet}
    best, worst = _sheets(named, cards[track.in_distribution].classes.get("frechet", {}))
    trained_on = track.synthetic.dataset if track.synthetic else None
    return VersionQuality(
        reference=text,
        track=track.name,
        content_digest=made.card.digest,
        images=made.card.images,
        sets=tuple(sets),
        cards=cards,
        reference_set=track.in_distribution,
        command=command,
        blank=_blank(named),
        source_names=tuple(sources),
        sources=table,
        floor=_floor(real, found.per_class, settings.seed) if real else None,
        consistency=consistency(named, judge, track, **asked) if judge else None,
        best=best,
        worst=worst,
        link=link(track, table, made.card.name, boards) if dataset and trained_on == dataset else None,
    )


def write_report(report: VersionQuality, folder: Path) -> VersionQuality:
    """Write `index.html`, `README.md`, `quality.json`, `cards/*.json` and `plots/*`; the same report, same bytes."""
    folder = folder.resolve()
    pages = {
        "index.html": quality_html.render(report).encode(),
        "README.md": quality_markdown.render(report).encode(),
    }
    write_quality(folder, report, quality_plots.render_all(report) | pages)
    return report.model_copy(update={"written": str(folder / "index.html")})


def link(track: Track, table: dict[str, dict[str, float]], generated: str, boards: Path) -> Link | None:
    """Gain in accuracy over the real arm against how much closer an arm's data lie, over its arms and shifted sets.

    An arm is held against the real arm that differs from it in nothing else. None where the track's board has
    fewer than 4 such points.
    """
    cards = tuple(card for card in read_cards(boards / track.name / "results") if card.state == "listed")
    rows = [row for row in arm_rows(track, cards) if row.match == "steps"]
    data, points = {"synthetic": generated, "mixed": MIXED}, []
    for row in rows:
        real = next((one for one in rows if one.arm == "real" and one.variant == row.variant), None)
        if real is None or data.get(row.arm) not in table:
            continue
        for name in track.headline.sets:
            if name in row.sets and name in real.sets and name in table[REAL]:
                gap = table[REAL][name] - table[data[row.arm]][name]
                gain = row.sets[name].mean - real.sets[name].mean
                points.append(LinkPoint(arm=row.arm, set=name, gap=gap, gain=gain))
    if len(points) < LEAST:
        return None
    found = correlation(np.array([one.gap for one in points]), np.array([one.gain for one in points]))
    return Link(points=tuple(points), r=found.r, interval=found.interval, rho=found.rho)


def _floor(real: Featured, count: int, seed: int) -> float | None:
    """The same mean at the same n between two halves of the real training images: what chance alone gives."""
    one, other = (real.pick(np.arange(k, len(real.ids), 2)) for k in (0, 1))
    classes = shared_classes((one, other))
    if not classes or class_size((one, other), classes) < count:
        return None
    return class_distances({"one": one}, {"other": other}, per_class=count, seed=seed).means()["one"]["other"]


def _union(a: Featured, b: Featured) -> Featured:
    """Both sets as one, ids kept apart."""
    return Featured(
        card=a.card,
        ids=np.concatenate([np.char.add("a/", a.ids), np.char.add("b/", b.ids)]),
        labels=np.concatenate([a.labels, b.labels]),
        features=np.concatenate([a.features, b.features]),
        names=a.names,
    )


def _blank(named: NamedSet) -> Share:
    flat = np.array([blank(np.asarray(to_mode(named.images.read(i), "RGB"))) for i in range(len(named.images))])
    hits, n, interval = share_by_group(flat, ["all"] * len(flat))["all"]
    return Share(right=hits, n=n, share=hits / n, interval=interval)


def _sheets(named: NamedSet, near: dict[str, float]) -> tuple[tuple[ClassSheet, ...], tuple[ClassSheet, ...]]:
    """Of the classes nearest and of those farthest, the extreme ones first."""
    order = sorted(near, key=near.__getitem__)
    few = min(SHEET_CLASSES, len(order) // 2)
    return tuple(_sheet(named, one) for one in order[:few]), tuple(_sheet(named, one) for one in order[::-1][:few])


def _sheet(named: NamedSet, class_id: str) -> ClassSheet:
    rows = np.flatnonzero(named.labels == class_id)[:SHEET_IMAGES]
    ids = [named.images.ids[int(row)] for row in rows]
    return ClassSheet(
        class_id=class_id,
        name=named.names[class_id],
        images=tuple(thumbnail(named.images.read(int(row))) for row in rows),
        prompts=tuple(named.items[one].prompt if named.items else one for one in ids),
    )


def thumbnail(image) -> str:
    """Base64 PNG of at most THUMB pixels a side."""
    small = to_mode(image, "L" if image.mode == "L" else "RGB")
    small.thumbnail((THUMB, THUMB))
    buffer = io.BytesIO()
    small.save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


def _dataset(text: str) -> str | None:
    return text.partition("/")[0] if "@" in text else None


def _templates(text: str) -> tuple[str, ...]:
    try:
        prompts = load_recipe(text.partition("/")[0]).prompts if "@" in text else None
    except UsageError:
        prompts = None
    return prompts.templates if prompts else ()
