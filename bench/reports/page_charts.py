"""The page's charts: the exported figures as inline SVG, and where each of them has its models."""

from typing import Any

from matplotlib.figure import Figure
from matplotlib.markers import MarkerStyle

from bench.core.leaderboard import Fit, Leaderboard
from bench.reports.inline_svg import inline, take_markers
from bench.reports.numerals import fixed, percent
from bench.reports.plots import TRANSFORMS, file_stems, has_sizes, robustness_scatter, size_scatter
from bench.reports.robustness_plot import drawn_rows, shifted_sets
from bench.reports.series import THEME, Series, series_of
from bench.reports.size_plot import sized_rows

MARK = 9.0  # the size at which the page's symbols are drawn; a chart scales them
SIZE = "size"


def charts(board: Leaderboard) -> dict[str, dict[str, Any]]:
    """A chart for each `set/transform`, and `size`; the first is the one that is shown first."""
    groups = series_of(board)
    drawn = {}
    for column in shifted_sets(board):
        rows = [drawn_rows(board, group, column.name) for group in groups]
        for transform in TRANSFORMS:
            label = f"Accuracy on {column.title} against accuracy in distribution, {transform} scale; one mark a model"
            drawn[f"{column.name}/{transform}"] = _chart(
                robustness_scatter(board, column.name, transform), label=label, rows=rows
            )
    if has_sizes(board):
        rows = [sized_rows(board, group) for group in groups]
        label = "Mean shifted accuracy against the number of parameters; one mark a model"
        drawn[SIZE] = _chart(size_scatter(board), label=label, rows=rows)
    return drawn


def _chart(figure: Figure, *, label: str, rows: list[list[int]]) -> dict[str, Any]:
    """`frame`: the drawing without its markers; `marks`: for each series the rows, their x and y, scale, opacity."""
    marks = []
    for k, taken in sorted(take_markers(figure).items()):
        x, y = taken.places.round(1).T.tolist() if len(taken.places) else ([], [])
        if len(x) != len(rows[k]):
            raise AssertionError(f"{label}: series {k} has {len(rows[k])} models, {len(x)} markers drawn")
        marks.append({"rows": rows[k], "x": x, "y": y, "scale": round(taken.size / MARK, 3), "opacity": taken.opacity})
    return {"frame": inline(figure, label=label), "marks": marks}


def chart_files(board: Leaderboard) -> dict[str, str]:
    """The exported figure of each chart, without its ending."""
    robustness = {"/".join(which): f"plots/{stem}" for which, stem in file_stems(board).items()}
    return robustness | ({SIZE: "plots/size"} if has_sizes(board) else {})


def chart_sentences(board: Leaderboard) -> dict[str, str]:
    """What each chart shows, in words."""
    fits = {f"{fit.set}/{fit.transform}": fit_sentence(fit) for fit in board.fits}
    known = sum(1 for row in board.rows if row.parameters)
    size = f"Mean shifted accuracy of the {known:,} of {len(board.rows):,} models whose number of parameters is known."
    return fits | ({SIZE: size} if known else {})


def fit_sentence(fit: Fit) -> str:
    """What the line is, in one sentence."""
    low, high = fit.x_range
    return (
        f"Line: {fit.transform} least squares over {fit.n} {fit.population or 'standard models'},"
        f" slope {fixed(fit.slope, 2)}, r = {fixed(fit.r, 2)},"
        f" fitted from {percent(low)} to {percent(high)} % in distribution; dashed where it extrapolates."
    )


def symbols(board: Leaderboard) -> str:
    """Each series' symbol as an SVG path, as Matplotlib draws its marker."""
    return "".join(
        f'<path id="mark-{k}" {_paint(group)} d="{_outline(group.marker)}"/>'
        for k, group in enumerate(series_of(board))
    )


def _paint(group: Series) -> str:
    colour = f"var(--{THEME[group.colour]})"
    if group.role == "standard":
        return f'style="fill:none;stroke:{colour};stroke-width:1.5"'
    return f'style="fill:{colour};stroke:var(--paper);stroke-width:0.8"'


def _outline(marker: str) -> str:
    style = MarkerStyle(marker)
    path = style.get_path().transformed(style.get_transform().scale(MARK, -MARK))
    letters = {1: "M", 2: "L", 3: "Q", 4: "C", 79: "Z"}
    parts = (
        letters[int(code)] + ("" if code == 79 else " ".join(f"{v:.2f}" for v in points))
        for points, code in path.iter_segments()
    )
    return "".join(parts)
