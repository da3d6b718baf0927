"""What raters said of a version, as Markdown."""

from bench.core.rating import RatedMean, RatingReport
from bench.reports.markdown import table
from bench.reports.numerals import NOTHING, fixed, percent
from bench.reports.plain_text import to_markdown

_ROWS = (
    ("consistency", "shows the class, %", 100),
    ("quality", "quality, 1 to 5", 1),
    ("quality_real", "quality of real images, 1 to 5", 1),
    ("diversity", "diversity, from −1 (real looks more varied) to 1 (generated does)", 1),
)


def render(report: RatingReport) -> str:
    """The means with intervals and agreement, the classes, and each rater's controls."""
    head = ["question", "mean", "95 % interval", "items", "Krippendorff's alpha"]
    rows = [_row(words, getattr(report, name), scale) for name, words, scale in _ROWS if getattr(report, name)]
    parts = [
        f"# Human rating of {to_markdown(report.reference)}",
        f"Round {report.round}, against {to_markdown(report.against)}. Blind, shuffled for each rater, with controls.",
        "\n".join(f"- {to_markdown(note)}" for note in report.notes),
        table(head, rows) if rows else "Nothing was answered.",
        _classes(report),
        _raters(report),
        "A mean counts each item once; its interval is Student's t over items, and says nothing of other raters.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _row(words: str, found: RatedMean, scale: int) -> list[str]:
    digits = 1 if scale == 100 else 2
    interval = NOTHING
    if found.interval:
        interval = " to ".join(fixed(scale * bound, digits) for bound in found.interval)
    alpha = NOTHING if found.alpha is None else fixed(found.alpha, 2)
    return [words, fixed(scale * found.mean, digits), interval, str(found.n), alpha]


def _classes(report: RatingReport) -> str:
    order = sorted(report.classes.items(), key=lambda item: (item[1].get("shows it", 1.0), item[0]))
    rows = [
        [
            to_markdown(name),
            percent(one["shows it"]) if "shows it" in one else NOTHING,
            fixed(one["quality"], 2) if "quality" in one else NOTHING,
            f"{one['images']:.0f}",
        ]
        for name, one in order
    ]
    return f"## Classes\n\n{table(['class', 'shows it, %', 'quality', 'images'], rows)}" if rows else ""


def _raters(report: RatingReport) -> str:
    rows = [
        [str(one.rater), f"{one.answers} of {one.asked}", f"{len(one.failed)} of {one.controls}", fixed(one.seconds, 1)]
        for one in report.raters
    ]
    failed = [f"- rater {one.rater}: {to_markdown(said)}" for one in report.raters for said in one.failed]
    body = table(["rater", "answers", "controls failed", "seconds an item"], rows)
    return "\n\n".join(["## Raters", body, *(["\n".join(failed)] if failed else [])])
