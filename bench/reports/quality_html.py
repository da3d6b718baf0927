"""A quality report as one HTML file that asks no server for anything, and as a section of another page."""

from html import escape
from importlib.resources import files

from bench.core.class_sheet import ClassSheet
from bench.core.quality import VersionQuality
from bench.reports.dataset_words import PROJECT
from bench.reports.inline_svg import inline
from bench.reports.page_parts import table
from bench.reports.plain_text import one_line
from bench.reports.quality_markdown import CAPTIONS
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

_STYLES = ("page.css", "table.css", "parts.css")
_STYLE = """
.tables { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(460px, 100%), 1fr)); gap: 28px; }
.tables .box + .box { margin: 0; }
.sheets { grid-template-columns: repeat(auto-fill, minmax(min(420px, 100%), 1fr)); margin: 12px 0 28px; }
.images img { width: 48px; height: 48px; object-fit: cover; image-rendering: auto; }
"""


def render(report: VersionQuality) -> str:
    """The whole report; the same report gives the same text."""
    assets = files("bench.reports") / "assets"
    style = "\n".join([*((assets / name).read_text(encoding="utf-8") for name in _STYLES), _STYLE])
    title = f"Quality of {escape(shown(report.reference))}"
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    classes = _sheets(report) + _tables(report)
    on = f" · track {escape(report.track)}" if report.track else ""
    parts = [
        f'<section><h1>{title}</h1><p class="meta">{report.images:,} images{on} · content'
        f" <code>{escape(report.content_digest)}</code></p>{_sentences(report)}{_notes(report)}</section>",
        f"<section><h2>Distance to real images</h2>{_numbers(report)}</section>",
        f"<section><h2>Classes and prompts</h2>{classes}</section>" if classes else "",
        f"<section><h2>How these numbers were made</h2>{_cards(report)}<h3>Reproduce</h3>"
        f"<pre>{escape(one_line(report.command))}</pre></section>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><link rel="icon" href="data:,">'
        f"<title>{title} · {PROJECT}</title><style>{style}</style></head>"
        f'<body><header><p class="brand"><b>{PROJECT}</b> · quality</p></header>'
        f"<main>{''.join(parts)}</main></body></html>\n"
    )


def section(report: VersionQuality) -> str:
    """What the page of a dataset version says of its quality: sentences, caveats, numbers, charts, conditions."""
    return f"{_sentences(report)}{_notes(report)}{_numbers(report)}{_cards(report)}"


def _numbers(report: VersionQuality) -> str:
    """The table of distribution metrics and the charts."""
    head, rows = distribution_rows(report)
    numbers = table(
        [escape(one) for one in head],
        [[escape(title), *(_with_interval(*cell) for cell in cells)] for title, cells in rows],
        caption=f"{shown(report.reference)} against each set; small: 95 % interval",
    )
    charts = "".join(
        f"<figure><figcaption>{escape(CAPTIONS[stem])}</figcaption>{inline(figure, label=CAPTIONS[stem])}</figure>"
        for stem, figure in figures(report).items()
    )
    return f'{numbers}<div class="charts">{charts}</div>'


def _sentences(report: VersionQuality) -> str:
    return "".join(f"<p class='summary'>{escape(sentence)}</p>" for sentence in axes_sentences(report))


def _notes(report: VersionQuality) -> str:
    found = "".join(f"<li>{escape(one_line(note))}</li>" for note in notes(report))
    return f"<div class='notes'><b>Read with care</b><ul>{found}</ul></div>" if found else ""


def _with_interval(value: str, interval: str) -> str:
    return f"{value}<small>{interval}</small>" if interval else value


def _tables(report: VersionQuality) -> str:
    whole = [
        ("Classes farthest from " + shown(report.reference_set), *class_rows(report)),
        ("Least consistent classes", *consistency_rows(report, "classes")),
        ("Least consistent templates", *consistency_rows(report, "templates")),
    ]
    found = [
        table(
            [escape(one) for one in head], [[escape(one_line(cell)) for cell in row] for row in rows], caption=caption
        )
        for caption, head, rows in whole
        if rows
    ]
    return f'<div class="tables">{"".join(found)}</div>' if found else ""


def _sheets(report: VersionQuality) -> str:
    groups = [("nearest to", report.best), ("farthest from", report.worst)]
    name = escape(shown(report.reference_set))
    return "".join(
        f'<h3>Classes {word} {name}</h3><div class="sheets">{"".join(map(_sheet, sheets))}</div>'
        for word, sheets in groups
        if sheets
    )


def _sheet(sheet: ClassSheet) -> str:
    images = []
    for image, prompt in zip(sheet.images, sheet.prompts, strict=True):
        said = escape(one_line(prompt))
        images.append(f'<img src="data:image/png;base64,{escape(image)}" alt="{said}" title="{said}">')
    name = escape(one_line(sheet.name))
    group = f'<div class="images" role="group" aria-label="{name}">{"".join(images)}</div>'
    return f"<figure><figcaption>{name}</figcaption>{group}</figure>"


def _cards(report: VersionQuality) -> str:
    parts = []
    for name, card in report.cards.items():
        lines = "".join(
            f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>" for key, value in card_facts(card).items()
        )
        parts.append(
            f'<details><summary>conditions: {escape(shown(name))}</summary><dl class="facts">{lines}</dl></details>'
        )
    return "".join(parts)
