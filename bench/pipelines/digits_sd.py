"""The generator `digits-sd`: `train` makes it and its oracle from scratch, `measure` holds the committed weights to
their bars.

python -m bench.pipelines.digits_sd train [--work DIR] [--steps N]
python -m bench.pipelines.digits_sd measure [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch

from bench.pipelines.digits_corpus import corpus, templates
from bench.sources import mnist, styles
from bench.training import autoencoder as first_stage
from bench.training import latent_diffusion, oracle
from bench.training.captions import build_tokenizer

ROOT = Path(__file__).resolve().parents[1]
GENERATOR = ROOT / "synthesis" / "weights" / "digits-sd"
ORACLE = ROOT / "models" / "weights" / "digits-oracle"
WORK = ROOT.parent / ".cache" / "digits-sd"


def vocabulary() -> list[str]:
    """Every caption that the tokenizer keeps whole: templates and free captions, for every class."""
    patterns = [*templates(), *styles.FREE_CAPTIONS]
    return [pattern.format(word) for pattern in patterns for word in mnist.CLASS_NAMES]


def train(work: Path, *, steps: int | None = None, until: str = "generator") -> None:
    """Fits the oracle and the generator and writes both folders; a killed run goes on where it was.

    `steps` shortens or lengthens the UNet's training; `until` stops after a stage: oracle, autoencoder or generator.
    """
    seen = corpus(work)
    if until != "oracle":
        vae = first_stage.fit_autoencoder(seen.images, work, fused=True)
        print(f"autoencoder: {first_stage.psnr(vae, seen.images[:2000]):.1f} dB", file=sys.stderr, flush=True)
    if until == "generator":
        tokenizer = build_tokenizer(vocabulary())
        latents = first_stage.encode(vae, seen.images)
        schedule = latent_diffusion.SCHEDULE if steps is None else latent_diffusion.shortened(steps)
        denoiser = latent_diffusion.fit_denoiser(
            latents, seen.captions, (seen.labels, seen.styles), tokenizer, work, schedule=schedule, fused=True
        )
        latent_diffusion.export(GENERATOR, vae, denoiser, tokenizer)
    if until in ("oracle", "generator"):
        images, labels = oracle_material(seen)
        oracle.save_oracle(oracle.fit_oracle(images, labels, work), ORACLE)


def export_so_far(work: Path) -> int:
    """Writes the generator's folder from a run in progress; returns its step."""
    tokenizer = build_tokenizer(vocabulary())
    vae = first_stage.fit_autoencoder(corpus(work).images, work)
    denoiser, step = latent_diffusion.denoiser_so_far(tokenizer, work)
    latent_diffusion.export(GENERATOR, vae, denoiser, tokenizer)
    return step


def oracle_material(seen: styles.Corpus) -> tuple[np.ndarray, np.ndarray]:
    """What the oracle learns from: the corpus and, three times over, the real training digits as they are."""
    real = mnist.train()
    return np.concatenate([seen.images, *[real.images] * 3]), np.concatenate([seen.labels, *[real.labels] * 3])


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code (1 when a bar is missed)."""
    parser = argparse.ArgumentParser(prog="python -m bench.pipelines.digits_sd", description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    training = verbs.add_parser(
        "train", help="make the generator and its oracle from scratch (about an hour on two cores)"
    )
    training.add_argument(
        "--work", type=Path, default=WORK, help="folder for checkpoints; a killed run goes on from there"
    )
    training.add_argument("--steps", type=int, help="optimizer steps of the UNet")
    training.add_argument("--until", choices=("oracle", "autoencoder", "generator"), default="generator")
    exporting = verbs.add_parser("export", help="write the generator's folder from a training in progress")
    exporting.add_argument("--work", type=Path, default=WORK)
    measuring = verbs.add_parser("measure", help="hold the committed weights to their bars")
    measuring.add_argument("--json", action="store_true", help="print the figures as JSON")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(2)
    if chosen.verb == "train":
        train(chosen.work, steps=chosen.steps, until=chosen.until)
        return 0
    if chosen.verb == "export":
        print(f"wrote {GENERATOR} from step {export_so_far(chosen.work)}")
        return 0
    from bench.pipelines import digits_sd_bars

    figures = digits_sd_bars.measure(GENERATOR, ORACLE)
    print(json.dumps(figures, indent=2) if chosen.json else digits_sd_bars.as_text(figures))
    return 0 if all(bar["met"] for bar in figures["bars"]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
