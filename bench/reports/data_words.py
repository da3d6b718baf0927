"""What page, Markdown and LaTeX of a data leaderboard say alike: heads, rows and sentences, as plain text."""

from bench.core.data_board import DataBoard, DataRow, ShotResult
from bench.core.leaderboard import Mean
from bench.reports.numerals import NOTHING, fixed, percent, percent_interval, points, points_interval

TIED = "≈"
Table = tuple[list[str], list[list[str]]]


def main_table(board: DataBoard) -> Table:
    """Head and rows: method, mean gain under shift and in distribution, shifted accuracy at the compared shots.

    The columns after these are of the last of the compared shots.
    """
    shots = board.compared_shots
    head = ["", "method", f"gain over {board.baseline}, shifted", "gain, in distribution"]
    head += [f"shifted, {shots_in_words(one)}" for one in shots]
    head += ["in distribution" if len(shots) == 1 else f"in distribution, {shots_in_words(shots[-1])}"]
    head += ["effective robustness", "FID", "consistency", "seconds a cell", "generator passes"]
    rows = []
    for row in board.rows:
        by_shots = {one.shots: one for one in row.results}
        if not by_shots.keys() & set(shots):
            continue  # its own table has it
        last = by_shots.get(shots[-1])
        rows.append(
            [
                TIED if row.ties_first else "",
                row.method,
                _gain(board, row, row.gain),
                _gain(board, row, row.gain_inside),
                *(accuracy(by_shots[one].shifted) if one in by_shots else NOTHING for one in shots),
                accuracy(last.sets[_inside(board)]) if last else NOTHING,
                _with(last.robustness, points, points_interval) if last else NOTHING,
                *(figures(last) if last else [NOTHING] * 4),
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
        f"Gain: points over {board.baseline} augmentation on the same shots{_over(board)}, with the paired 95 % t"
        f" interval over trials. {TIED}: can't be told from the first method so; among those that have as many trials"
        " as any, that is.",
        "Budgets. " + "; ".join(budgets) + ".",
        "FID: Fréchet distance of the oracle's features of the images that were made to those of the in-distribution"
        " test set, at the largest number of shots; it falls with the number of images, so compare within a column."
        " Consistency: the share whose class the oracle reads.",
        "Seconds: processor time of one core for learning, drawing and training one cell; passes: one image through"
        " the generator's network once.",
        "Effective robustness: points above what the track's standard models have at its accuracy in distribution.",
    ]


def _over(board: DataBoard) -> str:
    """Which numbers of shots the mean gain is over, where there are several on the board."""
    if len(board.protocols) < 2:
        return ""
    return f", mean over {' and '.join(map(shots_in_words, board.compared_shots))}"


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
