"""What the diffusion methods share: a pipeline opened as the recipe says, noise from seeds, one thread.

An image's bits depend on its request, its place in the batch and the recipe, on one machine: noise is
drawn on the CPU from the request's own seed, every prompt is read by the text encoder alone, and one
thread does the sums.
"""

import inspect
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from diffusers import DiffusionPipeline
from diffusers.utils import is_accelerate_available
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from bench.core.errors import DataError, UsageError
from bench.core.recipe import Recipe, Sampler
from bench.core.registry import look_up, unknown
from bench.synthesis import PUT
from bench.synthesis.adaptation import State
from bench.synthesis.maker import Request
from bench.synthesis.pinned_weights import weights_folder

# How many images have passed forward through the network of a generator, in this process: what a method costs.
EVALUATIONS: Counter[str] = Counter()


def open_pipeline(
    recipe: Recipe,
    *,
    device: str,
    kind: type[DiffusionPipeline] = DiffusionPipeline,
    states: Sequence[State] = (),
) -> Any:
    """The recipe's generator on `device`, with its sampler and its safety policy (`method.parameters.safety`).

    It knows what is in `states`, put in one after another; one that it cannot know is a DataError.

    `safety: none` draws without a checker; `safety: checker` needs the generator's own. What a checker
    flags comes out black, and the caller redraws black images: none is ever kept. A generator of a class
    that has no place for a checker takes no policy. Weights that do not load are a DataError.
    """
    folder = weights_folder(recipe.generator)
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    policy = recipe.method.parameters.get("safety")
    without: dict[str, Any] = {"safety_checker": None, "requires_safety_checker": False} if policy == "none" else {}
    try:
        pipeline = kind.from_pretrained(
            folder,
            dtype=getattr(torch, recipe.generator.dtype),
            use_safetensors=recipe.generator.format != "bin",
            low_cpu_mem_usage=is_accelerate_available(),
            **without,
        )
    except (OSError, ValueError, RuntimeError, AttributeError) as error:
        reason = str(error).strip().splitlines()[0][:160]
        raise DataError(
            f"generator {recipe.generator.name!r}: {folder} does not load as a pipeline: {reason}"
        ) from None
    if policy == "checker" and getattr(pipeline, "safety_checker", None) is None:
        raise DataError(f"generator {recipe.generator.name!r} has no safety checker, the recipe asks for one")
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = _sampler(pipeline, recipe.sampler)
    pipeline = pipeline.to(pick_device(device))
    for state in states:
        look_up(PUT, state.adaptation, kind="adaptation")(pipeline, state)
    network = getattr(pipeline, "unet", None) or pipeline.transformer
    counted(network)
    if recipe.generator.compiled:
        network.compile()
    return pipeline


def counted(network: torch.nn.Module) -> None:
    """From now on `EVALUATIONS` counts the images that pass through it."""
    network.register_forward_hook(lambda module, given, out: EVALUATIONS.update(images=len(given[0]) if given else 0))


def noise(requests: Sequence[Request]) -> list[torch.Generator]:
    """A generator of random numbers for each request, on the CPU, whatever the device."""
    return [torch.Generator("cpu").manual_seed(request.seed) for request in requests]


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


@contextmanager
def settled() -> Iterator[None]:
    """One thread, no gradients, and silence about Diffusers' quarrels with NumPy and with unusual parts."""
    before, loggers = torch.get_num_threads(), (diffusers_logging, transformers_logging)
    verbosity = [one.get_verbosity() for one in loggers]
    for one in loggers:
        one.set_verbosity_error()
    # The order of a sum, and so its last bits, changes with the number of threads.
    torch.set_num_threads(1)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        torch.set_num_threads(before)
        for one, level in zip(loggers, verbosity, strict=True):
            one.set_verbosity(level)


def _sampler(pipeline: Any, sampler: Sampler) -> Any:
    """The pipeline's scheduler, of the class and with the options that the recipe says."""
    known = {kind.__name__: kind for kind in pipeline.scheduler.compatibles}
    kind = look_up(known, sampler.name, kind="sampler")
    options = inspect.signature(kind.__init__).parameters
    for key in sampler.options:
        if key not in options:
            raise UsageError(unknown(key, known=options, kind=f"option of sampler {sampler.name}"))
    return kind.from_config(pipeline.scheduler.config, **sampler.options)
