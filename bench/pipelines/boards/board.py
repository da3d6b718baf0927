"""From score cards to a `Leaderboard`: every number that a board shows, computed here and nowhere else."""

import numpy as np

from bench import __version__
from bench.core.dataset_version import DatasetVersion
from bench.core.leaderboard import Cell, Column, Distances, Leaderboard, Row, check_one_board
from bench.core.score import ScoreCard
from bench.core.track import Track
from bench.pipelines.boards.arms import arm_gains, arm_rows, seeds_of, variants
from bench.pipelines.boards.commands import of_card
from bench.pipelines.boards.fits import Accuracies, Found, Lines
from bench.pipelines.boards.parts import check_whole, columns_of
from bench.pipelines.boards.ranks import Ranks, ranks_of_cards

FLAGGED = 10
Z95 = 1.959963984540054


def leaderboard(
    track: Track, cards: tuple[ScoreCard, ...], *, distances: Distances | None, version: DatasetVersion | None
) -> Leaderboard:
    """The board of `cards` (listed ones of one track and one set of digests), best mean shifted accuracy first.

    DataError for no cards, cards of different digests, and a card without a headline set.
    """
    check_whole(track, cards)
    check_one_board(cards)
    ordered = sorted(cards, key=lambda card: (-shifted_accuracy(track, card), card.slug))
    ranks = ranks_of_cards(ordered, track.headline.sets)
    lines = Lines.of(track, Accuracies.of(track, cards))
    robustness = lines.robustness()
    arms = arm_rows(track, cards)
    gains = arm_gains(track, cards)
    return Leaderboard(
        track=track.name,
        title=track.title,
        question=track.question,
        summary=" ".join([_summary(track, ordered, arms, gains), tie_sentence(ranks)]).strip(),
        software=__version__,
        classes=len(track.classes),
        class_names=tuple(one.name for one in track.classes),
        columns=tuple(Column(**said) for said, _ in columns_of(track, cards)),
        rows=_rows(track, ordered, ranks, robustness),
        fits=lines.fits(),
        ranking=ranks.ranking,
        arms=arms,
        gains=gains,
        distances=distances,
        version=version,
        notes=_notes(track, cards, arms, distances) + robustness_notes(lines, robustness),
    )


def shifted_accuracy(track: Track, card: ScoreCard) -> float:
    """The headline: unweighted mean of top-1 over the headline sets, a fraction."""
    return float(np.mean([card.sets[name].top1 for name in track.headline.sets]))


def _shifted_interval(track: Track, card: ScoreCard) -> tuple[float, float]:
    """95 % normal interval of the headline mean; the sets' images are drawn independently."""
    scores = [card.sets[name] for name in track.headline.sets]
    variance = sum(score.top1 * (1 - score.top1) / score.n for score in scores) / len(scores) ** 2
    middle, half = shifted_accuracy(track, card), Z95 * variance**0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def _rows(track: Track, ordered: list[ScoreCard], ranks: Ranks, robustness: Found) -> tuple[Row, ...]:
    seeds, variant = seeds_of(tuple(ordered)), variants(tuple(ordered))
    rows = []
    for index, card in enumerate(ordered):
        extra = {
            "rank_interval": ranks.intervals[index],
            "band": ranks.bands[index],
            "ties_first": ranks.ties_first[index],
            "seeds": seeds.get(card.slug),
            "variant": variant.get(card.slug, ""),
            "robustness": robustness[card.slug],
        }
        rows.append(_row(track, card, index + 1, extra))
    return tuple(rows)


