"""Publishing a board of 1,500 models on 10 sets, against its bar of 20 seconds."""

import tempfile
from pathlib import Path

import numpy as np

from bench.core.record import parse
from bench.core.score import Declaration, Environment, Score, ScoreCard, pack_bits
from bench.core.track import Track
from bench.metrics.accuracy import proportion_interval
from bench.pipelines.benchmarks.comparison import Comparison, comparison, seconds
from bench.pipelines.publish import publish
from bench.store.cards import write_card

MODELS, IMAGES, CLASSES = 1500, 1000, 10
HEADLINE = tuple(f"shift-{k}" for k in range(1, 6))
SETS = ("test", *HEADLINE, *(f"other-{k}" for k in range(1, 5)))
BAR = 20.0
SUBMITTED = 10  # one model in so many; the others are the population of the robustness lines


def publish_vs_bar() -> Comparison:
    """Seconds from 1,500 score cards on the disk to every file of their board, against 20."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_cards(folder)
        ours = seconds(lambda: publish(track(), data_root=folder, board_dir=folder))
    return comparison("publish-1500-vs-bar", ours=ours, peer=BAR, unit="s", less_is_better=True)


def track() -> Track:
    """A track of ten sets, five of them in the headline."""
    return parse(
        Track,
        {
            "name": "many",
            "title": "many models",
            "question": "Which of 1,500 models hold up?",
            "classes": [{"id": str(k), "name": f"class {k}"} for k in range(CLASSES)],
            "in_distribution": SETS[0],
            "headline": {"sets": HEADLINE},
            "sets": {one: {"source": one, "title": one.replace("-", " ")} for one in SETS},
        },
        where="-",
    )


def write_cards(boards: Path, *, models: int = MODELS) -> None:
    """Cards of made-up models that err on the same hard images, under `boards`/many/results."""
    rng = np.random.default_rng(0)
    skills = rng.normal(1.0, 0.5, models)
    sets = {one: _answers(rng, skills - 0.5 * (k > 0)) for k, one in enumerate(SETS)}
    for k in range(models):
        write_card(boards / track().name / "results", _card(k, {one: right[k] for one, right in sets.items()}))


def _answers(rng: np.random.Generator, skills: np.ndarray) -> np.ndarray:
    """bool [models, images]: skill and luck against hardness; a model's luck with a set is part of its skill there."""
    skills = skills + rng.normal(0, 0.1, len(skills))
    return skills[:, None] + rng.standard_normal((len(skills), IMAGES)) * 0.5 > rng.standard_normal(IMAGES)


def _card(k: int, right: dict[str, np.ndarray]) -> ScoreCard:
    slug = f"network-{k:04d}.a1_in1k"
    return ScoreCard(
        model=f"timm:{slug}",
        slug=slug,
        title=slug,
        track=track().name,
        role="standard" if k % SUBMITTED else "submitted",
        declaration=Declaration(arch=f"network-{k:04d}", parameters=100_000 * (k + 1)),
        preprocessing={"size": 224},
        sets={name: _score(name, bits) for name, bits in right.items()},
        environment=Environment(machine="none", versions={}),
        state="listed",
        reason="complete",
    )


def _score(name: str, bits: np.ndarray) -> Score:
    hits = int(bits.sum())
    return Score(
        n=IMAGES,
        top1=hits / IMAGES,
        top5=None,
        interval=proportion_interval(hits, IMAGES),
        dataset_digest=f"sha256:{name}",
        predictions_digest="sha256:none",
        correct=pack_bits(bits),
    )
