"""Class-conditional diffusion: a class is drawn by its label, without a prompt (methods.md 3).

Two layouts, both of stock diffusers classes:
- `DiTPipeline` (Peebles & Xie, 2023), as `facebook/DiT-XL-2-256` has it;
- `LDMPipeline` whose UNet is a UNet2DConditionModel (Rombach et al., 2022), as CompVis's cin256-v2 is built: the
  label's learned embedding is the one token that cross-attention reads. The table of embeddings is the weight of
  `encoder_hid_proj` (`encoder_hid_dim_type: text_proj`, no bias to speak of), which reads one-hot labels.
In both the label after the last class is the unconditional one.
"""

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from diffusers.utils.torch_utils import randn_tensor
from PIL import Image
from torch import Tensor
from torch.nn.functional import one_hot

from bench.core.errors import DataError, UsageError
from bench.core.recipe import Recipe
from bench.synthesis.adaptation import State
from bench.synthesis.diffusion import noise, open_pipeline, settled
from bench.synthesis.maker import Request
from bench.synthesis.parameters import Nothing, read


class ClassConditional:
    """A loaded DiTPipeline or LDMPipeline; the recipe's `label_space` gives each class its label."""

    def __init__(self, recipe: Recipe, *, device: str, states: Sequence[State] = ()) -> None:
        read(Nothing, recipe)
        self._recipe = recipe
        self._labels = {class_id: label for label, class_id in enumerate(recipe.label_space or ())}
        with settled():
            self._pipeline = open_pipeline(recipe, device=device, states=states)
        known = _classes_of(self._pipeline, recipe)
        if known != len(self._labels):
            raise UsageError(
                f"{recipe.reference}: label_space: expected the {known} classes of generator"
                f" {recipe.generator.name!r}, got {len(self._labels)}"
            )

    def draw(self, requests: Sequence[Request]) -> list[Image.Image]:
        """One image a request, in the recipe's mode; its size is the generator's."""
        recipe, sampler = self._recipe, self._recipe.sampler
        labels = [self._labels[request.class_id] for request in requests]
        with settled():
            if type(self._pipeline).__name__ == "DiTPipeline":
                images = self._pipeline(
                    class_labels=labels,
                    generator=noise(requests),
                    num_inference_steps=sampler.steps,
                    guidance_scale=sampler.guidance,
                ).images
            else:
                size = (recipe.size.height, recipe.size.width)
                images = _to_images(
                    sample_ldm(
                        self._pipeline,
                        labels,
                        noise(requests),
                        steps=sampler.steps,
                        guidance=sampler.guidance,
                        size=size,
                    )
                )
        return [image.convert(recipe.mode) for image in images]


def sample_ldm(
    pipeline: Any,
    labels: Sequence[int],
    generators: list[torch.Generator],
    *,
    steps: int,
    guidance: float,
    size: tuple[int, int],
) -> Tensor:
    """Pictures float [b, channels, *size] in -1..1 of an LDM: eps = eps_u + s (eps_c - eps_u) at each step."""
    unet, vqvae, scheduler = pipeline.unet, pipeline.vqvae, pipeline.scheduler
    unconditional = unet.encoder_hid_proj.in_features - 1
    both = torch.tensor([*labels, *[unconditional] * len(labels)])
    tokens = one_hot(both, unconditional + 1)[:, None].to(unet.device, unet.dtype)
    factor = 2 ** (len(vqvae.config.block_out_channels) - 1)
    shape = (len(labels), unet.config.in_channels, size[0] // factor, size[1] // factor)
    z = randn_tensor(shape, generator=generators, device=unet.device, dtype=unet.dtype) * scheduler.init_noise_sigma
    drawn = {"generator": generators} if "generator" in inspect.signature(scheduler.step).parameters else {}
    scheduler.set_timesteps(steps, device=unet.device)
    for t in scheduler.timesteps:
        z_t = scheduler.scale_model_input(torch.cat([z, z]), t)
        eps_c, eps_u = unet(z_t, t, encoder_hidden_states=tokens).sample.chunk(2)
        z = scheduler.step(eps_u + guidance * (eps_c - eps_u), t, z, **drawn).prev_sample
    return vqvae.decode(z / vqvae.config.scaling_factor).sample


def _to_images(pictures: Tensor) -> list[Image.Image]:
    # Truncated, not rounded: so the released code writes its images.
    pixels = (((pictures.float() + 1) / 2).clamp(0, 1) * 255).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    return [Image.fromarray(one[..., 0] if one.shape[-1] == 1 else one) for one in pixels]


def _classes_of(pipeline: Any, recipe: Recipe) -> int:
    kind = type(pipeline).__name__
    if kind == "DiTPipeline":
        return int(pipeline.transformer.config.num_embeds_ada_norm)
    if kind == "LDMPipeline" and getattr(pipeline.unet.config, "encoder_hid_dim_type", None) == "text_proj":
        return int(pipeline.unet.encoder_hid_proj.in_features) - 1
    raise DataError(
        f"generator {recipe.generator.name!r} is a {kind}; method class-conditional draws with a DiTPipeline, or an"
        " LDMPipeline whose UNet reads one-hot labels (encoder_hid_dim_type text_proj)"
    )
