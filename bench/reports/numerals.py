"""How numbers are written in tables: the one place that rounds.

Ties round away from zero, as `toFixed` does in the page's script, so that page, README and paper agree.
"""

from decimal import ROUND_HALF_UP, Decimal

from bench.core.leaderboard import Row

MINUS = "\N{MINUS SIGN}"
NOTHING = "–"


def fixed(value: float, digits: int = 1) -> str:
    """`value` with so many decimals, and a real minus sign; never "−0.0"."""
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    text = f"{abs(rounded):f}"
    return MINUS + text if rounded < 0 else text


def percent(fraction: float) -> str:
    """0.8234 as "82.3"."""
    return fixed(fraction * 100)


def percent_interval(interval: tuple[float, float] | None) -> str:
    """(0.801, 0.844) as "80.1 to 84.4"; "–" for none."""
    return f"{percent(interval[0])} to {percent(interval[1])}" if interval else NOTHING


def points(fraction: float) -> str:
    """0.473 as "+47.3": a difference, in points."""
    text = percent(fraction)
    return text if text.startswith(MINUS) or not text.strip("0.") else f"+{text}"


def points_interval(interval: tuple[float, float] | None) -> str:
    """(0.451, 0.495) as "+45.1 to +49.5"; "–" for none."""
    return f"{points(interval[0])} to {points(interval[1])}" if interval else NOTHING


def rank_interval(row: Row) -> str:
    """The ranks that a model may have, "1–4"; its rank by the measured mean where no interval is known."""
    if row.rank_interval is None:
        return str(row.rank)
    first, last = row.rank_interval
    return str(first) if first == last else f"{first}–{last}"


def short_digest(digest: str) -> str:
    """The first 12 hexadecimal digits of `sha256:…`, enough to tell two apart by eye."""
    return digest if len(digest) <= 19 else f"{digest[:19]}…"
