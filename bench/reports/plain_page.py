"""The frame of a page without a script: one HTML file that opens from the disk and asks no server for anything."""

from collections.abc import Sequence
from importlib.resources import files

_STYLES = ("page.css", "table.css", "parts.css")
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def plain_page(title: str, parts: Sequence[str], *, style: str) -> str:
    """The whole document; `title` and `parts` are HTML already, `style` stands after the styles of all pages."""
    shared = "".join((files("bench.reports") / "assets" / name).read_text(encoding="utf-8") for name in _STYLES)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>ImageNet-G Bench: {title}</title><style>{shared}{style}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )
