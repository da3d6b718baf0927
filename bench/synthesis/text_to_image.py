"""Text to image: a diffusion pipeline draws what a prompt says.

Any pipeline with the interface of diffusers' StableDiffusionPipeline will do. An image's bits depend
on its request, its place in the batch and the recipe, on one machine: noise is drawn on the CPU from
the request's own seed, every prompt is read by the text encoder alone, and one thread does the sums.
"""

import inspect
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from diffusers import DiffusionPipeline
from diffusers.utils import is_accelerate_available
from diffusers.utils import logging as diffusers_logging
from PIL import Image
from transformers.utils import logging as transformers_logging

from bench.core.errors import DataError, UsageError
from bench.core.recipe import Recipe, Sampler
from bench.core.registry import look_up, unknown
from bench.synthesis.maker import Request
from bench.synthesis.pinned_weights import weights_folder

# Text embeddings kept: the prompts of a few classes; Stable Diffusion's are 0.1 MB each.
KEPT_PROMPTS = 1024
SAFETY = ("none", "checker")


class TextToImage:
    """A loaded pipeline. The recipe's `method.parameters` say its safety policy, and nothing else.

    `safety: none` draws without a checker; `safety: checker` needs the generator's own. What a
    checker flags comes out black, and the caller redraws black images: none is ever kept.
    """

    def __init__(self, recipe: Recipe, *, device: str) -> None:
        self._recipe = recipe
        self._device = pick_device(device)
        with _settled():
            self._pipeline = _open(recipe).to(self._device)
            self._pipeline.scheduler = _sampler(self._pipeline, recipe.sampler)
        self._embeddings: dict[str, torch.Tensor] = {}

    def draw(self, requests: Sequence[Request]) -> list[Image.Image]:
        """One image a request, in the recipe's mode and size."""
        recipe = self._recipe
        guided = recipe.sampler.guidance > 1
        with _settled():
            images = self._pipeline(
                prompt_embeds=self._embed([request.prompt for request in requests]),
                negative_prompt_embeds=self._embed([r.negative_prompt for r in requests]) if guided else None,
                generator=[torch.Generator("cpu").manual_seed(request.seed) for request in requests],
                num_inference_steps=recipe.sampler.steps,
                guidance_scale=recipe.sampler.guidance,
                height=recipe.size.height,
                width=recipe.size.width,
            ).images
        return [image.convert(recipe.mode) for image in images]

    def _embed(self, prompts: Sequence[str]) -> torch.Tensor:
        for prompt in prompts:
            if prompt not in self._embeddings:
                self._embeddings[prompt] = self._pipeline.encode_prompt(prompt, self._device, 1, False)[0]
        batch = torch.cat([self._embeddings[prompt] for prompt in prompts])
        while len(self._embeddings) > KEPT_PROMPTS:
            self._embeddings.pop(next(iter(self._embeddings)))
        return batch


def pick_device(name: str) -> str:
    """`cpu`, `cuda` (or `cuda:1`…) or `mps`, or the best of them for `auto`; one that is absent is a UsageError."""
    ready = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return next(device for device, here in ready.items() if here)
    kind = name.partition(":")[0]
    if kind not in ready:
        raise UsageError(unknown(name, known=["auto", *ready], kind="device"))
    if not ready[kind]:
        raise UsageError(f"device {name!r} is not there; use --device auto or cpu")
    return name


def _open(recipe: Recipe) -> Any:
    policy = _safety_policy(recipe)
    folder = weights_folder(recipe.generator)
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    without: dict[str, Any] = {"safety_checker": None, "requires_safety_checker": False} if policy == "none" else {}
    try:
        pipeline = DiffusionPipeline.from_pretrained(
            folder,
            dtype=getattr(torch, recipe.generator.dtype),
            use_safetensors=True,
            low_cpu_mem_usage=is_accelerate_available(),
            **without,
        )
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0][:160]
        raise DataError(
            f"generator {recipe.generator.name!r}: {folder} does not load as a pipeline: {reason}"
        ) from None
    if policy == "checker" and getattr(pipeline, "safety_checker", None) is None:
        raise DataError(f"generator {recipe.generator.name!r} has no safety checker, the recipe asks for one")
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _safety_policy(recipe: Recipe) -> str:
    where = f"{recipe.reference}: method.parameters"
    for key in recipe.method.parameters:
        if key != "safety":
            raise UsageError(f"{where}: {unknown(key, known=['safety'], kind='key')}")
    policy = recipe.method.parameters.get("safety")
    if policy not in SAFETY:
        raise UsageError(f"{where}.safety: expected {' or '.join(SAFETY)}, got {policy!r}")
    return str(policy)


def _sampler(pipeline: Any, sampler: Sampler) -> Any:
    """The pipeline's scheduler, of the class and with the options that the recipe says."""
    known = {kind.__name__: kind for kind in pipeline.scheduler.compatibles}
    kind = look_up(known, sampler.name, kind="sampler")
    options = inspect.signature(kind.__init__).parameters
    for key in sampler.options:
        if key not in options:
            raise UsageError(unknown(key, known=options, kind=f"option of sampler {sampler.name}"))
    return kind.from_config(pipeline.scheduler.config, **sampler.options)


@contextmanager
def _settled() -> Iterator[None]:
    """One thread, no gradients, and silence about Diffusers' quarrels with NumPy."""
    before = torch.get_num_threads()
    # The order of a sum, and so its last bits, changes with the number of threads.
    torch.set_num_threads(1)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        torch.set_num_threads(before)