def _row(track: Track, card: ScoreCard, rank: int, extra: dict) -> Row:
    run = card.declaration.training
    return Row(
        **extra,
        rank=rank,
        slug=card.slug,
        title=card.title,
        model=card.model,
        role=card.role,
        arch=card.declaration.arch,
        arm=run.arm if run else "unknown",
        match=run.match if run else "",
        seed=run.seed if run else 0,
        parameters=card.declaration.parameters,
        preprocessing=card.preprocessing,
        shifted=shifted_accuracy(track, card),
        shifted_interval=_shifted_interval(track, card),
        cells={
            name: Cell(
                n=score.n,
                top1=score.top1,
                top5=score.top5,
                interval=score.interval,
                correct=score.correct,
                predictions_digest=score.predictions_digest,
            )
            for name, score in card.sets.items()
        },
        command=of_card(track, card),
    )


def _summary(track: Track, ordered: list[ScoreCard], arms, gains) -> str:
    real = next((arm for arm in arms if arm.arm == "real"), None)
    mixed = next((arm for arm in arms if arm.arm == "mixed" and arm.match == "steps"), None)
    gain = next((one for one in gains if mixed and real and (one.label, one.baseline) == (mixed.label, "real")), None)
    if real and mixed and gain:
        verb = "lifts" if gain.shifted.mean > 0 else "lowers"
        return (
            f"At equal optimizer steps, adding generated images to the real ones {verb} mean shifted accuracy"
            f" from {_percent(real.shifted.mean)} to {_percent(mixed.shifted.mean)} % and moves in-distribution"
            f" accuracy from {_percent(real.sets[track.in_distribution].mean)}"
            f" to {_percent(mixed.sets[track.in_distribution].mean)} %."
        )
    best = ordered[0]
    return f"{best.title} has the highest mean shifted accuracy, {_percent(shifted_accuracy(track, best))} %."


def tie_sentence(ranks: Ranks) -> str:
    """How many models cannot be told from the first, in words; nothing for a board of one."""
    models, tied = len(ranks.bands), ranks.ranking.tied
    if models < 2:
        return ""
    if tied == 1:
        return "The first model is separable from every other one."
    if tied == models:
        return f"The data cannot tell any of the {models} models from the first."
    return f"The data cannot tell {tied - 1} other {'model' if tied == 2 else 'models'} from the first."


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f}"


def _notes(track: Track, cards, arms, distances: Distances | None) -> tuple[str, ...]:
    notes = []
    seeds = min((arm.shifted.n for arm in arms), default=0)
    if seeds == 1:
        notes.append("Each arm was trained with one seed: differences between arms have no interval.")
    if any(name not in track.headline.sets for name in track.shifted) and any(arm.arm != "real" for arm in arms):
        notes.append(
            "The set “Generated” comes from the generator that made the synthetic training images: for arms that"
            " trained on them it is in distribution, and it is left out of mean shifted accuracy."
        )
    flagged = [card for card in cards if card.role == "submitted" and card.flags]
    notes += [f"{card.title}: {flag}." for card in flagged[:FLAGGED] for flag in card.flags]
    if len(flagged) > FLAGGED:
        notes.append(f"{len(flagged) - FLAGGED} more submissions carry such a caveat; their cards say which.")
    if distances is None:
        notes.append("No FID table: the image sets behind these cards are not on this machine.")
    return tuple(notes)


def robustness_notes(lines: Lines, robustness: Found) -> tuple[str, ...]:
    """What a reader must know of the lines: extrapolation, zeros, or that there is none."""
    flags = [[one for by in found.values() for one in by.values()] for found in robustness.values()]
    outside = sum(any(one.extrapolated for one in found) for found in flags)
    zeros = sum(any(one.zero for one in found) for found in flags)
    notes = []
    if outside:
        notes.append(
            f"{_models(outside)} outside the fitted range of in-distribution accuracy on at least one"
            " line; their effective robustness is an extrapolation and is marked."
        )
    if zeros:
        notes.append(f"{_models(zeros)} at exactly 0 on a shifted set, where the logit line depends on the clip.")
    if lines.population < 3:
        notes.append("Fewer than three standard models: no robustness line is fitted.")
    return tuple(notes)


def _models(count: int) -> str:
    return f"{count} model lies" if count == 1 else f"{count} models lie"
