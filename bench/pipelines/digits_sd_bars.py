"""The bars of the generator `digits-sd`: does the oracle read what was asked for, and has the diversity survived?"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline

from bench.metrics.frechet import frechet_distance
from bench.models.oracle import Oracle
from bench.pipelines.digits_corpus import templates
from bench.sources import mnist

STEPS, GUIDANCE, BATCH = 12, 2.0, 50
HANDWRITING = (
    "a photo of a {}.",
    "a photo of the {}.",
    "a photo of my {}.",
    "a photo of one {}.",
    "a good photo of a {}.",
)
PER_CLASS = 200  # handwriting images a class: half the real training digits of that class
EACH_TEMPLATE = 20  # images a template, two of each class
SEED = 7


def measure(generator: Path, oracle_folder: Path) -> dict:
    """Every figure, with `bars`: a list of {name, value, limit, met}. Takes a few minutes on two cores."""
    pipeline = load(generator)
    reader = Oracle(oracle_folder)
    labels = np.repeat(np.arange(10), PER_CLASS)
    prompts = [HANDWRITING[i % len(HANDWRITING)].format(mnist.CLASS_NAMES[label]) for i, label in enumerate(labels)]
    started = time.monotonic()
    pictures = draw(pipeline, prompts, seed=SEED)
    pace = len(prompts) / (time.monotonic() - started)
    logits, features = reader.read(pictures)
    ratio, distances = diversity(reader, features, labels)
    by_template = template_agreement(pipeline, reader)
    bars = [
        _bar("oracle agreement, handwriting prompts", float((logits.argmax(1) == labels).mean()), 0.95, least=True),
        _bar("oracle agreement, all 80 templates", float(np.mean(list(by_template.values()))), 0.90, least=True),
        _bar("diversity: distance to real over distance between real halves", ratio, 3.0, least=False),
    ]
    worst = dict(sorted(by_template.items(), key=lambda pair: pair[1])[:12])
    return {
        "bars": bars,
        "oracle accuracy on the MNIST test digits": oracle_accuracy(reader),
        "worst templates": worst,
        "class distances (generated-real, real-real)": distances,
        "images a second": pace,
        "sampling": {
            "steps": STEPS,
            "guidance": GUIDANCE,
            "batch": BATCH,
            "n": [len(labels), EACH_TEMPLATE * len(by_template)],
        },
    }


def load(folder: Path) -> StableDiffusionPipeline:
    """The pipeline in float32, silent."""
    pipeline = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32, low_cpu_mem_usage=False)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw(
    pipeline: StableDiffusionPipeline, prompts: list[str], *, seed: int, steps: int = STEPS, guidance: float = GUIDANCE
) -> np.ndarray:
    """Pictures uint8 [n, 32, 32] of the prompts, in batches of 50."""
    made = []
    for start in range(0, len(prompts), BATCH):
        generator = torch.Generator().manual_seed(seed * 1_000_003 + start)
        batch = prompts[start : start + BATCH]
        output = pipeline(
            batch,
            height=32,
            width=32,
            num_inference_steps=steps,
            guidance_scale=guidance,
            generator=generator,
            output_type="np",
        )
        made.append(np.round(255 * output.images[..., 0]).astype(np.uint8))
    return np.concatenate(made)


def template_agreement(pipeline: StableDiffusionPipeline, reader: Oracle) -> dict[str, float]:
    """Template -> share of its images in which the oracle reads the prompted digit."""
    patterns = templates()
    labels = np.arange(EACH_TEMPLATE) % 10
    prompts = [pattern.format(mnist.CLASS_NAMES[label]) for pattern in patterns for label in labels]
    logits, _ = reader.read(draw(pipeline, prompts, seed=SEED + 1))
    right = (logits.argmax(1) == np.tile(labels, len(patterns))).reshape(len(patterns), EACH_TEMPLATE)
    return dict(zip(patterns, right.mean(axis=1).tolist(), strict=True))


def diversity(reader: Oracle, features: np.ndarray, labels: np.ndarray) -> tuple[float, list[tuple[float, float]]]:
    """(mean distance generated-real) / (mean distance real-real), and both distances for each class.

    Oracle features; the generated of a class against 200 real training digits of it, and those against as many others.
    """
    real = mnist.train()
    distances = []
    for label in range(10):
        _, of_real = reader.read(real.images[real.labels == label])
        order = np.random.default_rng(SEED).permutation(len(of_real))
        made = features[labels == label]
        one, other = of_real[order[:PER_CLASS]], of_real[order[PER_CLASS : PER_CLASS + len(made)]]
        distances.append((float(frechet_distance(made, one)), float(frechet_distance(other, one))))
    generated, between = np.mean(distances, axis=0)
    return float(generated / between), distances


def oracle_accuracy(reader: Oracle) -> float:
    """Share of the 1,000 MNIST test digits that the oracle reads."""
    test = mnist.test()
    return float((reader.read(test.images)[0].argmax(1) == test.labels).mean())


def as_text(figures: dict) -> str:
    """The figures as lines for a terminal."""
    lines = [
        f"{'met   ' if bar['met'] else 'MISSED'}  {bar['name']}: {bar['value']:.4f} ({bar['limit']})"
        for bar in figures["bars"]
    ]
    lines.append(f"oracle on the MNIST test digits: {figures['oracle accuracy on the MNIST test digits']:.4f}")
    sampling = figures["sampling"]
    how = f"{sampling['steps']} steps, guidance {sampling['guidance']}, batches of {sampling['batch']}"
    lines.append(f"{figures['images a second']:.1f} images/s at {how}")
    lines.append("worst templates:")
    lines += [f"  {share:.2f}  {pattern}" for pattern, share in figures["worst templates"].items()]
    lines.append("Frechet distance by class, generated-real and real-real:")
    lines += [
        f"  {mnist.CLASS_NAMES[i]:6s} {a:8.3f} {b:8.3f}"
        for i, (a, b) in enumerate(figures["class distances (generated-real, real-real)"])
    ]
    return "\n".join(lines)


def _bar(name: str, value: float, limit: float, *, least: bool) -> dict:
    met = value >= limit if least else value <= limit
    return {"name": name, "value": value, "limit": f"at {'least' if least else 'most'} {limit:g}", "met": bool(met)}
