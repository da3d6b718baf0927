"""What page, Markdown and LaTeX of a data leaderboard say alike: heads, rows and sentences, as plain text."""

from bench.core.data_board import Advice, DataBoard, DataRow, ShotResult
from bench.core.leaderboard import Mean
from bench.reports.numerals import NOTHING, fixed, percent, percent_interval, points, points_interval

TIED = "≈"
Table = tuple[list[str], list[list[str]]]


def main_table(board: DataBoard) -> Table:
    """Head and rows: method, mean gain under shift and in distribution, shifted accuracy at each number of shots."""
    shots = [one.shots for one in board.protocols]
    head = ["", "method", f"gain over {board.baseline}, shifted", "gain, in distribution"]
    head += [f"shifted, {shots_in_words(one)}" for one in shots]
    head += ["in distribution" if len(shots) == 1 else f"in distribution, {shots_in_words(shots[-1])}"]
    head += ["effective robustness", "FID", "consistency", "seconds a cell", "generator passes"]
    rows = []
    for row in board.rows:
        by_shots = {one.shots: one for one in row.results}
        last = row.results[-1]
        rows.append(
            [
                TIED if row.ties_first else "",
                row.method,
                _gain(board, row, row.gain),
                _gain(board, row, row.gain_inside),
                *(accuracy(by_shots[one].shifted) if one in by_shots else NOTHING for one in shots),
                accuracy(last.sets[_inside(board)]),
                _with(last.robustness, points, points_interval),
                *figures(last),
            ]
        )
    return head, rows


def figures(result: ShotResult) -> list[str]:
    """FID, consistency, seconds and passes through the generator of one result."""
    frechet = NOTHING if result.frechet is None else fixed(result.frechet.mean, 2)
    return [
        frechet,
        NOTHING if result.consistency is None else f"{percent(result.consistency.mean)} %",
        NOTHING if result.seconds is None else fixed(result.seconds.mean, 0),
        NOTHING if result.evaluations is None or not result.evaluations.mean else f"{result.evaluations.mean:,.0f}",
    ]


def shot_table(board: DataBoard, shots: int | None) -> Table:
    """Head and rows: accuracy of every method on every set at one number of shots, the last epoch's and the best."""
    head = ["method", "trials", "shifted", "gain", *(one.title for one in board.columns), "best epoch, in distribution"]
    rows = []
    for row in board.rows:
        for one in row.results:
            if one.shots == shots:
                cells = [accuracy(one.sets[column.name]) for column in board.columns]
                gain = _gain(board, row, one.gain)
                rows.append(
                    [row.method, str(len(one.trials)), accuracy(one.shifted), gain, *cells, percent(one.best.mean)]
                )
    return head, rows


def method_table(board: DataBoard) -> Table:
    """Head and rows: what each method is."""
    return ["method", "kind", "what it does"], [[row.method, row.kind, row.about] for row in board.rows]


def advice_lines(board: DataBoard) -> list[str]:
    """Which to use, a line for each number of shots; ties are said as ties."""
    return [
        f"{shots_in_words(one.shots)[0].upper()}{shots_in_words(one.shots)[1:]}: {_advice(one)}" for one in board.advice
    ]


def how_made(board: DataBoard) -> list[str]:
    """How to read the board, in sentences."""
    budgets = [
        f"{shots_in_words(one.shots)}: {one.steps} steps of {one.batch} images, {one.arch} from scratch, judged"
        f" {one.epochs} times, {one.per_image} image{'s' * (one.per_image > 1)} made for each real one"
        + (f", taking its place with probability {one.mix:g}" if one.mix is not None else ", beside the real ones")
        for one in board.protocols
    ]
    shifted = ", ".join(column.title for column in board.columns if not column.in_distribution)
    return [
        "Each trial draws its shots and its seed; all methods of a trial have the same shots, and fewer shots are among"
        " more. Shifted accuracy is the mean over " + shifted + ", after the last epoch.",
        f"Gain: points over {board.baseline} augmentation on the same shots, mean over shots, with the paired 95 % t"
        f" interval over trials. {TIED}: can't be told from the first method so.",
        "Budgets. " + "; ".join(budgets) + ".",
        "FID: Fréchet distance of the oracle's features of the images that were made to those of the in-distribution"
        " test set, at the largest number of shots; it falls with the number of images, so compare within a column."
        " Consistency: the share whose class the oracle reads.",
        "Seconds: processor time of one core for learning, drawing and training one cell; passes: one image through"
        " the generator's network once.",
        "Effective robustness: points above what the track's standard models have at its accuracy in distribution.",
    ]


def shots_in_words(shots: int | None) -> str:
    """`4 shots`, `1 shot`, `all real images`."""
    if shots is None:
        return "all real images"
    return f"{shots} shot{'s' * (shots > 1)}"


def accuracy(mean: Mean) -> str:
    """`61.2 (58.0 to 64.4)`, or the number alone where one trial has no interval."""
    # The t interval of a few trials may reach beyond what an accuracy can be.
    kept = mean.interval and (max(0.0, mean.interval[0]), min(1.0, mean.interval[1]))
    return _with(mean.model_copy(update={"interval": kept}), percent, percent_interval)


def _advice(one: Advice) -> str:
    if not one.told_apart:
        return f"{one.best} has the highest shifted accuracy; one trial tells nothing apart."
    if not one.ties:
        return f"{one.best}; every other method is surely below it."
    shown = ", ".join(one.ties[:5]) + (f" and {len(one.ties) - 5} more" if len(one.ties) > 5 else "")
    cheap = (
        "it is also the cheapest of these" if one.cheapest == one.best else f"{one.cheapest} is the cheapest of these"
    )
    return f"{one.best} is highest, and can't be told from {shown}; {cheap}."


def _gain(board: DataBoard, row: DataRow, gain: Mean | None) -> str:
    if row.method == board.baseline:
        return "baseline"
    return _with(gain, points, points_interval)


def _with(mean: Mean | None, number, interval) -> str:
    if mean is None:
        return NOTHING
    return f"{number(mean.mean)} ({interval(mean.interval)})" if mean.interval else number(mean.mean)


def _inside(board: DataBoard) -> str:
    return next(column.name for column in board.columns if column.in_distribution)
