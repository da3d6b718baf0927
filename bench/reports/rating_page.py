"""The page for human raters: one HTML file with its images, which asks no server for anything."""

import base64
import hashlib
from html import escape
from importlib.resources import files
from string import Template

from bench.core.rating import RatingRound
from bench.reports.page_data import to_script


def render(page: RatingRound) -> str:
    """The page of a round; the same round gives the same text."""
    script, style = _asset("rating.js"), _asset("rating.css")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rules = ("default-src 'none'", "img-src data:", "style-src 'unsafe-inline'", f"script-src 'sha256-{digest}'")
    raters = "".join(f'<option value="{k + 1}">{k + 1}</option>' for k in range(len(page.orders)))
    return Template(_asset("rating.html")).substitute(
        policy="; ".join([*rules, "base-uri 'none'", "form-action 'none'"]),
        title=escape(page.title),
        raters=raters,
        count=len(page.items),
        style=style,
        data=to_script(page.model_dump(mode="json")),
        script=script,
    )


def _asset(name: str) -> str:
    return (files("bench.reports") / "assets" / name).read_text(encoding="utf-8")
