"""The sections of the page below the table, as HTML; every text from the board is escaped."""

from collections.abc import Callable
from html import escape

from bench.core.class_sheet import ClassSheet
from bench.core.dataset_version import DatasetVersion
from bench.core.leaderboard import ArmGain, ArmRow, Leaderboard, Mean
from bench.reports.distances_plot import distance_sets
from bench.reports.inline_svg import inline
from bench.reports.numerals import NOTHING, fixed, percent, percent_interval, points, points_interval, short_digest
from bench.reports.page_charts import fit_sentence
from bench.reports.page_data import kind_of, ordered_sets
from bench.reports.plots import arm_bars, distance_heatmap
from bench.reports.series import series_of


def table(head: list[str], rows: list[list[str]], *, caption: str, kind: str = "numbers") -> str:
    """A small table in its own box; `head` and cells are HTML already, the first cell heads its row."""
    heads = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    lines = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{c}</td>" for c in row[1:])}</tr>' for row in rows
    )
    box = f'<div class="box {kind}" tabindex="0" role="region" aria-label="{escape(caption)}">'
    body = f"<thead><tr>{heads}</tr></thead><tbody>{lines}</tbody>"
    return f"{box}<table><caption>{escape(caption)}</caption>{body}</table></div>"


def with_interval(number: str, interval: str) -> str:
    """A number over its interval, in one cell."""
    return f"{number}<small>{interval}</small>" if interval != NOTHING else f"{number}<small>no interval</small>"


def arms(board: Leaderboard) -> str:
    """Bars by training arm, and the paired gains; says so where there are no arms."""
    if not board.arms:
        return "<p>No training arms on this board.</p>"
    sets = ordered_sets(board)
    names = [column.name for column in sets]
    head = ["arm", "shifted", *(escape(column.title) for column in sets)]
    accuracies = table(
        head, [_arm(arm, names) for arm in board.arms], caption="Accuracy by arm, %: mean over seeds, 95 % interval"
    )
    gains = ""
    if board.gains:
        rows = [_gain(gain, names) for gain in board.gains]
        gains = table(["difference", *head[1:]], rows, caption="Paired difference over seeds, points, 95 % interval")
    chart = inline(arm_bars(board), label="Accuracy bars by training arm; the numbers are in the table beside")
    return f'<div class="pair"><figure>{chart}{_files("arms")}</figure><div>{gains}{accuracies}</div></div>'


def _arm(arm: ArmRow, names: list[str]) -> list[str]:
    means = [arm.shifted, *(arm.sets.get(name) for name in names)]
    made = f"{arm.images:,} images, {arm.steps:,} steps, {_seeds(arm.shifted.n)}"
    return [f"{escape(arm.label)}<small>{made}</small>", *map(_accuracy, means)]


def _gain(gain: ArmGain, names: list[str]) -> list[str]:
    means = [gain.shifted, *(gain.sets.get(name) for name in names)]
    label = f"{escape(gain.label)}<small>minus {escape(gain.baseline)}, {_seeds(gain.shifted.n)}</small>"
    return [label, *map(_difference, means)]


def _seeds(number: int) -> str:
    return "1 seed" if number == 1 else f"{number} seeds"


def _accuracy(mean: Mean | None) -> str:
    return _mean(mean, percent, percent_interval)


def _difference(mean: Mean | None) -> str:
    return _mean(mean, points, points_interval)


def _mean(mean: Mean | None, number: Callable[..., str], interval: Callable[..., str]) -> str:
    if mean is None:
        return "<small>not measured</small>"
    return with_interval(number(mean.mean), interval(mean.interval) if mean.interval else "one seed")


def distances(board: Leaderboard) -> str:
    """The FID heat map, its card and its numbers."""
    if not board.distances:
        return "<p>No distances were computed for this board.</p>"
    card = board.distances
    chart = inline(distance_heatmap(board), label="Heat map of FID; the numbers are in the table beside")
    sets = distance_sets(board)
    rows = [[escape(source), *(_distance(values.get(name)) for name in sets)] for source, values in card.values.items()]
    numbers = table(["source", *map(escape, sets)], rows, caption="FID, mean over classes; lower is closer")
    facts = _facts(
        {
            "extractor": f"{escape(card.extractor)}, {card.dimension} features, {_digest(card.extractor_digest)}",
            "images": f"{card.per_class:,} a class on both sides" + (f"; {escape(card.draw)}" if card.draw else ""),
            "input": escape(card.input),
            "precision": escape(card.precision),
            "computed on": ", ".join(
                f"{escape(name)} {_digest(digest)}" for name, digest in sorted(card.digests.items())
            ),
        }
    )
    return f'<div class="pair"><figure>{chart}{_files("distances")}</figure><div>{facts}{numbers}</div></div>'


