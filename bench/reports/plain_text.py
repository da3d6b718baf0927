"""Text that others wrote (model names, prompts, notes), made inert for each format."""

import re
import unicodedata

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\symbol{34}",
    "`": r"\symbol{96}",
}


def one_line(text: str) -> str:
    """`text` on one line: control and invisible formatting characters become spaces or vanish."""
    kept = (" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return " ".join("".join(c for c in kept if unicodedata.category(c) not in ("Cf", "Cs")).split())


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, the middle cut out: both ends of a model's name tell it apart."""
    if len(text) <= limit:
        return text
    head = (limit - 1) * 2 // 3
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"


def to_markdown(text: str) -> str:
    """`text` as text in GitHub's Markdown, also in a table cell: no tags, emphasis, links or maths."""
    escaped = re.sub(r"([\\`*\[\]|~#!$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))", r"\\\1", one_line(text))
    escaped = escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = escaped.replace("://", r":\//").replace("www.", r"www\.")
    # What would begin a list, a rule or a heading; a sign or a decimal point of a number does not.
    return re.sub(r"^(?:(?=[-+](?:\s|$)|[-=]+$)|(\d+)(?=[.)](?:\s|$)))", r"\1\\", escaped)


def to_latex(text: str) -> str:
    """`text` as text in LaTeX, outside of maths."""
    return "".join(_LATEX.get(c, c) for c in one_line(text))


def to_csv(text: str) -> str:
    """`text` as a CSV cell that no spreadsheet takes for a formula: a leading = + - @ gets an apostrophe."""
    line = one_line(text)
    return f"'{line}" if line[:1] in ("=", "+", "-", "@") else line
