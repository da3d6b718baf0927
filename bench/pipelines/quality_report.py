"""The quality of a dataset version on a track, on all axes, written as a page, Markdown, plots and cards."""

import base64
import io
import re
from pathlib import Path

import numpy as np

from bench.core.errors import DataError, UsageError
from bench.core.leaderboard import ClassSheet
from bench.core.quality import Link, LinkPoint, QualityCard, Share, VersionQuality
from bench.core.track import Track
from bench.metrics.agreement import blank, share_by_group
from bench.metrics.frechet_classes import class_table
from bench.metrics.link import LEAST, correlation
from bench.models.extractor import open_extractor
from bench.models.modes import to_mode
from bench.pipelines.board_arms import arm_rows
from bench.pipelines.features import Featured, draw, features_of
from bench.pipelines.image_sets import NamedSet, open_images
from bench.pipelines.judges import consistency
from bench.pipelines.quality_card import Settings, quality_of
from bench.pipelines.recipes import load_recipe
from bench.pipelines.tracks import sets_to_score
from bench.reports import quality_html, quality_markdown, quality_plots
from bench.store.atomic import write_bytes, write_json, write_text
from bench.store.cards import read_cards

SHEET_CLASSES, SHEET_IMAGES, THUMB = 4, 16, 96
REAL, MIXED = "real", "real + generated"


def pair_report(card: QualityCard, command: str) -> VersionQuality:
    """The report of one pair of sets."""
    return VersionQuality(
        reference=card.a.name,
        content_digest=card.a.digest,
        images=card.a.images,
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
    named = open_images(text, data_root=data_root)

    def featured(what: NamedSet) -> Featured:
        return features_of(what, extractor, data_root=data_root, quiet=settings.quiet)

    made = featured(named)
    names = [name for name in sets_to_score(track, data_root=data_root) if track.sets[name].dataset != _dataset(text)]
    sets = {name: featured(open_images(f"{track.name}/{name}", data_root=data_root)) for name in names}
    cards = {name: quality_of(made, side, extractor.card, settings) for name, side in sets.items()}
    real = featured(open_images(f"{track.name}/{REAL}", data_root=data_root)) if track.real else None
    sources = {REAL: real, made.card.name: made, MIXED: _union(real, made)} if real else {made.card.name: made}
    count = _table_size([*sources.values(), *sets.values()], settings)
    table = _table(sources, sets, count, settings.seed)
    judge = judge or (f"oracle:{track.oracle}" if track.oracle else None)
    near = cards[track.in_distribution].classes.get("frechet", {})
    order = sorted(near, key=near.__getitem__)
    few = min(SHEET_CLASSES, len(order) // 2)
    return VersionQuality(
        reference=text,
        content_digest=made.card.digest,
        images=made.card.images,
        cards=cards,
        reference_set=track.in_distribution,
        command=command,
        blank=_blank(named),
        sources=table,
        floor=_floor(real, count, settings.seed) if real else None,
        consistency=consistency(
            named, judge, track, templates=_templates(text), data_root=data_root, quiet=settings.quiet
        )
        if judge
        else None,
        best=tuple(_sheet(named, one) for one in order[:few]),
        worst=tuple(_sheet(named, one) for one in order[::-1][:few]),
        link=link(track, table, made.card.name, boards),
    )


def write_report(report: VersionQuality, folder: Path) -> VersionQuality:
    """Write `index.html`, `README.md`, `quality.json`, `cards/*.json` and `plots/*`; the same report, same bytes."""
    folder = folder.resolve()
    write_json(folder / "quality.json", report.model_dump(mode="json"))
    for name, card in report.cards.items():
        safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "set"
        write_json(folder / "cards" / f"{safe}.json", card.model_dump(mode="json"))
    for path, data in quality_plots.render_all(report).items():
        write_bytes(folder / path, data)
    write_text(folder / "README.md", quality_markdown.render(report))
    write_text(folder / "index.html", quality_html.render(report))
    return report.model_copy(update={"written": str(folder / "index.html")})


def link(track: Track, table: dict[str, dict[str, float]], generated: str, boards: Path) -> Link | None:
    """Gain in accuracy over the real arm against how much closer an arm's data lie, over its arms and shifted sets.

    None where the track's board has fewer than 4 such points.
    """
    cards = tuple(card for card in read_cards(boards / track.name / "results") if card.state == "listed")
    rows = {(row.arm, row.match): row for row in arm_rows(track, cards)}
    real, points = rows.get(("real", "steps")), []
    data = {"synthetic": generated, "mixed": MIXED}
    for (arm, match), row in rows.items():
        if real is None or arm not in data or data[arm] not in table or match != "steps":
            continue
        for name in track.headline.sets:
            if name in row.sets and name in real.sets and name in table[REAL]:
                gap = table[REAL][name] - table[data[arm]][name]
                points.append(LinkPoint(arm=arm, set=name, gap=gap, gain=row.sets[name].mean - real.sets[name].mean))
    if len(points) < LEAST:
        return None
    found = correlation(np.array([one.gap for one in points]), np.array([one.gain for one in points]))
    return Link(points=tuple(points), r=found.r, interval=found.interval, rho=found.rho)


def _table_size(sides: list[Featured], settings: Settings) -> int:
    """Images of each class in every cell of the table: what was asked for, else what the smallest class has."""
    shared = _shared(sides)
    if not shared:
        raise DataError("classes: the sources and sets share none; use a track with the classes of the version")
    return settings.per_class or min(int((side.labels == one).sum()) for side in sides for one in shared)


def _table(
    sources: dict[str, Featured], sets: dict[str, Featured], count: int, seed: int
) -> dict[str, dict[str, float]]:
    """Mean over classes of the distance, at one n for the whole table, of classes that all sides have."""
    sides = {**{("source", key): side for key, side in sources.items()}, **{("set", key): s for key, s in sets.items()}}
    drawn = {}
    for key, side in sides.items():
        rows = [np.flatnonzero(side.labels == one) for one in _shared(list(sides.values()))]
        what = f"{key[0]} {key[1]}"
        drawn[key] = side.pick(np.concatenate([r[draw(side.ids[r], count, seed=seed, what=what)] for r in rows]))
    table = class_table(
        {key: drawn["source", key] for key in sources},
        {key: drawn["set", key] for key in sets},
        per_class=count,
        seed=seed,
    )
    return {source: {name: one.mean for name, one in row.items()} for source, row in table.items()}


def _shared(sides: list[Featured]) -> list[str]:
    return sorted(set.intersection(*(set(side.labels.tolist()) for side in sides)))


def _floor(real: Featured, count: int, seed: int) -> float | None:
    """The same mean at the same n between two halves of the real training images: what chance alone gives."""
    halves = [np.arange(k, len(real.ids), 2) for k in (0, 1)]
    if any(np.unique(real.labels[rows], return_counts=True)[1].min() < count for rows in halves):
        return None
    one, other = (real.pick(rows) for rows in halves)
    return class_table({"one": one}, {"other": other}, per_class=count, seed=seed)["one"]["other"].mean


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
