"""Which method to use, in words and tables: by number of shots and budget, with ties said as ties."""

from collections.abc import Sequence

from bench.core.data_board import Advice, DataBoard
from bench.core.leaderboard import Mean
from bench.reports.data_words import TIED, Table, shots_in_words
from bench.reports.numerals import NOTHING, fixed, points, points_interval

TITLE = "Which synthetic data should I use?"
SHOWN = 5  # names in a sentence, before they are counted


def advice_lines(board: DataBoard) -> list[str]:
    """Which to use at any budget, a line for each number of shots."""
    largest = {one.shots: one for one in board.advice}
    return [f"{_of(one)}: {_verdict(board, one)}" for one in largest.values()]


def overview(board: DataBoard) -> Table:
    """Head and rows: the best at each number of shots and budget with its gain, and how many tie with it."""
    budgets = list(dict.fromkeys(one.budget for one in board.advice))
    found = {(one.shots, one.budget): one for one in board.advice}
    largest = {one.shots: one for one in board.advice}
    rows = [
        [_of(one), *(_brief(board, found.get((shots, budget))) for budget in budgets)] for shots, one in largest.items()
    ]
    return ["", *budgets], rows


def budget_lines(board: DataBoard, shots: int | None) -> list[str]:
    """A sentence for each budget at a number of shots."""
    return [
        f"{_capital(one.budget)}: {_verdict(board, one)}{_added(one)}" for one in board.advice if one.shots == shots
    ]


def budget_table(board: DataBoard, shots: int | None) -> Table:
    """Head and rows: each budget's best with its gains, the methods that tie with it, and the cheapest of them."""
    head = [
        "budget", "best", f"gain over {board.baseline}, shifted", "gain, in distribution", "over the budget before",
        "seconds a cell", "can't be told from it", "cheapest of these", "surely below, corrected",
    ]  # fmt: skip
    rows = [
        [
            one.budget,
            one.best,
            _gain(board, one, one.gain),
            _gain(board, one, one.gain_inside),
            _said(one.more) if one.more else NOTHING,
            _seconds(one.seconds),
            _some(one.ties, 2 * SHOWN) if one.ties else "none",
            f"{one.cheapest}, {_seconds(one.cheapest_seconds)} s",
            f"{one.surely_below} of {one.methods - 1}",
        ]
        for one in board.advice
        if one.shots == shots
    ]
    return head, rows


def how_to_read(board: DataBoard) -> list[str]:
    """What budgets, ties and gains are."""
    return [
        "Each budget allows what those before it do. No generator: real images and what is done to them. A generator as"
        " it is: images are drawn or edited, and nothing is learned. Lessons too: tokens, weights or an augmenter are"
        " learned first, from the shots. Seconds are of one core, for learning, drawing and training; the generator's"
        " own training is in none of them.",
        "Best: the highest mean shifted accuracy of those that have the most trials. Can't be told from it: the"
        " difference to the best, paired by trial, has a 95 % t interval that reaches zero. That is one comparison"
        " each, with a best that the same trials chose, so some of the others are below by luck; surely below,"
        " corrected: how many are so with Bonferroni's correction for the number of comparisons.",
        f"{TIED} and a number: so many others can't be told from the best. Gain: points over {board.baseline}"
        " augmentation on the same shots. Over the budget before: points that the best adds to the best of the smaller"
        f" budget; {NOTHING} where it is the same method.",
        "A tie is no proof of equality: few trials tell little apart. Among ties take the cheapest, which is looked for"
        f" among those whose mean is not below {board.baseline} augmentation's, or the one whose needs you have.",
    ]


def _brief(board: DataBoard, one: Advice | None) -> str:
    if one is None:
        return NOTHING
    tied = f" {TIED} {len(one.ties)} more" if one.ties else ""
    return f"{one.best}{tied}" + (f" ({points_interval(one.gain.interval)})" if one.gain and one.gain.interval else "")


def _verdict(board: DataBoard, one: Advice) -> str:
    if one.methods == 1:
        return f"{one.best} is the only one that was run."
    if not one.told_apart:
        return f"{one.best} has the highest shifted accuracy; one trial tells nothing apart."
    gain = f", {_points(one.gain)} over {board.baseline}" if one.gain else ""
    if not one.ties:
        return f"{one.best}{gain}; every other method is surely below it."
    shown = _some(one.ties, SHOWN)
    cheap = (
        "it is also the cheapest of these" if one.cheapest == one.best else f"{one.cheapest} is the cheapest of these"
    )
    said = f"{one.best} is highest{gain}, and can't be told from {shown}; {cheap}."
    if board.baseline in one.ties:
        said += f" {_capital(board.baseline)} augmentation is among them: nothing here is surely better than that."
    return said


def _of(one: Advice) -> str:
    """The shots, and how many methods were run there: the best of few is the best of those."""
    return f"{_capital(shots_in_words(one.shots))} ({one.methods} {'method' if one.methods == 1 else 'methods'})"


def _some(names: Sequence[str], number: int) -> str:
    more = len(names) - number
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:number])} and {more} more"


def _added(one: Advice) -> str:
    if one.more is None or one.more.interval is None:
        return ""
    sure = "surely more than" if one.more.interval[0] > 0 else "but can't be told from"
    return f" That is {_points(one.more)} over the budget before, {sure} its best."


def _gain(board: DataBoard, one: Advice, gain: Mean | None) -> str:
    if one.best == board.baseline:
        return "baseline"
    return _said(gain) if gain else NOTHING


def _said(mean: Mean) -> str:
    return f"{points(mean.mean)} ({points_interval(mean.interval)})" if mean.interval else points(mean.mean)


def _points(mean: Mean) -> str:
    return f"{points(mean.mean)} points" + (f" ({points_interval(mean.interval)})" if mean.interval else "")


def _seconds(seconds: float | None) -> str:
    return NOTHING if seconds is None else fixed(seconds, 0)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
