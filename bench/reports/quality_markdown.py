"""A quality report as Markdown: a README of its folder, and a section for a dataset card."""

from bench.core.quality import VersionQuality
from bench.reports.markdown import table
from bench.reports.numerals import fixed, percent
from bench.reports.plain_text import one_line, to_markdown
from bench.reports.quality_plots import figures
from bench.reports.quality_words import (
    axes_sentences,
    card_facts,
    class_rows,
    consistency_rows,
    distribution_rows,
    notes,
    shown,
)

CAPTIONS = {
    "sources": "Distance of each source of training images to each set",
    "classes": "Distance class by class",
    "precision-recall": "Precision against recall",
    "templates": "The templates that fail most",
    "link": "Gain in accuracy against the gap in distance",
}


def render(report: VersionQuality) -> str:
    """The whole report; the same report gives the same text."""
    pictures = [f"![{CAPTIONS[stem]}](plots/{stem}.svg)" for stem in figures(report)]
    command = one_line(report.command).replace("`", "'")
    parts = [
        f"# Quality of {to_markdown(shown(report.reference))}",
        section(report, level=2),
        "\n\n".join(pictures),
        _table("## The classes farthest away", *class_rows(report)),
        _table("## The least consistent classes", *consistency_rows(report, "classes")),
        _table("## The least consistent templates", *consistency_rows(report, "templates")),
        f"## Reproduce\n\n```sh\n{command}\n```",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def section(report: VersionQuality, *, level: int = 3) -> str:
    """What a dataset card says of quality: one sentence an axis, the table of distances, and the conditions."""
    mark = "#" * level
    parts = [
        f"{mark} Consistency, quality, diversity",
        "\n".join(f"- {to_markdown(sentence)}" for sentence in axes_sentences(report)),
        _numbers(report),
        _sources(report),
        _link(report),
        f"{mark} How these numbers were made",
        "\n".join(f"- {key}: {to_markdown(value)}" for key, value in _facts(report).items()),
        "\n".join(f"- note: {to_markdown(note)}" for note in notes(report)),
    ]
    return "\n\n".join(part for part in parts if part)


def _facts(report: VersionQuality) -> dict[str, str]:
    facts: dict[str, str] = {}
    for card in report.cards.values():
        facts |= {to_markdown(key): value for key, value in card_facts(card).items() if key not in facts}
    return facts


def _table(title: str, head: list[str], rows: list[list[str]], *, words: int = 1) -> str:
    """The first `words` cells of a row are names that others may have chosen, the rest numbers of ours."""
    if not rows:
        return ""
    inert = [[*map(to_markdown, row[:words]), *row[words:]] for row in rows]
    body = table([to_markdown(one) for one in head], inert, left=words)
    return f"{title}\n\n{body}" if title else body


def _numbers(report: VersionQuality) -> str:
    head, rows = distribution_rows(report)
    return _table(
        "", head, [[title, *(f"{one} ({within})" if within else one for one, within in cells)] for title, cells in rows]
    )


def _sources(report: VersionQuality) -> str:
    if not report.sources:
        return ""
    head = ["source", *map(shown, next(iter(report.sources.values())))]
    rows = [[shown(source), *(fixed(value, 2) for value in row.values())] for source, row in report.sources.items()]
    return _table("Mean over classes of the Fréchet distance, at one n for the whole table:", head, rows)


def _link(report: VersionQuality) -> str:
    link = report.link
    if not link or link.r is None or link.interval is None:
        return ""
    rows = [[one.arm, one.set, fixed(one.gap, 2), percent(one.gain)] for one in link.points]
    said = (
        f"Gain in accuracy against the gap in distance: r = {fixed(link.r, 2)}"
        f" (95 % interval {fixed(link.interval[0], 2)} to {fixed(link.interval[1], 2)}, points taken as independent),"
        f" Spearman {fixed(link.rho or 0, 2)}, {len(link.points)} points."
    )
    return f"{said}\n\n{_table('', ['arm', 'set', 'gap', 'gain, points'], rows, words=2)}"
