"""The board as one HTML file that opens from the disk and asks no server for anything."""

import base64
import hashlib
from html import escape
from importlib.resources import files
from string import Template

from bench.core.leaderboard import Column, Leaderboard
from bench.reports import page_parts as parts
from bench.reports import quality_html
from bench.reports.page_charts import SIZE, Chart, chart_sentences, charts, symbols
from bench.reports.page_data import answers_data, board_data, to_script
from bench.reports.plain_text import one_line
from bench.reports.robustness_plot import shifted_sets
from bench.reports.series import series_of

PROJECT = "ImageNet-G Bench"
NO_LINE = "No line: it takes at least three standard models."
MANY_ROWS = 60  # more, and the table scrolls in its own box with only the rows in sight
STYLES = ("page.css", "table.css", "parts.css")
# The page's script is these files in this order, in one closure; each says at its top what it is for.
SCRIPTS = (
    "basics.js",
    "paired.js",
    "models.js",
    "columns.js",
    "table.js",
    "filters.js",
    "chart.js",
    "detail.js",
    "compare.js",
    "by_class.js",
    "download.js",
    "start.js",
)


def render(board: Leaderboard, drawings: dict[str, Chart] | None = None) -> str:
    """The page of a board; the same board gives the same text. `drawings`: its `charts`, if they are drawn already."""
    script = page_script()
    if drawings is None:
        drawings = charts(board) if board.rows else {}
    return Template(asset("page.html")).substitute(
        policy=_policy(script),
        style="\n".join(map(asset, STYLES)),
        script=script,
        project=PROJECT,
        track=escape(board.title),
        edition=_editions(board),
        question=escape(board.question),
        facts=escape(_facts(board)),
        summary=escape(board.summary),
        notes="".join(f"<li>{escape(note)}</li>" for note in board.notes) or "<li>None were recorded.</li>",
        chart=_chart(board, drawings),
        symbols=symbols(board),
        count=_count(len(board.rows), "model"),
        legend=escape(_legend(board)),
        hint="Click a name to find it in the chart and compare it, a number for its origin." if board.rows else "",
        tall=" tall" if len(board.rows) > MANY_ROWS else "",
        # The room of the rows is kept free until the script has made them: nothing below moves.
        reserved=80 + 54 * len(board.rows) if len(board.rows) <= MANY_ROWS else 0,
        guide="".join(f"<li>{sentence}</li>" for sentence in _guide(board)),
        arms=parts.arms(board),
        distances=parts.distances(board),
        version=parts.version(board),
        quality=_quality(board),
        ranking=escape(_ranking(board)),
        method=parts.method(board),
        citation=escape(_citation(board)),
        software=escape(board.software),
        data=to_script(board_data(board)),
        charts=to_script(drawings),
        answers=to_script(answers_data(board)),
    )


def page_script() -> str:
    """The script of every page."""
    return '(() => {\n"use strict";\n' + "\n".join(map(asset, SCRIPTS)) + "})();\n"


