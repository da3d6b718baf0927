"""Who is drawn how: models grouped by role and training arm, each group with a colour and a shape.

Colours are Okabe and Ito's (2008), which colour-blind readers can tell apart; the shape says it again.
"""

from typing import NamedTuple

from bench.core.leaderboard import ArmRow, Leaderboard, Row

INK, MUTED, GRID, PAPER = "#1b1e24", "#5a626d", "#e2e5e9", "#fefefe"
BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"

# What the page's style sheet calls these colours, so that one drawing serves light and dark.
THEME = {
    INK: "ink",
    MUTED: "muted",
    GRID: "grid",
    PAPER: "paper",
    BLUE: "blue",
    VERMILLION: "vermillion",
    GREEN: "green",
    PURPLE: "purple",
    ORANGE: "orange",
    SKY: "sky",
}

_KNOWN = {
    ("standard", ""): (MUTED, "o"),
    ("submitted", ""): (ORANGE, "*"),
    ("real", "steps"): (BLUE, "v"),
    ("synthetic", "steps"): (VERMILLION, "^"),
    ("mixed", "steps"): (GREEN, "s"),
    ("mixed", "epochs"): (PURPLE, "D"),
}
_OTHERS = ((SKY, "P"), (VERMILLION, "X"), (BLUE, "d"), (GREEN, "p"), (PURPLE, "h"), (SKY, "<"), (BLUE, ">"))


class Series(NamedTuple):
    """One group: `rows` are indices into `board.rows`."""

    label: str
    role: str
    arm: tuple[str, str]
    colour: str
    marker: str
    rows: tuple[int, ...]


def series_of(board: Leaderboard) -> tuple[Series, ...]:
    """The groups of a board that have models: standard ones, then the arms, then submissions."""
    members: dict[tuple[str, str], list[int]] = {}
    for index, row in enumerate(board.rows):
        members.setdefault(_key(row), []).append(index)
    labels = arm_labels(board)
    first, last = [("standard", "")], [("submitted", "")]
    order = first + [key for key in labels if key in members] + last
    looks = arm_looks(labels)
    titles = {("standard", ""): "standard", ("submitted", ""): "submitted"} | labels
    return tuple(
        Series(titles[key], _role(key), key, *looks[key], tuple(members[key])) for key in order if key in members
    )


def arm_labels(board: Leaderboard) -> dict[tuple[str, str], str]:
    """The label of each arm (by name and by what is held equal), in the board's order."""
    labels = {arm_key(arm): arm.label for arm in board.arms}
    loose = sorted({_key(row) for row in board.rows if row.role == "arm"} - labels.keys())
    return labels | {key: " at equal ".join(part for part in key if part) for key in loose}


def arm_looks(labels: dict[tuple[str, str], str]) -> dict[tuple[str, str], tuple[str, str]]:
    """Colour and shape of each arm, and of standard and submitted models."""
    looks, taken = dict(_KNOWN), 0
    for key in labels:
        if key not in looks:
            looks[key] = _OTHERS[taken % len(_OTHERS)]
            taken += 1
    return looks


def arm_key(one: Row | ArmRow) -> tuple[str, str]:
    """What tells one arm from another: its name, with the variant where there is one, and what is held equal."""
    return f"{one.arm} ({one.variant})" if one.variant else one.arm, one.match


def _key(row: Row) -> tuple[str, str]:
    return arm_key(row) if row.role == "arm" else (row.role, "")


def _role(key: tuple[str, str]) -> str:
    return key[0] if key in (("standard", ""), ("submitted", "")) else "arm"
