"""A data-size study as CSV, a line a training run, and as Markdown, a table for each number."""

import csv
import io
from collections.abc import Callable

from bench.core.data_size import DataSizes, SizeCell
from bench.core.leaderboard import Mean
from bench.reports.data_size_plots import FIGURES
from bench.reports.markdown import table
from bench.reports.numerals import NOTHING, percent, points
from bench.reports.plain_text import one_line, to_csv, to_markdown


def csv_table(found: DataSizes) -> str:
    """Fractions at full precision; `robustness_SET` is empty where there is no line."""
    text, sets = io.StringIO(), list(found.titles)
    writer = csv.writer(text, lineterminator="\n")
    lines = sorted({name for cell in found.cells for run in cell.runs for name in run.robustness})
    head = ["real_share", "ratio", "real", "generated", "distinct_generated", "seed", "run"]
    writer.writerow([*head, *sets, *(f"robustness_{name}" for name in lines)])
    for cell in found.cells:
        for run in cell.runs:
            about = [cell.share, cell.ratio, cell.real, cell.generated, cell.distinct, run.seed, to_csv(run.run)]
            numbers = [run.accuracy[name] for name in sets]
            writer.writerow([*about, *numbers, *(run.robustness.get(name) for name in lines)])
    return text.getvalue()


def markdown(found: DataSizes) -> str:
    """What was asked, the tables, the figures, what they say and the command that makes all of it again."""
    command = one_line(found.command).replace("`", "'")
    spread = " and deviation" if len(found.seeds) > 1 else ""
    parts = [
        f"# How much real, how much generated data? {to_markdown(found.track)}",
        f"{to_markdown(found.arch)}, {found.steps} optimizer steps of {found.batch} images for every cell,"
        f" {len(found.seeds)} seeds: mean{spread} over seeds. Rows: the share of {to_markdown(found.real_set)} that is"
        f" used; columns: images of {to_markdown(found.generated_set)} for each real one. Those are"
        f" {found.generated_images:,} images in all: cells that ask for more repeat them ({_repeated(found)}).",
        summary(found),
        _grid(found, "Mean shifted accuracy, %", lambda cell: _percent(cell.shifted)),
        _grid(found, "Accuracy in distribution, %", lambda cell: _percent(cell.in_distribution)),
        _grid(found, f"Mean effective robustness, points ({found.line})", lambda cell: _points(cell.robustness)),
        "\n\n".join(f"![{words}](plots/{stem}.svg)" for stem, words in FIGURES.items()),
        f"Shifted: the mean over {', '.join(to_markdown(found.titles[name]) for name in found.headline)}."
        " [table.csv](table.csv) has every run on every set, [data-size.json](data-size.json) all of it.",
        f"## Reproduce\n\n```sh\n{command}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def summary(found: DataSizes) -> str:
    """What the study shows, from its numbers alone."""
    low, high = found.shares[0], found.shares[-1]
    none, most = found.ratios[0], found.ratios[-1]

    def at(share: float, ratio: float) -> float:
        return found.cell(share, ratio).shifted.mean

    best = max(found.cells, key=lambda cell: cell.shifted.mean)
    return (
        f"As generated images go from {none:g} to {most:g} for each real one, mean shifted accuracy goes from"
        f" {percent(at(low, none))} % to {percent(at(low, most))} % with {low:.0%} of the real images, and from"
        f" {percent(at(high, none))} % to {percent(at(high, most))} % with {high:.0%}; best is"
        f" {percent(best.shifted.mean)} %, at"
        f" {best.share:.0%} and {best.ratio:g}. With {none:g} generated images, {high:.0%} of the real ones instead of"
        f" {low:.0%} change it by {points(at(high, none) - at(low, none))} points."
    )


def _repeated(found: DataSizes) -> str:
    cells = [cell for cell in found.cells if cell.generated > cell.distinct]
    words = ", ".join(
        f"{cell.share:.0%} at {cell.ratio:g}: {cell.generated / cell.distinct:.3g} times" for cell in cells
    )
    return words or "none does"


def _grid(found: DataSizes, title: str, words: Callable[[SizeCell], str]) -> str:
    head = ["real images", *(f"{ratio:g} ×" for ratio in found.ratios)]
    rows = []
    for share in found.shares:
        cells = [found.cell(share, ratio) for ratio in found.ratios]
        rows.append([f"{share:.0%} ({cells[0].real:,})", *map(words, cells)])
    return f"## {to_markdown(title)}\n\n{table(head, rows)}"


def _percent(one: Mean) -> str:
    return percent(one.mean) + (f" ± {percent(one.deviation)}" if one.deviation is not None else "")


def _points(one: Mean | None) -> str:
    if one is None:
        return NOTHING
    return points(one.mean) + (f" ± {percent(one.deviation)}" if one.deviation is not None else "")