def asset(name: str) -> str:
    """One of the files that the page is put together from."""
    return (files("bench.reports") / "assets" / name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    """No requests at all, and no script but ours, even if some text of the board escaped its quotes."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rules = ("default-src 'none'", "img-src data:", "style-src 'unsafe-inline'", f"script-src 'sha256-{digest}'")
    return "; ".join([*rules, "base-uri 'none'", "form-action 'none'"])


def _facts(board: Leaderboard) -> str:
    nouns = ((len(board.rows), "model"), (len(board.columns), "set"), (board.classes, "class", "classes"))
    counts = " · ".join(_count(*noun) for noun in nouns)
    return f"{counts} · dataset {board.version.reference}" if board.version else counts


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def _editions(board: Leaderboard) -> str:
    """Which dataset version this is, and the way to the boards of others."""
    if not board.editions or not board.version:
        return ""
    here = escape(board.version.reference)
    others = "".join(f'<option value="{escape(one.page)}">{escape(one.reference)}</option>' for one in board.editions)
    options = f'<option value="" selected>{here}</option>{others}'
    return (
        f'<label class="edition">dataset <select id="edition" aria-label="dataset version">{options}</select></label>'
    )


def _quality(board: Leaderboard) -> str:
    """The quality report of the version; how to make it where there is none."""
    if not board.version:
        return "<p>No generated dataset belongs to this board.</p>"
    if board.version.quality:
        return quality_html.section(board.version.quality)
    command = f"imagenet-g quality {board.version.reference} --track {board.track}"
    return f"<p>No quality report of this version was handed in. This makes one: <code>{escape(command)}</code></p>"


def _ranking(board: Leaderboard) -> str:
    if not board.ranking:
        return ""
    one = board.ranking
    return (
        f"Rank intervals hold for the whole board at once, at {100 * one.confidence:g} %: {one.method};"
        f" {one.pairs:,} ordered pairs. Models of one tie band cannot be told from the best of the band."
    )


def _legend(board: Leaderboard) -> str:
    parts = ["accuracy in percent; bar: 95 % interval from 0 to 100"]
    if board.ranking:
        tied = board.ranking.tied
        parts.append(
            f"ranks: {100 * board.ranking.confidence:g} % intervals over the whole board; a shared ground is a tie band"
        )
        parts.append(f"{_count(tied, 'model')} tied for first" if tied > 1 else "no other model tied with the first")
    return "".join(f"· {part} " for part in parts).strip() if board.rows else ""


def _chart(board: Leaderboard, drawings: dict[str, dict]) -> str:
    if not drawings:
        return (
            "<p>No chart: it needs a set in distribution and a shifted set, or numbers of parameters, and a model.</p>"
        )
    sets = "".join(
        _choice("set", column.name, column.title, index == 0) for index, column in enumerate(shifted_sets(board))
    )
    size = _choice("set", SIZE, "mean against parameters", not sets) if SIZE in drawings else ""
    scales = "".join(_choice("scale", name, name, name == "linear") for name in ("linear", "logit"))
    return (
        f'<form id="switch"><fieldset><legend>shifted set</legend>{sets}{size}</fieldset>'
        f'<fieldset id="scales"><legend>scale</legend>{scales}</fieldset></form>'
        '<div id="chart"></div>'
        f'<ul class="key" aria-label="Key">{parts.key(board)}</ul>'
        f'<figcaption><span id="fit">{escape(chart_sentences(board).get(next(iter(drawings)), NO_LINE))}</span> '
        '<span class="files"><a id="svg">SVG</a> <a id="pdf">PDF</a></span></figcaption>'
    )


def _choice(group: str, value: str, label: str, chosen: bool) -> str:
    checked = " checked" if chosen else ""
    radio = f'<input type="radio" name="{group}" value="{escape(value)}"{checked}>'
    return f"<label>{radio}<span>{escape(label)}</span></label>"


def _guide(board: Leaderboard) -> list[str]:
    headline = [escape(column.title) for column in board.columns if column.headline]
    inside = next((escape(column.title) for column in board.columns if column.in_distribution), "the test set")
    standard = any(group.role == "standard" for group in series_of(board))
    fitted = (
        "the standard models, trained on real data only"
        if standard and board.fits
        else "standard models, of which this board has too few"
    )
    return [
        "Each row is a model; each number is the share of a set's images that it names correctly, in percent, and"
        " the bar under it is the 95 % interval on a scale from 0 to 100.",
        f"<b>{inside}</b> is the test set that resembles the real training data; <b>shifted accuracy</b>"
        f" is the plain mean over {_listing(headline)}, which look different.",
        "A model usually loses accuracy under shift in step with what it has in distribution: the chart's line shows"
        f" that for {fitted}.",
        "<b>Effective robustness</b> is how many points a model lies above that line, that is, above what its"
        " in-distribution accuracy predicts; where the line had to be extrapolated, the number is marked.",
        _on_ranks(board),
    ]


def _on_ranks(board: Leaderboard) -> str:
    if board.ranking:
        return (
            "A <b>rank is an interval</b>: “1–4” says that the data allow any place from 1 to 4; rows on one ground"
            " share a tie band, and “tied with first” says that a model cannot be told from the best."
        )
    return "Ranks follow the measured mean; where two intervals overlap, the order of the two models may be chance."


def _listing(names: list[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else "".join(names) or "no set yet"


def _citation(board: Leaderboard) -> str:
    version = f", dataset {board.version.reference}, content {board.version.content_digest}" if board.version else ""
    sets: tuple[Column, ...] = board.columns
    digests = "; ".join(f"{column.name} {column.digest}" for column in sets)
    return one_line(f"{PROJECT}: {board.title}. Track {board.track}{version}. {board.software}. Sets: {digests}.")
