"""A figure as SVG inside the page: the exported drawing, with the page's colours, type and links to rows."""

import re
from xml.etree import ElementTree

from matplotlib.figure import Figure

from bench.reports.plots import save
from bench.reports.series import THEME

_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_LONG = re.compile(r"-?\d+\.\d{3,}")


def inline(figure: Figure, *, label: str, rows: dict[str, list[int]] | None = None) -> str:
    """`figure` as an `<svg>` element for HTML, described by `label`.

    Colours become the style sheet's variables, so that one drawing serves light and dark; the ground and
    identifiers nobody refers to go. `rows[gid]` lists the row of each marker drawn under a gid, in order;
    each such marker carries `data-row`.
    """
    root = ElementTree.fromstring(save(figure, "svg"))  # noqa: S314 - we drew it ourselves
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}
        if element.tag != "text":
            element.text = None
        element.tail = None
    for gid, indices in (rows or {}).items():
        _tag_markers(root, gid, indices)
    _strip(root)
    _restyle(root)
    root.attrib = {"viewBox": root.attrib["viewBox"], "role": "group" if rows else "img", "aria-label": label}
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)


def _tag_markers(root: ElementTree.Element, gid: str, indices: list[int]) -> None:
    group = next((element for element in root.iter("g") if element.get("id") == gid), None)
    markers = list(group.iter("use")) if group is not None else []
    if len(markers) != len(indices):
        raise AssertionError(f"{gid}: {len(indices)} models, {len(markers)} markers drawn")
    for shape in group.iter("path") if markers else ():
        shape.attrib.pop("style", None)  # the group's style holds, so that a chosen marker can differ
    for marker, index in zip(markers, indices, strict=True):
        group.set("style", marker.attrib.pop("style", ""))
        marker.set("data-row", str(index))


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
