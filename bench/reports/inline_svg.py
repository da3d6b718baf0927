"""A figure as SVG inside the page: the exported drawing, with the page's colours and type.

The markers of models stay out: the page's script draws them where the figure has them, so that it can filter
and select them, and so that a chart of 1,500 models costs its page two short numbers a model.
"""

import re
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.reports.plots import save
from bench.reports.series import THEME

SLOT = "points-"  # figures give the markers of series k the gid `points-k`
_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_LONG = re.compile(r"-?\d+\.\d{3,}")


class Markers(NamedTuple):
    """Of one series: places [n, 2] in the units of the SVG, the size of a marker, its opacity."""

    places: np.ndarray
    size: float
    opacity: float


def find_markers(figure: Figure) -> dict[int, Markers]:
    """The markers of each series, where the figure has them."""
    height = figure.bbox.height
    taken = {}
    for axes in figure.axes:
        for line in axes.lines:
            if (line.get_gid() or "").startswith(SLOT):
                taken[int(line.get_gid().removeprefix(SLOT))] = _markers(line, height)
    return taken


def _markers(line: Line2D, height: float) -> Markers:
    places = line.axes.transData.transform(np.asarray(line.get_xydata(), dtype=float).reshape(-1, 2))
    alpha = line.get_alpha()
    return Markers(np.column_stack([places[:, 0], height - places[:, 1]]), line.get_markersize(), alpha or 1.0)


def inline(figure: Figure, *, label: str) -> str:
    """`figure` as an `<svg>` element for HTML, described by `label`; see `inline_drawing`."""
    return inline_drawing(save(figure, "svg"), label=label)


def inline_drawing(svg: bytes, *, label: str) -> str:
    """A figure that was saved as SVG as an element for HTML, described by `label`.

    Colours become the style sheet's variables, so that one drawing serves light and dark; the ground and
    identifiers nobody refers to go. The group of series k's markers is empty and carries `data-series`.
    """
    root = ElementTree.fromstring(svg)  # noqa: S314 - we drew it ourselves
    slots = False
    for group in root.iterfind(".//*[@id]"):
        if group.get("id").startswith(SLOT):
            del group[:]
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}
        if element.tag != "text":
            element.text = None
        element.tail = None
        if element.get("id", "").startswith(SLOT):
            element.set("data-series", element.get("id").removeprefix(SLOT))
            slots = True
    _strip(root)
    _restyle(root)
    root.attrib = {"viewBox": root.attrib["viewBox"], "role": "group" if slots else "img", "aria-label": label}
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)


def _strip(root: ElementTree.Element) -> None:
    """Drop the figure's ground, its style sheet and all identifiers that nothing refers to."""
    figure = root.find("g")
    figure.remove(figure[0])
    for definitions in [element for element in root if element.tag in ("defs", "metadata")]:
        if definitions.find("style") is not None or definitions.tag == "metadata":
            root.remove(definitions)
    used = set()
    for element in root.iter():
        used |= set(re.findall(r"#(\w+)", f"{element.get('href', '')} {element.get('clip-path', '')}"))
    for element in root.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)


def _restyle(root: ElementTree.Element) -> None:
    for element in root.iter():
        if style := element.get("style"):
            style = re.sub(r"font-family: [^;]*;?", "", style)
            element.set("style", _COLOUR.sub(_variable, style).strip())
        for name in element.attrib.keys() & {"x", "y", "d", "transform"}:
            element.set(name, _LONG.sub(lambda match: f"{float(match[0]):.2f}", element.get(name)).replace("\n", ""))
        if element.get("transform", "").startswith("rotate(-0 "):
            element.attrib.pop("transform")


def _variable(match: re.Match) -> str:
    name = THEME.get(match[0])
    return f"var(--{name})" if name else match[0]
