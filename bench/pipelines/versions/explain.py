"""`explain`: why a submission is, or is not, on a track's board."""

import shlex
from collections import Counter
from pathlib import Path

from bench.core.errors import UsageError
from bench.core.model_ref import slug_of
from bench.core.record import Record
from bench.core.registry import unknown
from bench.core.score import ScoreCard, State
from bench.core.track import Track
from bench.store.cards import CARDS, read_cards
from bench.store.paths import leaderboards_folder

STATES: tuple[State, ...] = ("received", "valid", "scored", "listed", "rejected")


class Explanation(Record):
    """One submission: its state, why, and what to do about it; `passed` are the states that it came through."""

    name: str
    state: State
    passed: tuple[State, ...]
    reason: str
    remedy: str
    flags: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.state}", f"  passed: {', '.join(self.passed)}", f"  why: {self.reason}"]
        lines += [f"  what to do: {self.remedy}"] if self.remedy else []
        return "\n".join([*lines, *(f"  note: {flag}" for flag in self.flags)])


def explain(name: str, *, track: Track, data_root: Path, board_dir: Path | None = None) -> Explanation:
    """The state of the submission that `name` (model, title, slug, or file name of the card) stands for.

    UsageError, with the nearest known names, where nothing of that name was received.
    """
    folder = (board_dir or leaderboards_folder()) / track.name / "results"
    cards = read_cards(folder, CARDS[track.task])
    for card in cards:
        if name in (card.model, card.title, card.slug, f"{card.slug}.json"):
            return _of_card(card, cards, track)
    files = sorted((data_root / "predictions" / track.name / slug_of(name)).glob("*.parquet"))
    if files:
        return Explanation(
            name=name,
            state="received",
            passed=("received",),
            reason=f"{len(files)} prediction files are here, no card was made of them",
            remedy=f"imagenet-g submit {shlex.quote(name)} --track {track.name}",
        )
    known = {card.title for card in cards} | {card.model for card in cards}
    raise UsageError(
        f"{unknown(name, known=known, kind=f'submission on track {track.name}')}; nothing of that name was received:"
        f" imagenet-g submit MODEL --track {track.name}"
    )


def _of_card(card: ScoreCard, cards: tuple[ScoreCard, ...], track: Track) -> Explanation:
    reason, _, remedy = card.reason.rpartition("; ") if card.state == "rejected" else (card.reason, "", "")
    passed: tuple[State, ...] = ("received", "valid", "scored") if card.sets else ("received",)
    state: State = card.state
    strange = _other_data(card, cards) if state == "listed" else None
    if strange:
        reason, remedy = (
            strange,
            f"imagenet-g submit {shlex.quote(card.model)} --track {track.name}, with the board's data",
        )
    elif state == "listed":
        passed = (*passed, "listed")
    return Explanation(
        name=card.title,
        state="scored" if strange else state,
        passed=passed,
        reason=reason or card.reason,
        remedy=remedy,
        flags=card.flags,
    )


def _other_data(card: ScoreCard, cards: tuple[ScoreCard, ...]) -> str | None:
    """Why a card that says `listed` cannot stand with the others: it was scored on other data than most."""
    for name, digest in card.dataset_digests.items():
        most = Counter(
            one.dataset_digests[name] for one in cards if one.state == "listed" and name in one.dataset_digests
        ).most_common(1)[0][0]
        if digest != most:
            return f"the set {name} has digest {digest[:19]}…, most cards of the board have {most[:19]}…"
    return None
