"""A quality report as one HTML file that asks no server for anything, and as a section of another page."""

from html import escape
from importlib.resources import files

from bench.core.class_sheet import ClassSheet
from bench.core.quality import VersionQuality
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
)

_STYLE = """
.sheets, .sheets + .box { margin-top: 16px; }
.sheets + h2 { margin-top: 28px; }
.pictures { display: flex; flex-wrap: wrap; gap: 4px; }
.pictures img { width: 48px; height: 48px; object-fit: cover; border-radius: 3px; background: #808080; }
.small img { image-rendering: pixelated; }
"""


def render(report: VersionQuality) -> str:
    """The whole report; the same report gives the same text."""
    style = (files("bench.reports") / "assets" / "page.css").read_text(encoding="utf-8") + _STYLE
    title = f"Quality of {escape(one_line(report.reference))}"
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    parts = [
        f"<section><h1>{title}</h1><p class='meta'>{report.images:,} images, content"
        f" <code>{escape(report.content_digest)}</code></p>{_sentences(report)}{_notes(report)}</section>",
        f"<section><h2>Distance to real images</h2>{_numbers(report)}</section>",
        f"<section><h2>Classes</h2>{_sheets(report)}{_tables(report)}</section>",
        f"<section><h2>How these numbers were made</h2>{_cards(report)}<h2>Reproduce</h2>"
        f"<pre>{escape(one_line(report.command))}</pre></section>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{title}</title><style>{style}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


def section(report: VersionQuality) -> str:
    """What the page of a dataset version says of its quality: sentences, caveats, numbers, charts, conditions."""
    return f"{_sentences(report)}{_notes(report)}{_numbers(report)}{_cards(report)}"


def _numbers(report: VersionQuality) -> str:
    """The table of distribution metrics and the charts."""
    head, rows = distribution_rows(report)
    numbers = table(
        [escape(one) for one in head],
        [[escape(one) for one in row] for row in rows],
        caption=f"{report.reference} against each set; intervals at 95 %",
    )
    charts = "".join(
        f"<figure><figcaption>{escape(CAPTIONS[stem])}</figcaption>{inline(figure, label=CAPTIONS[stem])}</figure>"
        for stem, figure in figures(report).items()
    )
    return f"{numbers}<div class='charts'>{charts}</div>"


def _sentences(report: VersionQuality) -> str:
    return "".join(f"<p class='summary'>{escape(sentence)}</p>" for sentence in axes_sentences(report))


def _notes(report: VersionQuality) -> str:
    found = "".join(f"<li>{escape(one_line(note))}</li>" for note in notes(report))
    return f"<div class='notes'><b>Read with care</b><ul>{found}</ul></div>" if found else ""


def _tables(report: VersionQuality) -> str:
    whole = [
        ("Classes farthest from " + report.reference_set, *class_rows(report)),
        ("Least consistent classes", *consistency_rows(report, "classes")),
        ("Least consistent templates", *consistency_rows(report, "templates")),
    ]
    shown = [
        table(
            [escape(one) for one in head], [[escape(one_line(cell)) for cell in row] for row in rows], caption=caption
        )
        for caption, head, rows in whole
        if rows
    ]
    return "".join(shown) or "<p>No numbers class by class: the sets share no classes with two images.</p>"


def _sheets(report: VersionQuality) -> str:
    groups = [("nearest to", report.best), ("farthest from", report.worst)]
    parts = []
    for word, sheets in groups:
        pictures = "".join(map(_sheet, sheets))
        heading = f"<h2>Classes {word} {escape(report.reference_set)}</h2>"
        parts.append(f"{heading}<div class='sheets'>{pictures}</div>" if sheets else "")
    return "".join(parts)


def _sheet(sheet: ClassSheet) -> str:
    images = []
    for image, prompt in zip(sheet.images, sheet.prompts, strict=True):
        said = escape(one_line(prompt))
        images.append(f'<img src="data:image/png;base64,{escape(image)}" alt="{said}" title="{said}">')
    shown = "".join(images)
    return f"<figure><figcaption>{escape(sheet.name)}</figcaption><div class='pictures'>{shown}</div></figure>"


def _cards(report: VersionQuality) -> str:
    parts = []
    for name, card in report.cards.items():
        lines = "".join(
            f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>" for key, value in card_facts(card).items()
        )
        shown = " open" if name == report.reference_set else ""
        parts.append(f"<details{shown}><summary>{escape(name)}</summary><dl class='facts'>{lines}</dl></details>")
    return "".join(parts)
