"""From what was gathered of the images to the numbers of an audit."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from bench.core.audit import (
    FAINT,
    ClassAudit,
    Confusion,
    Content,
    Copies,
    Duplicates,
    Labels,
    Pair,
    Privacy,
    Share,
    TemplateAudit,
)
from bench.core.classes import ClassName
from bench.core.manifest import Item
from bench.core.verdict import Verdict
from bench.metrics.accuracy import proportion_interval
from bench.metrics.diversity import mean_pairwise_distance
from bench.metrics.neighbours import nearest
from bench.pipelines.audits.images import Gathered, Matches, match

QUANTILE = 0.01
SHOWN = 24
CONFUSIONS = 12
WORST_CLASSES = 5
_QUANTILES = (0, 0.01, 0.05, 0.25, 0.5, 0.75, 1)


def share(hits: np.ndarray | int, n: int) -> Share:
    """How many of `n`, with its interval."""
    count = int(np.sum(hits))
    return Share(count=count, n=n, interval=proportion_interval(count, n))


def privacy(
    made: Gathered, real: Gathered, held_out: Gathered | None, *, copies: Copies, names: dict[str, str]
) -> tuple[Privacy, dict[str, np.ndarray]]:
    """The nearest real image of each generated one, against how near real images are to each other; all distances.

    `names`: `real`, its `digest`, and `held_out` where there is one.
    """
    found = match(made, real, bits=copies.bits, difference_=copies.difference)
    among = nearest(real.features, real.features, itself=True)[0]
    threshold = float(np.quantile(among, QUANTILE))
    apart = {"generated": found.distance, "real": among}
    if held_out is not None:
        apart["held out"] = nearest(held_out.features, real.features)[0]
    measured = Privacy(
        real=names["real"],
        real_digest=names["digest"],
        real_images=len(real),
        quantile=QUANTILE,
        threshold=threshold,
        under=share(found.distance <= threshold, len(made)),
        held_out=names.get("held_out"),
        held_out_under=share(apart["held out"] <= threshold, len(held_out)) if held_out is not None else None,
        copies=share(found.same, len(made)),
        quantiles={name: tuple(np.quantile(values, _QUANTILES).tolist()) for name, values in apart.items()},
        pairs=_pairs(made, real, found),
    )
    return measured, apart


def duplicates(made: Gathered, items: Sequence[Item], *, copies: Copies) -> Duplicates:
    """Images that another image of the version repeats."""
    if len(made) < 2:
        return Duplicates(identical=0, alike=share(0, len(made)), across=0, pairs=())
    found = match(made, made, bits=copies.bits, difference_=copies.difference, itself=True)
    times = Counter(item.sha256 for item in items)
    splits = np.array([item.split for item in items])
    seen: set[frozenset[str]] = set()
    pairs = [pair for pair in _pairs(made, made, found, most=4 * SHOWN) if _new(pair, seen)]
    return Duplicates(
        identical=sum(times[item.sha256] > 1 for item in items),
        alike=share(found.same, len(made)),
        across=int((found.same & (splits != splits[found.index])).sum()),
        pairs=tuple(pairs[:SHOWN]),
    )


def labels(
    made: Gathered, known: Gathered | None, classes: Sequence[ClassName], *, classifier: str, digest: str
) -> Labels:
    """Does the classifier see what was asked for? `known`: real images with labels, to say how good it is itself."""
    assert made.probabilities is not None
    best = made.probabilities.argmax(axis=1)
    asked = made.probabilities[np.arange(len(made)), made.labels]
    wrong = np.flatnonzero(best != made.labels)
    confusions = Counter(zip(made.labels[wrong].tolist(), best[wrong].tolist(), strict=True))
    rates = {k: float((best[made.labels == k] == k).mean()) for k in np.unique(made.labels).tolist()}
    worst = sorted(rates, key=lambda k: (rates[k], k))[:WORST_CLASSES]
    accuracy = None
    if known is not None and known.probabilities is not None and (known.labels >= 0).any():
        rows = known.labels >= 0
        right = known.probabilities[rows].argmax(axis=1) == known.labels[rows]
        accuracy = share(right, int(rows.sum()))
    return Labels(
        classifier=classifier,
        classifier_digest=digest,
        consistent=share(best == made.labels, len(made)),
        above_chance=share(asked > 1 / len(classes), len(made)),
        accuracy=accuracy,
        confusions=tuple(
            Confusion(asked=classes[a].name, seen=classes[b].name, count=count)
            for (a, b), count in sorted(confusions.items(), key=lambda one: (-one[1], one[0]))[:CONFUSIONS]
        ),
        worst=tuple(classes[k].name for k in worst),
    )


def most_doubtful(made: Gathered) -> list[int]:
    """The images in which the classifier sees another class with the greatest confidence, most confident first."""
    if made.probabilities is None:
        return []
    best = made.probabilities.argmax(axis=1)
    wrong = np.flatnonzero(best != made.labels)
    return wrong[np.argsort(-made.probabilities[wrong, best[wrong]], kind="stable")][:SHOWN].tolist()


def content(
    made: Gathered, items: Sequence[Item], scores: dict[int, float], *, detector: str | None, below: float
) -> Content:
    """`scores`: what the detector said of the images that it was shown, by place."""
    verdicts = [Verdict.parse(item.verdict) for item in items]
    flagged = [place for place, score in scores.items() if score >= below]
    most = sorted((place for place in scores if scores[place] > 0), key=lambda place: (-scores[place], place))
    return Content(
        detector=detector,
        flagged=share(len(flagged), len(scores)) if scores else None,
        most=tuple(made.ids[place] for place in most[:SHOWN]),
        rejected=dict(sorted(Counter(name for verdict in verdicts for name in verdict.after).items())),
        despite=dict(sorted(Counter(name for verdict in verdicts for name in verdict.despite).items())),
        blank=share(made.spans == 0, len(made)),
        faint=share((made.spans > 0) & (made.spans <= FAINT), len(made)),
    )


def by_class(
    made: Gathered, real: Gathered | None, items: Sequence[Item], classes: Sequence[ClassName], flagged: dict[int, bool]
) -> tuple[ClassAudit, ...]:
    """Each class that has images."""
    rows = []
    for label, one in enumerate(classes):
        places = np.flatnonzero(made.labels == label)
        if len(places):
            known = real.features[real.labels == label] if real is not None else np.zeros((0, 1))
            rows.append(
                ClassAudit(
                    class_id=one.id,
                    name=one.name,
                    diversity=_diversity(made.features[places]),
                    real_diversity=_diversity(known),
                    **_counted(made, items, places.tolist(), flagged),
                )
            )
    return tuple(rows)


def by_template(made: Gathered, items: Sequence[Item], flagged: dict[int, bool]) -> tuple[TemplateAudit, ...]:
    """Each prompt template that was used; none where images are drawn by label or from images."""
    places: dict[int, list[int]] = {}
    for place, item in enumerate(items):
        if item.template_id is not None:
            places.setdefault(item.template_id, []).append(place)
    return tuple(
        TemplateAudit(template_id=number, example=items[found[0]].prompt, **_counted(made, items, found, flagged))
        for number, found in sorted(places.items())
    )


def _diversity(features: np.ndarray) -> float | None:
    """Of the images whose features have a direction; None for fewer than two."""
    rows = features[features.any(axis=1)]
    return mean_pairwise_distance(rows) if len(rows) > 1 else None


def _counted(made: Gathered, items: Sequence[Item], places: list[int], flagged: dict[int, bool]) -> dict[str, object]:
    shown = [flagged[place] for place in places if place in flagged]
    consistent = None
    if made.probabilities is not None:
        consistent = float((made.probabilities[places].argmax(axis=1) == made.labels[places]).mean())
    return {
        "n": len(places),
        "consistent": consistent,
        "rejected": sum(items[place].attempt for place in places),
        "flagged": sum(shown) if shown else None,
    }


def _pairs(left: Gathered, right: Gathered, found: Matches, most: int = SHOWN) -> tuple[Pair, ...]:
    """The closest pairs: the same pictures first, then by distance."""
    order = np.lexsort((np.arange(len(left)), found.distance, ~found.same))[:most]
    return tuple(
        Pair(
            left=left.ids[k],
            right=right.ids[found.index[k]],
            distance=float(found.distance[k]),
            bits=int(found.bits[k]),
            difference=float(found.difference[k]),
            same=bool(found.same[k]),
        )
        for k in order
    )


def _new(pair: Pair, seen: set[frozenset[str]]) -> bool:
    both = frozenset((pair.left, pair.right))
    fresh = both not in seen
    seen.add(both)
    return fresh
