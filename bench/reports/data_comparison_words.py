"""What page, Markdown and command line say of one comparison of a document: verdicts, numbers, what is missing."""

from collections.abc import Sequence
from itertools import groupby

from bench.core.data_board import Comparison, Difference
from bench.core.leaderboard import Mean
from bench.reports.data_words import Table, shots_in_words
from bench.reports.numerals import points, points_interval

ABOVE, BELOW, TIED, OPEN = "surely above", "surely below", "can't be told from", "one trial with"


def verdicts(one: Comparison) -> list[str]:
    """A sentence for each number of shots and first row: what it is surely above, below, and can't be told from."""
    found = []
    for shots in one.shots:
        here = [pair for pair in one.differences if pair.shots == shots]
        for first, group in groupby(here, key=lambda pair: pair.first):
            found.append(f"{shots_in_words(shots).capitalize()}, shifted: {first} {_sentence(list(group))}.")
    return found


def _sentence(pairs: Sequence[Difference]) -> str:
    parts = []
    for outcome in (ABOVE, BELOW, TIED, OPEN):
        mine = [f"{pair.second} ({difference(pair.shifted)})" for pair in pairs if outcome_of(pair.shifted) == outcome]
        verb = "" if outcome == TIED else "has " if outcome == OPEN else "is "
        parts += [f"{verb}{outcome} {', '.join(mine)}"] if mine else []
    return "; ".join(parts)


def outcome_of(mean: Mean) -> str:
    """Which of the four a difference is, by its 95 % interval."""
    if mean.interval is None:
        return OPEN
    return ABOVE if mean.interval[0] > 0 else BELOW if mean.interval[1] < 0 else TIED


def difference(mean: Mean) -> str:
    """`+3.9, −6.1 to +13.9`, or the number alone where one trial has no interval."""
    return points(mean.mean) + (f", {points_interval(mean.interval)}" if mean.interval else "")


def difference_table(one: Comparison) -> Table:
    """Head and rows: every pair at every number of shots."""
    head = ["first − second", "shots", "trials", "shifted", "in distribution"]
    rows = [
        [
            f"{pair.first} − {pair.second}",
            "all" if pair.shots is None else str(pair.shots),
            str(pair.shifted.n),
            *(f"{points(mean.mean)} ({points_interval(mean.interval)})" if mean.interval else points(mean.mean)
              for mean in (pair.shifted, pair.inside)),
        ]
        for pair in one.differences
    ]  # fmt: skip
    return head, rows


def missing_lines(one: Comparison) -> list[str]:
    """What has no cells."""
    return [f"Not yet run, {', '.join(map(shots_in_words, gap.shots))}: {', '.join(gap.rows)}." for gap in one.missing]