def _distance(value: float | None) -> str:
    return fixed(value, 2) if value is not None else "<small>no value</small>"


def version(board: Leaderboard) -> str:
    """The dataset version and its contact sheets."""
    if not board.version:
        return "<p>No generated dataset belongs to this board.</p>"
    made = board.version
    counts = ", ".join(f"{escape(split)} {count:,}" for split, count in made.counts.items())
    facts = _facts(
        {
            "version": escape(made.reference),
            "images": counts,
            "generator": escape(made.generator),
            "sampler": escape(made.sampler),
            "recipe": _digest(made.recipe_digest),
            "content": _digest(made.content_digest),
            "splits": ", ".join(f"{escape(split)} {_digest(digest)}" for split, digest in sorted(made.digests.items())),
        }
    )
    sheets = f'<div class="sheets">{"".join(map(_sheet, made.sheets))}</div>'
    return f"{facts}{_changes(made)}{_audit(made)}<h3>Contact sheets</h3>{sheets}"


def _changes(made: DatasetVersion) -> str:
    """What became of the images of the version before."""
    if not (one := made.changes):
        return ""
    head = ["images", "kept", "added", "removed", "changed"]
    counts = [f"{number:,}" for number in (one.kept, one.added, one.removed, one.changed)]
    how = "" if one.basis == "manifests" else ", by the recipes alone"
    caption = f"Since {one.before}{how}; such a change needs a {one.bump} version"
    return "<h3>What changed</h3>" + table(head, [[escape(made.reference), *counts]], caption=caption)


def _audit(made: DatasetVersion) -> str:
    """The audit's findings; says so where the version was not audited."""
    if not made.audit:
        command = f"<code>python run_bench.py audit {escape(made.reference)}</code>"
        return f"<h3>Audit</h3><p>Not audited where this board was published; {command} does it.</p>"
    rows = [
        [
            escape(one.what),
            with_interval(percent(one.share) + " %", percent_interval(one.interval))
            if one.share is not None
            else NOTHING,
            f"{one.n:,}" if one.n is not None else NOTHING,
            f'<span class="words">{escape(one.words)}</span>',
        ]
        for one in made.audit
    ]
    caption = "Shares of images with 95 % intervals"
    return "<h3>Audit</h3>" + table(["question", "share", "n", "in words"], rows, caption=caption, kind="texts")


def _sheet(sheet: ClassSheet) -> str:
    pairs = zip(sheet.images, sheet.prompts, strict=True)
    images = "".join(
        f'<img src="data:image/png;base64,{escape(image)}" width="48" height="48" tabindex="{0 if k == 0 else -1}"'
        f' alt="generated {escape(sheet.name)}, prompt: {escape(prompt)}" data-tip="{escape(prompt)}">'
        for k, (image, prompt) in enumerate(pairs)
    )
    name = escape(sheet.name)
    group = f'<div class="images" role="group" aria-label="{name}">{images}</div>'
    return f"<figure><figcaption>{name}</figcaption>{group}</figure>"


def method(board: Leaderboard) -> str:
    """The sets and the lines: how each number was made."""
    sets = [
        [
            escape(c.title),
            kind_of(c),
            f"{c.n:,}",
            f'<span class="words">{escape(c.about)}</span>',
            _digest(c.digest),
        ]
        for c in ordered_sets(board)
    ]
    lines = "".join(f"<li><b>{escape(fit.set)}</b>: {escape(fit_sentence(fit))}</li>" for fit in board.fits)
    fits = f"<details><summary>The {len(board.fits)} lines of the robustness charts</summary><ul>{lines}</ul></details>"
    return table(["set", "kind", "n", "what it is", "digest"], sets, caption="The sets", kind="texts") + (
        fits if lines else ""
    )


def key(board: Leaderboard) -> str:
    """The key of the chart: symbol, name and number of models of each series."""
    return "".join(
        f'<li><svg class="mark" viewBox="-6 -6 12 12" aria-hidden="true"><use href="#mark-{k}"/></svg>'
        f"{escape(group.label)}"
        f" <small>{len(group.rows):,}</small></li>"
        for k, group in enumerate(series_of(board))
    )


def _files(stem: str) -> str:
    return (
        f'<figcaption class="files"><a href="plots/{stem}.svg">SVG</a> <a href="plots/{stem}.pdf">PDF</a></figcaption>'
    )


def _facts(facts: dict[str, str]) -> str:
    lines = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts.items() if value)
    return f'<dl class="facts">{lines}</dl>'


def _digest(digest: str) -> str:
    return f'<code title="{escape(digest)}">{escape(short_digest(digest))}</code>'
