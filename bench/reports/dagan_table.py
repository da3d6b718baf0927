"""Accuracy on held-out classes with and without DAGAN, as Markdown, beside the published table."""

from bench.core.dagan import HeldOut
from bench.core.leaderboard import Mean
from bench.reports.markdown import table
from bench.reports.numerals import percent, points, points_interval
from bench.reports.plain_text import one_line, to_markdown


def render(found: HeldOut) -> str:
    """Ours, the published figures, and how it was made."""
    command = one_line(found.command).replace("`", "'")
    parts = [
        f"# DAGAN on classes that it has not seen: {to_markdown(found.track)}",
        f"Learned from the classes {', '.join(found.source)}, which augment nothing; tested on {found.n} images of the"
        f" classes {', '.join(found.classes)}. {len(found.seeds)} seeds, each with real images of its own;"
        f" {to_markdown(found.arch)}, {found.steps} steps of {found.batch} images, the same for every arm. Percent;"
        " gains are in points, paired by seed, with 95 % intervals over seeds.",
        _ours(found),
        "\n".join(f"- *{to_markdown(arm)}*: {to_markdown(words)}" for arm, words in found.arms.items()),
        f"## Published\n\n{to_markdown(found.published_source)}.",
        _published(found),
        f"## Reproduce\n\n```sh\n{command}\n```",
        f"DAGAN's state: `{found.state}`, of {to_markdown(found.recipe)}.",
    ]
    return "\n\n".join(parts) + "\n"


def _ours(found: HeldOut) -> str:
    arms, others = list(found.arms), list(found.rows[0].gain) if found.rows else []
    head = ["real images of each class", *arms, *(f"dagan − {arm}" for arm in others)]
    rows = [
        [str(row.shots), *(_mean(row.accuracy[arm]) for arm in arms), *(_gain(row.gain[arm]) for arm in others)]
        for row in found.rows
    ]
    return table(head, rows)


def _mean(one: Mean) -> str:
    return percent(one.mean)


def _gain(one: Mean) -> str:
    return points(one.mean) + (f" ({points_interval(one.interval)})" if one.interval else "")


def _published(found: HeldOut) -> str:
    rows = [
        [str(row.shots), percent(row.standard), percent(row.dagan), points(row.dagan - row.standard)]
        for row in found.published
    ]
    return table(["samples of each class", "standard", "DAGAN", "difference"], rows)
