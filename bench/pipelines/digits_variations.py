"""The generator `digits-variations`: `train` makes it from `digits-sd` and its corpus, `measure` reads what it draws.

python -m bench.pipelines.digits_variations train [--work DIR] [--steps N]
python -m bench.pipelines.digits_variations measure
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionImageVariationPipeline
from PIL import Image
from torch import Tensor

from bench.models.oracle import Oracle
from bench.pipelines.digits_corpus import corpus
from bench.pipelines.digits_ldm import command_line, weights_in
from bench.pipelines.digits_sd import GENERATOR, ORACLE
from bench.pipelines.digits_sd_bars import BATCH, diversity, load
from bench.sources import mnist, styles
from bench.synthesis.image_variations import clip_input
from bench.synthesis.pinned_weights import SHIPPED, weights_digest
from bench.training import image_variations
from bench.training.autoencoder import decode, encode

FOLDER = SHIPPED / "digits-variations"
# As the recipe draws.
STEPS, GUIDANCE = 12, 2.0
SEEDS, EACH = (1, 2), 50


def train(work: Path, *, steps: int | None = None, folder: Path = FOLDER) -> str:
    """Fits image encoder and UNet on the corpus of `digits-sd`, from its weights, and writes `folder`; the digest.

    A killed run goes on where it was.
    """
    seen, teacher = corpus(work), load(GENERATOR)
    schedule = image_variations.SCHEDULE if steps is None else replace(image_variations.SCHEDULE, steps=steps)
    pictures = image_variations.Pictures(
        seen.images, encode(teacher.vae, seen.images), seen.captions, (seen.labels, seen.styles), half_handwriting(seen)
    )
    fitted = image_variations.fit_variations(pictures, teacher, work, schedule=schedule)
    image_variations.export(folder, teacher.vae, fitted)
    return weights_digest(folder)


def half_handwriting(seen: styles.Corpus) -> Tensor:
    """Weights float32 [n] with which half of what is drawn is handwriting, as are the digits that are varied."""
    written = torch.from_numpy(seen.styles == styles.style_names().index(styles.PLAIN))
    return torch.where(written, 0.5 / written.sum(), 0.5 / (~written).sum())


def measure(folder: Path = FOLDER) -> list[str]:
    """Two variations of each of 50 MNIST test digits a class, which the generator has not seen, in words.

    The share in which the oracle reads the source's class; how far they are from the source and from each other (root
    mean square of grey levels 0 to 1, the mean over sources), beside the round trip through the autoencoder; and their
    Fréchet distance to real digits over that between real ones (`digits_sd_bars`).
    """
    pipeline, reader = opened(weights_in(folder, "digits_variations")), Oracle(ORACLE)
    sources, labels = unseen(EACH)
    one, other = (vary(pipeline, sources, seed=seed) for seed in SEEDS)
    logits, features = reader.read(np.concatenate([one, other]))
    both = np.tile(labels, 2)
    back = decode(pipeline.vae, encode(pipeline.vae, sources))
    return [
        f"oracle reads the source's class: {np.mean(logits.argmax(1) == both):.4f} of {len(both)} images"
        f" (of the sources: {np.mean(reader.read(sources)[0].argmax(1) == labels):.4f})",
        f"distance to the source: {apart(one, sources):.4f}, round trip {apart(back, sources):.4f}",
        f"distance between two variations of a source: {apart(one, other):.4f}",
        f"distance to real digits over distance between real ones: {diversity(reader, features, both)[0]:.4f}",
    ]


def unseen(each: int) -> tuple[np.ndarray, np.ndarray]:
    """The first MNIST test digits of each class, uint8 [10 * each, 32, 32], and their labels."""
    test = mnist.test()
    rows = np.concatenate([np.flatnonzero(test.labels == label)[:each] for label in range(10)])
    return test.images[rows], test.labels[rows]


def opened(folder: Path) -> StableDiffusionImageVariationPipeline:
    """The pipeline in float32, silent, without a safety checker."""
    pipeline = StableDiffusionImageVariationPipeline.from_pretrained(
        folder, dtype=torch.float32, low_cpu_mem_usage=False, safety_checker=None
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@torch.no_grad()
def vary(pipeline: StableDiffusionImageVariationPipeline, images: np.ndarray, *, seed: int) -> np.ndarray:
    """A variation uint8 [n, 32, 32] of each picture uint8 [n, 32, 32]."""
    made = []
    for start in range(0, len(images), BATCH):
        batch = images[start : start + BATCH]
        output = pipeline(
            image=torch.cat([clip_input(Image.fromarray(one), one.shape[0]) for one in batch]),
            generator=[torch.Generator().manual_seed(seed * 1_000_003 + start + i) for i in range(len(batch))],
            num_inference_steps=STEPS,
            guidance_scale=GUIDANCE,
            height=32,
            width=32,
            output_type="np",
        )
        made.append(np.round(255 * output.images[..., 0]).astype(np.uint8))
    return np.concatenate(made)


def apart(left: np.ndarray, right: np.ndarray) -> float:
    """The mean over pictures uint8 [n, h, w] of the root mean square of their difference, in grey levels 0 to 1."""
    difference = (left.astype(float) - right) / 255
    return float(np.sqrt((difference**2).mean(axis=(1, 2))).mean())


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return command_line("digits_variations", __doc__, (train, measure), arguments)


if __name__ == "__main__":
    raise SystemExit(main())
