"""`wilds-table`: a method on the three datasets beside the leaderboard and a rerun of its baseline."""

from pathlib import Path

from bench.core.errors import UsageError
from bench.core.registry import unknown
from bench.core.wilds import Quoted, Spread, WildsTrack
from bench.core.wilds_board import Poster, PosterCell, PosterRow
from bench.core.wilds_card import WildsCard
from bench.pipelines.wilds.tracks import load_wilds, wilds_names
from bench.reports import wilds_latex, wilds_poster
from bench.store.paths import leaderboards_folder
from bench.store.wilds_cards import read_wilds_cards

LEADERBOARD = {
    "iwildcam": "CORAL",
    "poverty": "leaderboard, as GFlowAug's poster has it",
    "globalwheat": "ERM",
}


def poster(method: str, baseline: str, *, leaderboard: str | None = None, board_dir: Path | None = None) -> Poster:
    """The table of `method` and `baseline`, each the title of a card or the name of a published row.

    Names may be alternatives, `A|B`, as where a baseline is another algorithm on another dataset.
    `leaderboard`: the published row of the first column (default: that of GFlowAug's poster). UsageError, with the
    nearest names, for what no dataset knows.
    """
    rows, known = [], set()
    folder = board_dir or leaderboards_folder()
    for name in wilds_names():
        track = load_wilds(name)
        cards = read_wilds_cards(folder / name / "results")
        known |= {card.title for card in cards} | {row.method for row in track.published}
        found = [_cell(one, track, cards) for one in (leaderboard or LEADERBOARD[name], baseline, method)]
        if any(cell.spread for cell in found[1:]):
            rows.append(_row(track, *found))
    for one in (method, baseline, *([leaderboard] if leaderboard else [])):
        if not _matches(one, known):
            raise UsageError(unknown(one, known=known, kind="method or title"))
    return Poster(rows=tuple(rows))


def poster_text(found: Poster, *, latex: bool = False) -> str:
    """The table as Markdown or LaTeX."""
    return wilds_latex.poster(found) if latex else wilds_poster.render(found)


def _row(track: WildsTrack, leaderboard: PosterCell, baseline: PosterCell, method: PosterCell) -> PosterRow:
    figure = track.metrics[track.headline.metric]
    row = PosterRow(
        title=track.title,
        metric=figure.title,
        percent=figure.percent,
        official=len(track.replicates),
        replicate=track.replicate,
        leaderboard=leaderboard,
        baseline=baseline,
        method=method,
        warnings=(),
    )
    return row.model_copy(update={"warnings": tuple(_warnings(row))})


def _warnings(row: PosterRow) -> list[str]:
    """What the row's numbers cannot say."""
    warnings = []
    for what, cell in (("the baseline", row.baseline), ("the method", row.method)):
        n = cell.spread.n if cell.spread else None
        if cell.spread is None:
            warnings.append(f"no figure for {what}")
        elif n is not None and n < row.official:
            warnings.append(f"{what} is over {n} {row.replicate}{'s' if n > 1 else ''}, official are {row.official}")
    a, b = row.method.spread, row.baseline.spread
    if a and b:
        gap, spread = abs(a.mean - b.mean), row.leaderboard.spread.std if row.leaderboard.spread else None
        if min(a.n or 1, b.n or 1) < 2:
            warnings.append("one replicate has no deviation of its own, so the difference may be chance")
        if spread is not None and gap < 2 * spread and row.replicate == "seed":
            scale, unit = (100, " points") if row.percent else (1, "")
            warnings.append(
                f"method and baseline are {scale * gap:.2g}{unit} apart, less than two of the leaderboard's deviations"
                f" ({scale * spread:.2g})"
            )
    if row.replicate == "fold" and {row.baseline.spread and row.baseline.spread.n, a and a.n} != {row.official}:
        warnings.append("figures over other folds are not comparable: each fold has other test countries")
    return warnings


def _cell(name: str, track: WildsTrack, cards: tuple[WildsCard, ...]) -> PosterCell:
    """The card of that title, or else the published row of that name; an empty cell where there is neither."""
    split, metric = track.headline.split, track.headline.metric
    card = next((card for card in cards if _matches(name, {card.title})), None)
    if card is not None and split in card.values:
        return PosterCell(method=card.title, quoted=False, spread=card.spread(split, metric))
    quoted: Quoted | None = next((row for row in track.published if _matches(name, {row.method})), None)
    spread: Spread | None = quoted.results.get(split, {}).get(metric) if quoted else None
    return PosterCell(method=quoted.method if quoted else name, quoted=quoted is not None, spread=spread)


def _matches(name: str, known: set[str]) -> bool:
    return any(part.strip() in known for part in name.split("|"))
