"""A board of 1,500 models on 10 sets: publishing it, opening its page and sorting it, each against its bar."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from statistics import median

import numpy as np

from bench.core.errors import DataError
from bench.core.record import parse
from bench.core.score import Declaration, Environment, Score, ScoreCard, pack_bits
from bench.core.track import Track
from bench.metrics.accuracy import proportion_interval
from bench.pipelines.benchmarks.comparison import Comparison, comparison, seconds
from bench.pipelines.boards.publish import publish
from bench.store.cards import write_card

MODELS, IMAGES, CLASSES = 1500, 1000, 10
HEADLINE = tuple(f"shift-{k}" for k in range(1, 6))
SETS = ("test", *HEADLINE, *(f"other-{k}" for k in range(1, 5)))
PUBLISHED, OPENED, SORTED = 20.0, 2000.0, 100.0  # the bars: seconds, and milliseconds twice
SORT = """id => { const start = performance.now(); document.querySelector(`[data-sort='${id}']`).click();
document.body.offsetHeight; return performance.now() - start; }"""
SUBMITTED = 10  # one model in so many; the others are the population of the robustness lines


def publish_vs_bar() -> Comparison:
    """Seconds from 1,500 score cards on the disk to every file of their board."""
    with _published() as (_, took):
        return comparison("publish-1500-vs-bar", ours=took, peer=PUBLISHED, unit="s", less_is_better=True)


def page_opens_vs_bar() -> Comparison:
    """Milliseconds until that board's page has loaded in headless Chromium, scripts and all."""
    return comparison("page-1500-opens-vs-bar", ours=_page()[0], peer=OPENED, unit="ms", less_is_better=True)


def page_sorts_vs_bar() -> Comparison:
    """Milliseconds from a click on a column's head to the laid-out table, the slowest of the columns."""
    return comparison("page-1500-sorts-vs-bar", ours=_page()[1], peer=SORTED, unit="ms", less_is_better=True)


@contextmanager
def _published() -> Iterator[tuple[Path, float]]:
    """The folder of the board, while it lasts, and the seconds that publishing took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_cards(folder)
        took = seconds(lambda: publish(track(), data_root=folder, board_dir=folder))
        yield folder / track().name, took


@cache
def _page() -> tuple[float, float]:
    """(opening, sorting) in milliseconds: medians of three openings and of three sorts of the slowest column."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise DataError("this comparison needs Playwright: pip install playwright") from None
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    opened, sorts = [], []
    with _published() as (folder, _), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for _ in range(3):
            tab = browser.new_page(viewport={"width": 1440, "height": 900})
            tab.goto((folder / "index.html").as_uri())
            opened.append(tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
            heads = ("shifted", "model", "robustness", *(f"set:{one}" for one in SETS))
            sorts.append(max(tab.evaluate(SORT, one) for one in heads))
            tab.close()
        browser.close()
    return median(opened), median(sorts)


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
