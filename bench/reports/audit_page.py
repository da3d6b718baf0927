"""An audit as one HTML file: pictures inside, no script, no request to any server."""

import base64
from html import escape
from importlib.resources import files

from bench.core.audit import Audit
from bench.reports.audit_markdown import PICTURES, QUESTIONS, TITLES
from bench.reports.dataset_words import PROJECT
from bench.reports.numerals import percent
from bench.reports.plain_text import one_line

PLOTS = ("nearest-real.png", "classes.png")
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = (
    ".audit img { max-width: 100%; height: auto; border-radius: 6px; margin-top: 12px; }"
    ".audit img.plot { width: min(600px, 100%); }"
    ".audit figure + figure { margin-top: 12px; } .audit ul { padding-left: 20px; margin-bottom: 8px; }"
)


def render(audit: Audit, pictures: dict[str, bytes]) -> str:
    """The page; `pictures`: PNG files by name. The same audit and pictures give the same text."""
    sections = "".join(_section(audit, question, pictures) for question in QUESTIONS)
    notes = "".join(f"<li>{escape(one_line(note))}</li>" for note in audit.notes)
    caveats = f'<aside class="notes"><b>Before you believe it</b><ul>{notes}</ul></aside>' if notes else ""
    name = escape(one_line(audit.reference))
    limited = "" if audit.limit is None else f" · a sample of {audit.limit:,} images a split"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Audit of {name} · {PROJECT}</title>\n"
        f'<link rel="icon" href="data:,">\n<style>\n{_css()}\n{_STYLE}\n</style>\n</head>\n<body class="audit">\n'
        f'<header><p class="brand"><b>{PROJECT}</b> · audit</p></header>\n<main>\n'
        f'<section><h1>Audit of {name}</h1><p class="summary">{escape(_summary(audit))}</p>'
        f'<p class="meta">{audit.images:,} images{limited} · features of {escape(one_line(audit.extractor))} · content'
        f" <code>{escape(audit.content_digest)}</code></p>{caveats}</section>\n"
        f"{sections}</main>\n<footer><p>Made by {escape(audit.software)}; numbers in audit.json.</p></footer>\n"
        "</body>\n</html>\n"
    )


def _summary(audit: Audit) -> str:
    """One sentence that reads the audit."""
    parts = []
    if audit.privacy is not None:
        parts.append(f"{audit.privacy.copies.count:,} copies of real images among {audit.images:,}")
    parts.append(f"{audit.duplicates.alike.count:,} images that repeat another one")
    parts.append(f"{audit.content.blank.count:,} blank and {audit.content.faint.count:,} nearly so")
    if audit.labels is not None:
        parts.append(f"{percent(audit.labels.consistent.share)} % show the class asked for")
    if audit.content.flagged is not None:
        parts.append(f"{audit.content.flagged.count:,} of {audit.content.flagged.n:,} flagged")
    return one_line("; ".join(parts) + ".")


def _section(audit: Audit, question: str, pictures: dict[str, bytes]) -> str:
    lines = "".join(f"<li>{escape(one_line(line))}</li>" for line in QUESTIONS[question](audit))
    shown = "".join(_figure(name, pictures[name]) for name in PICTURES[question] if name in pictures)
    return f'<section><h2>{escape(question)}</h2><ul class="words">{lines}</ul>{shown}</section>\n'


def _figure(name: str, picture: bytes) -> str:
    data = base64.b64encode(picture).decode()
    title = escape(TITLES[name])
    kind = ' class="plot"' if name in PLOTS else ""
    return (
        f'<figure><figcaption>{title}</figcaption><img{kind} src="data:image/png;base64,{data}" alt="{title}"></figure>'
    )


def _css() -> str:
    return (files("bench.reports") / "assets" / "page.css").read_text(encoding="utf-8")
