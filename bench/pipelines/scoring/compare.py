"""`compare`: two submissions on the same images: how far apart, how surely, and where."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.core.errors import BenchError, DataError, UsageError
from bench.core.record import Record
from bench.core.registry import unknown
from bench.core.score import ScoreCard
from bench.core.track import Track
from bench.metrics.paired import Comparison, Pair, compare_means, compare_on_set, holm, mcnemar, paired_bootstrap
from bench.pipelines.boards.ranks import answers
from bench.pipelines.scoring.score import score
from bench.pipelines.tracks import open_set
from bench.store.cards import read_card, read_cards
from bench.store.paths import leaderboards_folder

RESAMPLES = 10_000
SEED = 0
SHOWN = 8  # classes and images that the text shows


class ClassDifference(Record):
    """One class of one set: images that only A and only B named correctly, with their ids; p by Holm over classes."""

    set: str
    class_id: str
    name: str
    n: int
    a_only: int
    b_only: int
    p: float
    a_only_ids: tuple[str, ...]
    b_only_ids: tuple[str, ...]


class SetDifference(Record):
    """One set: accuracies, A - B with its 95 % interval, the images that divide the two, the exact McNemar p.

    `p_together` is that p adjusted for the number of sets (Holm).
    """

    set: str
    n: int
    a: float
    b: float
    difference: float
    interval: tuple[float, float]
    a_only: int
    b_only: int
    p: float
    p_together: float


class Compared(Record):
    """A - B on the headline mean and on every set that both have, all as fractions.

    `interval` and `p` come from the paired variance, `bootstrap` is the stratified paired percentile interval.
    `separable`: p < 0.05 for this one pair, chosen beforehand; a board's ranks allow for all pairs at once.
    """

    a: str
    b: str
    track: str
    headline: tuple[str, ...]
    difference: float
    interval: tuple[float, float]
    bootstrap: tuple[float, float]
    p: float
    separable: bool
    sets: tuple[SetDifference, ...]
    classes: tuple[ClassDifference, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        verdict = "different" if self.separable else "not separable"
        lines = [
            f"A  {self.a}",
            f"B  {self.b}",
            f"mean over {', '.join(self.headline)}: A - B = {_points(self.difference)} points,"
            f" 95 % interval {_span(self.interval)} (bootstrap {_span(self.bootstrap)}),"
            f" p {_chance(self.p)}: {verdict}",
            f"  {'set':<14}{'n':>7}{'A':>8}{'B':>8}{'A - B':>8}  95 % interval   only A  only B  p",
        ]
        lines += [
            f"  {one.set:<14}{one.n:>7}{100 * one.a:>8.2f}{100 * one.b:>8.2f}{_points(one.difference):>8}"
            f"  {_span(one.interval):<14}{one.a_only:>8}{one.b_only:>8}  {one.p:.2g}"
            for one in self.sets
        ]
        if self.classes:
            lines.append(f"where they differ most, of {len(self.classes)} classes and sets:")
        for one in self.classes[:SHOWN]:
            ids = [f"A {image}" for image in one.a_only_ids[:2]] + [f"B {image}" for image in one.b_only_ids[:2]]
            lines.append(
                f"  {one.set:<14}{one.name:<16} only A {one.a_only:>4}  only B {one.b_only:>4}  of {one.n:>5}"
                f"  p = {one.p:.2g}  {', '.join(ids)}"
            )
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])


def compare(a: str, b: str, track: Track, *, data_root: Path, board_dir: Path | None = None) -> Compared:
    """Two submissions by slug, title, model, card file or prediction file, on every set that both answered.

    DataError for cards of other tracks or digests; UsageError for a name that is on no card.
    """
    folder = (board_dir or leaderboards_folder()) / track.name / "results"
    cards = [_find(name, track, folder, data_root) for name in (a, b)]
    sets = [name for name in track.sets if all(name in card.sets for card in cards)]
    _check(cards, sets, track)
    headline = tuple(name for name in track.headline.sets if name in sets) or tuple(sets)
    bits = {name: _bits(cards, name) for name in sets}
    pairs = {name: Pair.of(*bits[name]) for name in sets}
    whole = compare_means([pairs[name] for name in headline])
    classes, note = _classes(track, cards, bits, data_root)
    missing = [name for name in track.headline.sets if name not in headline]
    return Compared(
        a=cards[0].title,
        b=cards[1].title,
        track=track.name,
        headline=headline,
        difference=whole.difference,
        interval=whole.interval,
        bootstrap=paired_bootstrap([pairs[name] for name in headline], resamples=RESAMPLES, seed=SEED),
        p=whole.p,
        separable=whole.p < 0.05,
        sets=_by_set(cards, pairs),
        classes=classes,
        notes=(*note, *(f"not compared on {name}: one of them has no answers" for name in missing)),
    )


def _find(name: str, track: Track, folder: Path, data_root: Path) -> ScoreCard:
    path = Path(name)
    if path.suffix == ".json":
        return read_card(path)
    if path.suffix in (".parquet", ".csv"):
        return score([path], track=track, data_root=data_root)[0]
    cards = read_cards(folder)
    by = [[card for card in cards if getattr(card, which) == name] for which in ("slug", "model", "title")]
    found = next((cards for cards in by if cards), [])
    if len(found) > 1:
        raise UsageError(
            f"{name!r} names {len(found)} cards: {', '.join(card.slug for card in found[:3])}; give a slug"
        )
    if not found:
        known = [word for card in cards for word in (card.slug, card.title)]
        raise UsageError(f"{unknown(name, known=known, kind=f'submission of track {track.name}')} (or a card's file)")
    return found[0]


def _check(cards: Sequence[ScoreCard], sets: Sequence[str], track: Track) -> None:
    for card in cards:
        if card.track != track.name:
            raise DataError(f"{card.slug}: a card of the track {card.track!r}, not {track.name!r}")
    if not sets:
        have = " and ".join(", ".join(card.sets) or "none" for card in cards)
        raise DataError(f"{cards[0].slug} and {cards[1].slug}: no set in common, they have {have}")
    for name in sets:
        first, second = (card.sets[name].dataset_digest for card in cards)
        if first != second:
            raise DataError(
                f"{cards[1].slug}: set {name!r} has digest {second[:19]}…, {cards[0].slug} has {first[:19]}…;"
                " score both on the same data"
            )


def _bits(cards: Sequence[ScoreCard], name: str) -> list[np.ndarray]:
    answers(list(cards), name)  # refuses bits that are not the accuracy
    return [card.sets[name].bits() for card in cards]


def _by_set(cards: Sequence[ScoreCard], pairs: dict[str, Pair]) -> tuple[SetDifference, ...]:
    found: dict[str, Comparison] = {name: compare_on_set(pair) for name, pair in pairs.items()}
    together = holm(np.array([one.p for one in found.values()]))
    return tuple(
        SetDifference(
            set=name,
            n=pairs[name].n,
            a=cards[0].sets[name].top1,
            b=cards[1].sets[name].top1,
            difference=one.difference,
            interval=one.interval,
            a_only=pairs[name].a_only,
            b_only=pairs[name].b_only,
            p=one.p,
            p_together=float(adjusted),
        )
        for (name, one), adjusted in zip(found.items(), together, strict=True)
    )


def _classes(
    track: Track, cards: Sequence[ScoreCard], bits: dict[str, list[np.ndarray]], data_root: Path
) -> tuple[tuple[ClassDifference, ...], list[str]]:
    """Every class of every set on which the two differ, most divided first; a note for sets that are not here."""
    rows, absent = [], []
    for name, (a, b) in bits.items():
        try:
            images = open_set(track, name, data_root=data_root)
        except BenchError:
            absent.append(name)
            continue
        if images.digest != cards[0].sets[name].dataset_digest:
            absent.append(name)
            continue
        order = np.argsort(np.array(images.ids), kind="stable")
        ids, labels = np.array(images.ids, dtype=object)[order], np.asarray(images.labels)[order]
        for index in np.unique(labels):
            here = labels == index
            only_a, only_b = ids[here & a & ~b], ids[here & b & ~a]
            if len(only_a) + len(only_b):
                rows.append((name, track.classes[int(index)], int(here.sum()), tuple(only_a), tuple(only_b)))
    adjusted = holm(np.array([mcnemar(len(only_a), len(only_b)) for *_, only_a, only_b in rows]))
    found = [
        ClassDifference(
            set=name,
            class_id=item.id,
            name=item.name,
            n=n,
            a_only=len(only_a),
            b_only=len(only_b),
            p=float(p),
            a_only_ids=only_a,
            b_only_ids=only_b,
        )
        for (name, item, n, only_a, only_b), p in zip(rows, adjusted, strict=True)
    ]
    found.sort(key=lambda one: (-abs(one.a_only - one.b_only), one.set, one.class_id))
    return tuple(found), [f"by class not without the images of {', '.join(absent)}"] if absent else []


def _chance(p: float) -> str:
    return f"= {p:.2g}" if p else "< 1e-300"


def _points(fraction: float) -> str:
    return f"{100 * fraction:+.2f}"


def _span(interval: tuple[float, float]) -> str:
    return f"{100 * interval[0]:+.1f} to {100 * interval[1]:+.1f}"
