"""Erasing a concept from a generator (ESD; Gandikota et al., 2023; methods.md 15): no images are needed.

The trained copy's answer to the concept is drawn away from it: || e(z_t, c) - y ||^2. Two published codes differ:

- `esd-2023` (CompVis layout): y = e0(z_t, null) - eta (e0(z_t, c) - e0(z_t, null)), as the paper has it; z_t is sampled
  by the copy itself; t is drawn within the bin of the sampler's step.
- `esd-diffusers` (2024): the first term is e0(z_t, c), because the concept to erase from is by default itself; z_t is
  sampled by the frozen UNet, t is the sampler's step; `u` trains the output and the time layers too.

Both hold for generators that predict the velocity: at one z_t it is affine in eps, and the weights of y add up to 1.
"""

import copy
from typing import Any

import torch
from diffusers import DDIMScheduler
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from bench.core.recipe import SLOT
from bench.synthesis.adaptation import Lesson, State, changed_weights, put_weights
from bench.synthesis.learned_parameters import Erasure as Parameters
from bench.synthesis.textual_inversion import read_ids

# What the CompVis code leaves out of `u`, in diffusers' names.
_OUTPUT_AND_TIME = ("conv_out.", "conv_norm_out.", "time_embedding.")


class Erasure:
    """Learns new weights for the layers that are trained."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    def learn(self, pipeline: Any, lesson: Lesson) -> dict[str, Tensor]:
        """Parameter name of the UNet -> tensor, for the layers that `layers` names."""
        known = self._parameters
        frozen, student = pipeline.unet.requires_grad_(False), copy.deepcopy(pipeline.unet)
        names = trained_names(student, known.layers, variant=known.variant)
        trained = [parameter.requires_grad_() for name, parameter in student.named_parameters() if name in set(names)]
        empty = _embedded(pipeline, "")
        concepts = [_embedded(pipeline, one.replace(SLOT, lesson.class_name)) for one in known.concepts]
        sampler = DDIMScheduler.from_config(pipeline.scheduler.config, timestep_spacing="leading", clip_sample=False)
        optimizer = torch.optim.Adam(trained, lr=known.rate)
        generator = torch.Generator().manual_seed(lesson.seed)
        factor, asked = pipeline.vae_scale_factor, lesson.recipe.size
        size = (asked.height // factor, asked.width // factor)
        for _ in range(known.steps):
            concept = concepts[int(torch.randint(len(concepts), (), generator=generator))]
            z = torch.randn(known.batch, student.config.in_channels, *size, generator=generator).to(concept)
            walker = student if known.variant == "esd-2023" else frozen
            z, t = self._walked(walker, sampler, z, (concept, empty), generator)
            with torch.no_grad():
                of_concept, of_nothing = (_answer(frozen, z, t, words) for words in (concept, empty))
                first = of_nothing if known.variant == "esd-2023" else of_concept
                target = first - known.negative_guidance * (of_concept - of_nothing)
            with torch.enable_grad():
                optimizer.zero_grad(set_to_none=True)
                mse_loss(_answer(student, z, t, concept).float(), target.float()).backward()
                optimizer.step()
        return changed_weights(student, names)

    @torch.no_grad()
    def _walked(
        self, unet: Any, sampler: DDIMScheduler, z: Tensor, words: tuple[Tensor, Tensor], generator: torch.Generator
    ) -> tuple[Tensor, int]:
        """z_t and t: `z` denoised towards the concept, with guidance, down to a step drawn at random."""
        known = self._parameters
        sampler.set_timesteps(known.sampling_steps)
        steps = sampler.timesteps.tolist()
        last = int(torch.randint(len(steps), (), generator=generator))
        for t in steps[:last]:
            of_concept, of_nothing = (_answer(unet, z, t, one) for one in words)
            z = sampler.step(of_nothing + known.start_guidance * (of_concept - of_nothing), t, z).prev_sample
        if known.variant == "esd-diffusers":
            return z, steps[last]
        within = sampler.config.num_train_timesteps // len(steps)
        return z, min(steps[last] + int(torch.randint(within, (), generator=generator)), 999)


def put_unet(pipeline: Any, state: State) -> None:
    """The state's weights in the pipeline's UNet; DataError where they are those of another one."""
    put_weights(pipeline.unet, state, what="UNet")


def trained_names(unet: nn.Module, layers: str, *, variant: str) -> list[str]:
    """Which of the UNet's parameters an erasure trains (methods.md 15.2), in their order."""
    every = [name for name, _ in unet.named_parameters()]
    if layers == "full":
        return every
    if layers == "x":
        return [name for name in every if "attn2" in name]
    if layers == "x-strict":
        return [name for name in every if "attn2.to_k" in name or "attn2.to_v" in name]
    if layers == "self":
        return [name for name in every if "attn1" in name]
    if variant == "esd-2023":
        return [name for name in every if "attn2" not in name and not name.startswith(_OUTPUT_AND_TIME)]
    kinds = {name: type(module) for name, module in unet.named_modules()}
    return [name for name in every if "attn2" not in name and kinds[name.rpartition(".")[0]] in (nn.Linear, nn.Conv2d)]


def _answer(unet: Any, z: Tensor, t: int, words: Tensor) -> Tensor:
    found: Tensor = unet(z, t, encoder_hidden_states=words.expand(len(z), -1, -1)).sample
    return found


def _embedded(pipeline: Any, prompt: str) -> Tensor:
    found: Tensor = pipeline.text_encoder(read_ids(pipeline, prompt)).last_hidden_state
    return found
