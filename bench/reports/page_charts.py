"""The page's charts: the exported figures as inline SVG, and where each of them has its models."""

from typing import Any, NamedTuple

from matplotlib.figure import Figure
from matplotlib.markers import MarkerStyle

from bench.core.leaderboard import Fit, Leaderboard
from bench.reports.inline_svg import find_markers, inline_drawing
from bench.reports.numerals import fixed, percent
from bench.reports.plots import KINDS, drawn, file_stems, has_sizes, save
from bench.reports.robustness_plot import drawn_rows
from bench.reports.series import THEME, Series, series_of
from bench.reports.size_plot import sized_rows

MARK = 9.0  # the size at which the page's symbols are drawn; a chart scales them
SIZE = "size"  # the chart and its file

Chart = dict[str, Any]


class _Title(NamedTuple):
    key: str
    label: str
    rows: list[list[int]]


def charts(board: Leaderboard) -> dict[str, Chart]:
    """A chart for each `set/transform`, and `size`; the first is the one that is shown first."""
    titles, found = _titles(board), {}
    for stem, figure in drawn(board):
        if stem in titles:
            found[titles[stem].key] = _chart(figure, save(figure, "svg"), titles[stem])
    return found


def render_all(board: Leaderboard, part: tuple[float, float] = (0.0, 1.0)) -> tuple[dict[str, bytes], dict[str, Chart]]:
    """All figures, or that part of them, each drawn once: as files by path, and as `charts`."""
    titles, files, found = _titles(board), {}, {}
    for stem, figure in drawn(board, part):
        saved = {kind: save(figure, kind) for kind in KINDS}
        files |= {f"plots/{stem}.{kind}": data for kind, data in saved.items()}
        if stem in titles:
            found[titles[stem].key] = _chart(figure, saved["svg"], titles[stem])
    return files, found


def _titles(board: Leaderboard) -> dict[str, _Title]:
    """Of every figure that is a chart, by the stem of its file; `rows`: for each series the rows that it shows."""
    groups, names = series_of(board), {column.name: column.title for column in board.columns}
    titles = {}
    for (name, transform), stem in file_stems(board).items():
        label = f"Accuracy on {names[name]} against accuracy in distribution, {transform} scale; one mark a model"
        rows = [drawn_rows(board, group, name) for group in groups]
        titles[stem] = _Title(f"{name}/{transform}", label, rows)
    label = "Mean shifted accuracy against the number of parameters; one mark a model"
    return titles | {SIZE: _Title(SIZE, label, [sized_rows(board, group) for group in groups])}


def _chart(figure: Figure, svg: bytes, title: _Title) -> Chart:
    """`frame`: the drawing without its markers; `marks`: for each series the rows, their x and y, scale, opacity."""
    marks = []
    for k, taken in sorted(find_markers(figure).items()):
        x, y = taken.places.round(1).T.tolist() if len(taken.places) else ([], [])
        rows = title.rows[k]
        if len(x) != len(rows):
            raise AssertionError(f"{title.label}: series {k} has {len(rows)} models, {len(x)} markers drawn")
        marks.append({"rows": rows, "x": x, "y": y, "scale": round(taken.size / MARK, 3), "opacity": taken.opacity})
    return {"frame": inline_drawing(svg, label=title.label), "marks": marks}


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
        f"Line: {fit.transform} least squares over {fit.n:,} {fit.population or 'standard models'},"
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
