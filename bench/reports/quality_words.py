"""What a quality report says in words and rows, the same on the page and in Markdown; every text still raw."""

import re

from bench.core.quality import Number, QualityCard, VersionQuality
from bench.reports.numerals import NOTHING, fixed, percent, percent_interval
from bench.reports.plain_text import one_line

FRACTIONS = ("precision", "recall", "coverage", "authenticity")
LONGEST = 20
_FOLDER = re.compile(r"[/.~].*?(?P<last>[^/?]+/?(\?part=\d+/\d+)?)")
TITLES = {
    "frechet": "Fréchet distance",
    "frechet-class-mean": "Fréchet, mean over classes",
    "frechet-infinity": "Fréchet distance at infinite n",
    "kid": "KID × 1000",
    "cmmd": "CMMD",
    "precision": "precision, %",
    "recall": "recall, %",
    "density": "density",
    "coverage": "coverage, %",
    "authenticity": "authenticity, %",
    "vendi a": "Vendi score, these",
    "vendi b": "Vendi score, the set",
    "pairwise-distance a": "pairwise distance, these",
    "pairwise-distance b": "pairwise distance, the set",
}


def shown(name: str) -> str:
    """The name of a set in one line; of a folder its last part, for whoever reads knows no other disk."""
    folder = _FOLDER.fullmatch(one_line(name))
    return folder["last"] if folder else one_line(name)


def number(name: str, one: Number | None) -> tuple[str, str]:
    """A number as its table shows it, and its interval, "" where it has none."""
    if one is None:
        return NOTHING, ""
    if name in FRACTIONS:
        return percent(one.value), ""
    scale, digits = (1000.0, 2) if name == "kid" else (1.0, 3 if name.startswith(("density", "pairwise")) else 2)
    interval = " to ".join(fixed(scale * bound, digits) for bound in one.interval or ())
    return fixed(scale * one.value, digits), interval


def distribution_rows(report: VersionQuality) -> tuple[list[str], list[tuple[str, list[tuple[str, str]]]]]:
    """(head, rows): a row a metric, its title first, then number and interval for each set."""
    names = [name for name in TITLES if any(name in card.numbers for card in report.cards.values())]
    rows = [(TITLES[name], [number(name, card.numbers.get(name)) for card in report.cards.values()]) for name in names]
    return ["metric", *map(shown, report.cards)], rows


def consistency_rows(report: VersionQuality, which: str) -> tuple[list[str], list[list[str]]]:
    """(head, rows) of the least consistent `classes` or `templates`."""
    found = report.consistency
    groups = getattr(found, which) if found else {}
    card = report.cards[report.reference_set]
    order = sorted(groups, key=lambda key: (groups[key].share, key))[:LONGEST]
    head = ["class" if which == "classes" else "template", "shows it, %", "95 % interval", "n"]
    rows = [
        [
            card.class_names.get(key, key) if which == "classes" else key,
            percent(groups[key].share),
            percent_interval(groups[key].interval),
            f"{groups[key].n:,}",
        ]
        for key in order
    ]
    return head, rows


def class_rows(report: VersionQuality) -> tuple[list[str], list[list[str]]]:
    """(head, rows) of the classes farthest from the reference set, with diversity and consistency."""
    card = report.cards[report.reference_set]
    distances = card.classes.get("frechet", {})
    order = sorted(distances, key=lambda key: (-distances[key], key))[:LONGEST]
    names = [name for name in ("frechet", "precision", "recall", "vendi", "pairwise-distance") if name in card.classes]
    head = ["class", *(TITLES.get(name, {"vendi": "Vendi score"}.get(name, "pairwise distance")) for name in names)]
    agreement = report.consistency.classes if report.consistency else {}
    head += ["shows it, %"] if agreement else []
    rows = []
    for key in order:
        values = [card.classes[name].get(key) for name in names]
        cells = [
            number(name, None if v is None else Number(value=v, n=1))[0] for name, v in zip(names, values, strict=True)
        ]
        cells += [percent(agreement[key].share) if key in agreement else NOTHING] if agreement else []
        rows.append([card.class_names.get(key, key), *cells])
    return head, rows


def card_facts(card: QualityCard) -> dict[str, str]:
    """The conditions of a card, in the order in which a reader asks for them."""
    per_class = f", {card.per_class} a class" if card.per_class else ""
    facts = {
        "extractor": f"{card.extractor.name}, {card.dimension} features, weights {card.extractor.weights}",
        "input": card.extractor.prepared,
        "decoder": card.extractor.decoder,
        "images": f"{card.n:,} a side{per_class}; {card.draw}",
        "precision": f"{card.extractor.precision}, {card.precision}",
        "routes": "; ".join(f"{name}: {route}" for name, route in sorted(card.routes.items())),
        "versions": ", ".join(f"{name} {version}" for name, version in sorted(card.versions.items())),
    }
    for side in (card.a, card.b):
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in side.encodings.items())
        facts[side.name] = f"{side.images:,} images ({kinds}), {side.digest}"
    return facts


def notes(report: VersionQuality) -> list[str]:
    """Every caveat once, in order."""
    found = []
    for card in report.cards.values():
        if card.limited:
            found.append("limited run: not for publication")
        found += [*card.notes, *card.a.notes, *card.b.notes]
    return list(dict.fromkeys(found))


def axes_sentences(report: VersionQuality) -> list[str]:
    """One sentence an axis: consistency, quality, diversity."""
    card, found = report.cards[report.reference_set], report.consistency
    sentences = []
    if found:
        share = found.overall
        sentences.append(
            f"Consistency: {found.judge} sees the class asked for in {percent(share.share)} % of {share.n:,} images"
            f" (95 % interval {percent_interval(share.interval)})."
        )
        if found.clip_score:
            mean = fixed(found.clip_score["all"].value, 2)
            sentences.append(f"CLIP score {mean} (convention {found.clip_convention}: 100 × max(0, cosine)).")
    mean = card.numbers.get("frechet-class-mean")
    what = "mean over classes of the Fréchet distance" if mean else "Fréchet distance"
    floor = (
        "" if report.floor is None else f"; two halves of the real training images lie {fixed(report.floor, 2)} apart"
    )
    blank = f"; {report.blank.right} of {report.blank.n:,} images are blank" if report.blank else ""
    value, to = fixed((mean or card.numbers["frechet"]).value, 2), shown(report.reference_set)
    sentences.append(f"Quality: {what} to {to} {value}{floor}{blank}.")
    if "vendi a" in card.numbers and "recall" in card.numbers:
        a, b = (fixed(card.numbers[f"vendi {side}"].value, 1) for side in "ab")
        sentences.append(
            f"Diversity: they are worth {a} different images (Vendi), {to} {b};"
            f" they reach {percent(card.numbers['recall'].value)} % of it (recall)."
        )
    return sentences
