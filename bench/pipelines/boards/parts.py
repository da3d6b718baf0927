"""What the boards of classifiers and of detectors have in common: whole cards, and what a column says of its set."""

from collections.abc import Iterator, Sequence
from typing import Any

from bench.core.errors import DataError
from bench.core.track import Track


def check_whole(track: Track, cards: Sequence[Any]) -> None:
    """DataError for no cards, and for a card without a set that the headline needs."""
    if not cards:
        raise DataError(f"track {track.name}: no listed score card; submit a model first")
    for card in cards:
        missing = [name for name in (track.in_distribution, *track.headline.sets) if name not in card.sets]
        if missing:
            raise DataError(f"{card.slug}: no score on {', '.join(missing)}; submit it again on the whole track")


def columns_of(track: Track, cards: Sequence[Any]) -> Iterator[tuple[dict[str, Any], Any]]:
    """What every board says of a set that some card has a score on, in the track's order; and one of those scores."""
    for name, spec in track.sets.items():
        score = next((card.sets[name] for card in cards if name in card.sets), None)
        if score is not None:
            said = {
                "name": name,
                "title": spec.title,
                "about": spec.about,
                "n": score.n,
                "digest": score.dataset_digest,
                "headline": name in track.headline.sets,
                "in_distribution": name == track.in_distribution,
            }
            yield said, score
