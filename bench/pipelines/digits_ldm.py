"""The class-conditional generator `digits-ldm`: `train` makes it on the latents of `digits-sd`, `measure` reads it.

python -m bench.pipelines.digits_ldm train [--work DIR] [--steps N]
python -m bench.pipelines.digits_ldm measure
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, DiffusionPipeline

from bench.core.errors import BenchError, DataError
from bench.models.oracle import Oracle
from bench.pipelines.digits_corpus import corpus
from bench.pipelines.digits_sd import GENERATOR, ORACLE, WORK
from bench.pipelines.digits_sd_bars import PER_CLASS, diversity
from bench.synthesis.class_conditional import sample_ldm
from bench.synthesis.pinned_weights import SHIPPED, weights_digest
from bench.training import class_conditional
from bench.training.autoencoder import encode

FOLDER = SHIPPED / "digits-ldm"
# As the recipe draws. A batch is of one class.
STEPS, GUIDANCE, BATCHES = 20, 3.0, 10


def train(work: Path, *, steps: int | None = None, folder: Path = FOLDER) -> str:
    """Fits the UNet on the corpus of `digits-sd` and writes `folder`; a killed run goes on where it was; the digest."""
    seen = corpus(work)
    vae = AutoencoderKL.from_pretrained(GENERATOR / "vae", low_cpu_mem_usage=False).eval()
    schedule = class_conditional.SCHEDULE if steps is None else replace(class_conditional.SCHEDULE, steps=steps)
    unet = class_conditional.fit_class_conditional(
        encode(vae, seen.images), seen.labels, work, schedule=schedule, fused=steps is None
    )
    class_conditional.export(folder, vae, unet)
    return weights_digest(folder)


@torch.no_grad()
def measure(folder: Path = FOLDER) -> list[str]:
    """The share of 200 images a class in which the oracle reads the class that was asked for, and the mean over
    classes of their Fréchet distance to real digits over that between halves of the real ones (`digits_sd_bars`)."""
    pipeline = DiffusionPipeline.from_pretrained(weights_in(folder, "digits_ldm"), low_cpu_mem_usage=False)
    reader, labels = Oracle(ORACLE), np.repeat(np.arange(10), PER_CLASS)
    logits, features = reader.read(np.concatenate([_draw(pipeline, batch) for batch in np.split(labels, BATCHES)]))
    return [
        f"oracle agreement: {np.mean(logits.argmax(1) == labels):.4f} of {len(labels)} images",
        f"distance to real digits over distance between real halves: {diversity(reader, features, labels)[0]:.4f}",
    ]


def _draw(pipeline: DiffusionPipeline, labels: np.ndarray) -> np.ndarray:
    generators = [torch.Generator().manual_seed(int(labels[0]) * 1_000_003 + i) for i in range(len(labels))]
    pictures = sample_ldm(pipeline, labels.tolist(), generators, steps=STEPS, guidance=GUIDANCE, size=(32, 32))
    return ((pictures[:, 0] + 1) / 2).clamp(0, 1).mul(255).to(torch.uint8).numpy()


def weights_in(folder: Path, module: str) -> Path:
    """The folder, where there are weights; else a DataError that says how `module` makes them."""
    if not folder.is_dir():
        raise DataError(f"{folder}: no weights yet; run: python -m bench.pipelines.{module} train")
    return folder


def command_line(
    module: str,
    about: str,
    verbs: tuple[Callable[..., str], Callable[[], list[str]]],
    arguments: list[str] | None,
) -> int:
    """`train` and `measure` of a generator that is made from digits-sd; returns the exit code."""
    train_it, measure_it = verbs
    parser = argparse.ArgumentParser(prog=f"python -m bench.pipelines.{module}", description=about.splitlines()[0])
    named = parser.add_subparsers(dest="verb", required=True)
    training = named.add_parser("train", help="make the generator (needs the weights of digits-sd)")
    training.add_argument("--work", type=Path, default=WORK, help="checkpoints; a killed run goes on from there")
    training.add_argument("--steps", type=int, help="optimizer steps")
    named.add_parser("measure", help="let the oracle read the weights that are there")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(2)
    try:
        lines = [train_it(chosen.work, steps=chosen.steps)] if chosen.verb == "train" else measure_it()
        print("\n".join(lines))
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return command_line("digits_ldm", __doc__, (train, measure), arguments)


if __name__ == "__main__":
    raise SystemExit(main())
