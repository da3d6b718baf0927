"""What DeepAugment distorts, for a recipe: networks learned from its real images, or given as a file."""

from pathlib import Path

import torch
from torch import Tensor

from bench.core.digests import derive_seed, digest_bytes
from bench.core.errors import DataError, UsageError
from bench.pipelines.learned.dagan_fit import pixels_of
from bench.pipelines.training.augmentation import tensors_of
from bench.synthesis.adaptation import Lesson
from bench.synthesis.deepaugment_networks import CAE_WIDTHS, FEATURES, Cae, Edsr, networks_of
from bench.synthesis.diffusion import counted
from bench.synthesis.parameters import DeepAugment
from bench.training.deepaugment import SHRINK, fit_pair
from bench.training.resumable import Schedule


def learn(parameters: DeepAugment, lesson: Lesson, work: Path) -> dict[str, Tensor]:
    """Both networks' tensors; goes on where it was stopped in `work`. DataError where a given file is another."""
    recipe = lesson.recipe
    if parameters.file:
        return _given(parameters)
    if recipe.size.height != recipe.size.width or recipe.size.width < 2 * SHRINK:
        raise UsageError(
            f"{recipe.reference}: size: deepaugment draws squares of at least {2 * SHRINK} pixels, got"
            f" {recipe.size.width} x {recipe.size.height}"
        )
    images = pixels_of(lesson).div(255)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed("deepaugment init", parameters.seed))
        edsr = Edsr(images.shape[1], max(2, FEATURES // parameters.narrow))
        first, wide, code, last, thin = (max(2, width // parameters.narrow) for width in CAE_WIDTHS)
        cae = Cae(images.shape[1], (first, wide, code, last, thin))
    counted(edsr)
    counted(cae)
    warmup = max(1, parameters.steps // 10)
    schedule = Schedule(parameters.steps, parameters.rate, warmup=warmup, ema=0.99, seed=parameters.seed, save_every=50)
    return fit_pair(edsr, cae, images, batch=parameters.batch, schedule=schedule, work=work)


def _given(parameters: DeepAugment) -> dict[str, Tensor]:
    data = Path(parameters.file).expanduser()
    tensors = tensors_of(str(data))
    found = digest_bytes(data.read_bytes())
    if parameters.file_digest != found:
        raise DataError(
            f"deepaugment: file {parameters.file!r}: the recipe expects {parameters.file_digest or 'none'}, found"
            f" {found}; get that file, or write this digest as file_digest"
        )
    networks_of(tensors)
    return tensors
