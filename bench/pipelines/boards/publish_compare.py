"""`publish --compare`: how the ranks of the same models move between two versions of a board's data."""

from pathlib import Path

import numpy as np

from bench.core.dataset_version import DatasetVersion
from bench.core.errors import DataError
from bench.core.leaderboard import check_one_board
from bench.core.record import Record
from bench.core.score import ScoreCard
from bench.core.track import Track
from bench.metrics.rank_agreement import kendall_tau
from bench.metrics.ranks import separated
from bench.pipelines.boards.board import shifted_accuracy
from bench.pipelines.boards.editions import FOLDER
from bench.pipelines.boards.kept import VERSION, Beside
from bench.pipelines.boards.ranks import answers
from bench.store.cards import read_cards
from bench.store.paths import leaderboards_folder

SHOWN = 8


class Move(Record):
    """One model: its rank and mean shifted accuracy in both versions; `rank` differences count places gained."""

    slug: str
    title: str
    ranks: tuple[int, int]
    shifted: tuple[float, float]

    @property
    def places(self) -> int:
        """Places gained from the first version to the second."""
        return self.ranks[0] - self.ranks[1]


class RankMoves(Record):
    """Two versions on the models that both have: Kendall's tau-b with its 95 % interval, and every model's move.

    `swapped`: pairs in another order; `reversals`: those of them that both versions separate, each in its way.
    """

    track: str
    versions: tuple[str, str]
    changed: tuple[str, ...]
    only: tuple[tuple[str, ...], tuple[str, ...]]
    tau: float | None
    interval: tuple[float, float] | None
    pairs: int
    swapped: int
    reversals: int
    moves: tuple[Move, ...]

    def __str__(self) -> str:
        first, second = self.versions
        span = f" (95 % interval {self.interval[0]:.3f} to {self.interval[1]:.3f})" if self.interval else ""
        tau = "not defined" if self.tau is None else f"{self.tau:.3f}{span}"
        lines = [
            f"{self.track}, {first} to {second}: {len(self.moves)} models in both; other data on"
            f" {', '.join(self.changed) or 'no set'}",
            f"Kendall's tau {tau}; {self.swapped} of {self.pairs} pairs change order, {self.reversals} of them beyond"
            " chance in both",
        ]
        for version, slugs in zip(self.versions, self.only, strict=True):
            if slugs:
                lines.append(f"only in {version}: {len(slugs)}, such as {', '.join(slugs[:3])}")
        moved = [move for move in self.moves if move.places]
        lines += ["biggest movers:"] if moved else ["no model changes its rank"]
        lines += [
            f"  {move.places:+4d}  {move.ranks[0]:>4} to {move.ranks[1]:<4}"
            f" {100 * move.shifted[0]:6.2f} to {100 * move.shifted[1]:6.2f} %  {move.title}"
            for move in moved[:SHOWN]
        ]
        return "\n".join(lines)


def rank_moves(track: Track, first: str, second: str, *, board_dir: Path | None = None) -> RankMoves:
    """How ranks by mean shifted accuracy move between two versions of a track's data.

    A version is a folder of cards (or one with `results/` in it), or a name: `<board>/editions/<name>/results`, or
    the one that the board now shows. DataError where there are no cards, or fewer than 2 models in both.
    """
    board = (board_dir or leaderboards_folder()) / track.name
    sides = [_cards(track, name, board) for name in (first, second)]
    common = sorted(sides[0].keys() & sides[1].keys())
    if len(common) < 2:
        raise DataError(f"{first} and {second}: {len(common)} models in both, expected at least 2; score more on both")
    cards = [[side[slug] for slug in common] for side in sides]
    values = [np.array([shifted_accuracy(track, card) for card in side]) for side in cards]
    better = [separated([answers(side, name) for name in track.headline.sets]) for side in cards]
    ahead, then = (np.sign(v[:, None] - v[None, :]) for v in values)
    agreement = kendall_tau(*values)
    return RankMoves(
        track=track.name,
        versions=(first, second),
        changed=_changed(track, cards[0][0], cards[1][0]),
        only=tuple(tuple(sorted(sides[k].keys() - sides[1 - k].keys())) for k in (0, 1)),
        tau=agreement.tau,
        interval=agreement.interval,
        pairs=len(common) * (len(common) - 1) // 2,
        swapped=int((ahead * then < 0).sum()) // 2,
        reversals=int((better[0] & better[1].T).sum()),
        moves=_moves(cards[0], values),
    )


def _moves(cards: list[ScoreCard], values: list[np.ndarray]) -> tuple[Move, ...]:
    """Every model's move, the largest first."""
    slugs = [card.slug for card in cards]
    ranks = [_ranks(one, slugs) for one in values]
    moves = [
        Move(
            slug=card.slug,
            title=card.title,
            ranks=(ranks[0][i], ranks[1][i]),
            shifted=(float(values[0][i]), float(values[1][i])),
        )
        for i, card in enumerate(cards)
    ]
    return tuple(sorted(moves, key=lambda move: (-abs(move.places), move.slug)))


def _cards(track: Track, name: str, board: Path) -> dict[str, ScoreCard]:
    """The listed cards of one version, by slug, each with every headline set and one set of digests."""
    folders = [Path(name) / "results", Path(name), board / FOLDER / name / "results"]
    folder = next((one for one in folders if any(one.glob("*.json")) and one.is_dir()), None)
    if folder is None and name in ("current", _shown(board)):
        folder = board / "results"
    cards = [card for card in read_cards(folder) if card.state == "listed"] if folder else []
    if not cards:
        places = ", ".join(map(str, folders))
        raise DataError(f"version {name!r}: no listed score card in {places}; name a folder of cards")
    check_one_board(tuple(cards))
    for card in cards:
        if card.track != track.name:
            raise DataError(f"{card.slug}: a card of the track {card.track!r}, not {track.name!r}")
        missing = [one for one in track.headline.sets if one not in card.sets]
        if missing:
            raise DataError(f"{card.slug} in {name}: no score on {', '.join(missing)}; score it on the whole track")
    return {card.slug: card for card in cards}


def _shown(board: Path) -> str | None:
    """The dataset version that the board shows now, as "1.0.0"."""
    version = Beside(board, board, write=False).read(DatasetVersion, VERSION)
    return version.reference.rpartition("@")[2] if version else None


def _ranks(values: np.ndarray, slugs: list[str]) -> list[int]:
    order = sorted(range(len(slugs)), key=lambda i: (-values[i], slugs[i]))
    places = {i: place for place, i in enumerate(order, start=1)}
    return [places[i] for i in range(len(slugs))]


def _changed(track: Track, first: ScoreCard, second: ScoreCard) -> tuple[str, ...]:
    one, other = first.dataset_digests, second.dataset_digests
    return tuple(name for name in track.sets if {name} <= one.keys() & other.keys() and one[name] != other[name])
