"""The board as the README.md of its folder: what a reader sees on a code host, linked to everything else."""

import re

from bench.core.leaderboard import Leaderboard, Mean, Row
from bench.reports.distances_plot import distance_sets
from bench.reports.numerals import NOTHING, fixed, percent, percent_interval, points, points_interval, rank_interval
from bench.reports.page_data import ordered_sets
from bench.reports.plain_text import one_line, shorten, to_markdown
from bench.reports.plots import file_stems
from bench.reports.series import series_of

LONGEST = 100
TIED, ONE_SEED = "≈", "¹"


def render(board: Leaderboard) -> str:
    """Summary, caveats, table, arms, distances, sets, and the commands that make it all again."""
    parts = [
        f"# {to_markdown(board.title)}: {to_markdown(board.question)}",
        to_markdown(board.summary),
        "\n".join(f"- {to_markdown(note)}" for note in board.notes),
        "[Interactive page](index.html) · [table.csv](table.csv) · [table.tex](table.tex) · [board.json](board.json)",
        _picture(board),
        _results(board),
        _arms(board),
        _distances(board),
        _sets(board),
        _commands(board),
        f"Made by {to_markdown(board.software)}; do not edit by hand.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(head: list[str], rows: list[list[str]], *, left: int = 1) -> str:
    """A Markdown table; the first `left` columns are aligned left, the others right."""
    lines = [head, ["---" if k < left else "--:" for k in range(len(head))], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _picture(board: Leaderboard) -> str:
    stem = next(iter(file_stems(board).values()), None)
    return f"![Accuracy under shift against accuracy in distribution](plots/{stem}.svg)" if stem and board.rows else ""


def _results(board: Leaderboard) -> str:
    sets = ordered_sets(board)
    data = {index: group.label for group in series_of(board) for index in group.rows}
    head = ["rank", "model", "training data", "shifted, 95 % interval", *(to_markdown(column.title) for column in sets)]
    best = max((row.shifted for row in board.rows), default=None)
    rows = [
        _row(row, data[index], [column.name for column in sets], best) for index, row in enumerate(board.rows[:LONGEST])
    ]
    headline = ", ".join(to_markdown(column.title) for column in sets if column.headline) or "no set"
    more = (
        f" The first {LONGEST} of {len(board.rows):,}; all are in [table.csv](table.csv)."
        if len(board.rows) > LONGEST
        else ""
    )
    words = f"Accuracy in percent; *shifted* is the mean over {headline}.{_ranks(board)}{more}"
    return (
        f"## Results\n\n{words}\n\n{table(head, rows, left=3)}"
        if rows
        else "## Results\n\nNo model has been listed yet."
    )


def _ranks(board: Leaderboard) -> str:
    if board.ranking is None:
        return ""
    ranking = board.ranking
    single = f" {ONE_SEED} one training seed." if any(row.seeds == 1 for row in board.rows) else ""
    return (
        f" *Rank* is the interval of ranks that a model may have, {fixed(100 * ranking.confidence, 0)} % for all models"
        f" at once ({ranking.method}); {TIED} marks the models that the data cannot tell from the first.{single}"
    )


def _row(row: Row, data: str, sets: list[str], best: float | None) -> list[str]:
    values = [percent(row.cells[name].top1) if name in row.cells else NOTHING for name in sets]
    number = f"**{percent(row.shifted)}**" if row.shifted == best else percent(row.shifted)
    shifted = f"{number} ({percent_interval(row.shifted_interval)})"
    rank = rank_interval(row) + (f" {TIED}" if row.ties_first else "")
    arm = to_markdown(data) + (f" {ONE_SEED}" if row.seeds == 1 else "")
    return [rank, to_markdown(shorten(one_line(row.title), 60)), arm, shifted, *values]


def _arms(board: Leaderboard) -> str:
    if not board.arms:
        return ""
    sets = ordered_sets(board)
    heads = ["seeds", "shifted", *(to_markdown(column.title) for column in sets)]
    names = [column.name for column in sets]
    rows = [
        [to_markdown(a.label), str(a.shifted.n), *(_mean(m) for m in (a.shifted, *map(a.sets.get, names)))]
        for a in board.arms
    ]
    words = "Percent: mean over seeds, 95 % interval over seeds."
    text = f"## Accuracy by training data\n\n{words}\n\n{table(['arm', *heads], rows)}"
    gains = [
        [
            f"{to_markdown(g.label)} minus {to_markdown(g.baseline)}",
            str(g.shifted.n),
            *(_gain(m) for m in (g.shifted, *map(g.sets.get, names))),
        ]
        for g in board.gains
    ]
    return (
        f"{text}\n\nPaired differences over seeds, in points.\n\n{table(['difference', *heads], gains)}"
        if gains
        else text
    )


def _mean(mean: Mean | None) -> str:
    return _with(percent(mean.mean), percent_interval(mean.interval)) if mean else NOTHING


def _gain(mean: Mean | None) -> str:
    return _with(points(mean.mean), points_interval(mean.interval)) if mean else NOTHING


def _with(number: str, interval: str) -> str:
    return number if interval == NOTHING else f"{number} ({interval})"


def _distances(board: Leaderboard) -> str:
    if not board.distances:
        return ""
    card, sets = board.distances, distance_sets(board)
    rows = [
        [to_markdown(source), *(NOTHING if values.get(name) is None else fixed(values[name], 2) for name in sets)]
        for source, values in card.values.items()
    ]
    about = (
        f"FID, mean over classes, lower is closer: extractor {to_markdown(card.extractor)} ({card.dimension} features,"
        f" `{_code(card.extractor_digest)}`), {card.per_class} images a class on both sides,"
        f"{f' {to_markdown(card.draw)},' if card.draw else ''}"
        f" input {to_markdown(card.input)},"
        f" {to_markdown(card.precision)}."
    )
    return f"## Distance of training data to test data\n\n{about}\n\n{table(['source', *map(to_markdown, sets)], rows)}"


def _sets(board: Leaderboard) -> str:
    rows = [
        [to_markdown(c.title), f"{c.n:,}", to_markdown(c.about), f"`{_code(c.digest)}`"] for c in ordered_sets(board)
    ]
    made = board.version
    version = (
        f"\n\nGenerated dataset {to_markdown(made.reference)}: {to_markdown(made.generator)},"
        f" {to_markdown(made.sampler)};"
        f" recipe `{_code(made.recipe_digest)}`, content `{_code(made.content_digest)}`."
        if made
        else ""
    )
    return f"## Sets\n\n{table(['set', 'n', 'what it is', 'digest'], rows)}{version}"


def _commands(board: Leaderboard) -> str:
    commands = [one_line(row.command) for row in board.rows[:LONGEST]]
    fence = "`" * max(3, 1 + max((len(run) for command in commands for run in re.findall("`+", command)), default=0))
    publish = f"python run_bench.py publish {one_line(board.track)}"
    return "## Reproduce\n\n" + "\n".join([f"{fence}sh", *commands, publish, fence])


def _code(text: str) -> str:
    """Text for a code span in a table: nothing that ends the span or the cell."""
    return one_line(text).replace("`", "'").replace("|", "/")
