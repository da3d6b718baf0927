"""Score cards made up for tests: a small track, five standard models, two arms with three seeds each."""

import numpy as np

from bench.core.record import parse
from bench.core.score import Declaration, Environment, Score, ScoreCard, pack_bits
from bench.core.track import Track
from bench.core.training_run import TrainingData, TrainingRun

TRACK = parse(
    Track,
    {
        "name": "t",
        "title": "T",
        "question": "?",
        "classes": [{"id": "0", "name": "zero"}, {"id": "1", "name": "one"}],
        "in_distribution": "test",
        "headline": {"sets": ["a", "b"]},
        "sets": {name: {"source": name, "title": name} for name in ("test", "a", "b", "spare")},
    },
    where="-",
)
N = 1000


def card(slug: str, accuracies: dict[str, float], *, role="standard", arm="real", match="steps", seed=0, digest="d"):
    """A card with the given top-1 on 1,000 images a set."""
    scores = {}
    for name, accuracy in accuracies.items():
        correct = np.arange(N) < round(accuracy * N)
        scores[name] = Score(
            n=N,
            top1=correct.mean(),
            top5=1,
            interval=(0, 1),
            dataset_digest=f"sha256:{digest}-{name}",
            predictions_digest="sha256:0",
            correct=pack_bits(correct),
        )
    data = (TrainingData(name="real", digest="sha256:0", images=4000),)
    run = TrainingRun(
        track="t", arm=arm, arch="net", data=data, match=match, steps=400, image_size=32, seed=seed, classes=("0", "1")
    )
    return ScoreCard(
        model=f"run:{slug}",
        slug=slug,
        title=slug,
        track="t",
        role=role,
        declaration=Declaration(arch="net", training=run),
        preprocessing={},
        sets=scores,
        environment=Environment(machine="m", versions={}),
        state="listed",
        reason="",
    )


STANDARD = [
    card(f"standard-{i}", {"test": x, "a": y, "b": z})
    for i, (x, y, z) in enumerate(
        [(0.6, 0.2, 0.3), (0.7, 0.3, 0.35), (0.8, 0.35, 0.5), (0.9, 0.5, 0.45), (0.95, 0.5, 0.6)]
    )
]
ARMS = [
    card(f"{arm}-{match}-{seed}", {"test": x, "a": y + seed / 100, "b": z}, role="arm", arm=arm, match=match, seed=seed)
    for arm, match, x, y, z in (("real", "steps", 0.9, 0.4, 0.5), ("mixed", "steps", 0.9, 0.8, 0.7))
    for seed in (0, 1, 2)
]
