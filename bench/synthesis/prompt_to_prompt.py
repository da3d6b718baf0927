"""Prompt-to-Prompt (Hertz et al., 2023; methods.md 18.1): a picture drawn twice from one noise, under two prompts.

The recipe's prompt is the edit; what is drawn under the source prompt beside it lends its attention, so that the layout
stays: a counterfactual where the class word is swapped, a shift where words are added. DDIM steps, as published.
Where the maps are too small to hold a layout, `features` copies what Plug-and-Play copies (Tumanyan et al., 2023).
"""

from collections.abc import Sequence
from typing import Any

import torch
from diffusers import DDIMScheduler
from PIL import Image
from torch import Tensor

from bench.core.digests import derive_seed
from bench.core.recipe import SLOT, Recipe
from bench.synthesis.adaptation import State
from bench.synthesis.attention_control import Control, Edit, copied_features, processors
from bench.synthesis.diffusion import noise, open_pipeline, settled
from bench.synthesis.image_to_image import decoded
from bench.synthesis.maker import Request
from bench.synthesis.parameters import OTHER, NullText, check_ddim, read
from bench.synthesis.parameters import PromptToPrompt as Parameters
from bench.synthesis.prompt_alignment import places_of, refined, replaced
from bench.synthesis.textual_inversion import read_ids


class PromptToPrompt:
    """A loaded Stable Diffusion pipeline, its DDIM steps, and the edit that the recipe says."""

    def __init__(self, recipe: Recipe, *, device: str, states: Sequence[State] = ()) -> None:
        self._recipe: Recipe = check_ddim(recipe)
        # Null-text inversion edits by this class, and has parameters besides these.
        self._parameters: Parameters = read(NullText if recipe.method.name == "null-text" else Parameters, recipe)
        with settled():
            self.pipeline = open_pipeline(recipe, device=device, states=states)
        self._scheduler = ddim(self.pipeline, recipe)

    def draw(self, requests: Sequence[Request]) -> list[Image.Image]:
        """One image a request, in the recipe's mode and size: the edits."""
        return self.pairs(requests)[1]

    def pairs(self, requests: Sequence[Request]) -> tuple[list[Image.Image], list[Image.Image]]:
        """The pictures of the source prompts and of their edits."""
        recipe, pipeline = self._recipe, self.pipeline
        side = (recipe.size.height // pipeline.vae_scale_factor, recipe.size.width // pipeline.vae_scale_factor)
        shape = (1, pipeline.unet.config.in_channels, *side)
        with settled():
            start = torch.cat([torch.randn(shape, generator=one) for one in noise(requests)]).to(pipeline.device)
            empty = embedded(pipeline, [request.negative_prompt for request in requests])
            z = self.edited(requests, start, [empty] * len(self._scheduler.timesteps))
            images = decoded(pipeline, z, recipe)
        return images[: len(requests)], images[len(requests) :]

    def edited(self, requests: Sequence[Request], start: Tensor, without: Sequence[Tensor]) -> Tensor:
        """Latents [2n, c, h, w], of sources and edits, from noise `start` [n, c, h, w].

        `without`: at each step the embeddings [n, length, d] of no prompt, for classifier-free guidance.
        """
        sources = [source_prompt(self._parameters.source, request, self._recipe) for request in requests]
        edits = [self.edit(source, request.prompt) for source, request in zip(sources, requests, strict=True)]
        known = self._parameters
        control = Control(edits, known.cross_replace, known.self_replace, known.features)
        words = embedded(self.pipeline, [*sources, *(request.prompt for request in requests)])
        unet, steps = self.pipeline.unet, self._scheduler.timesteps
        before, z = dict(unet.attn_processors), torch.cat([start, start])
        controlled: Any = processors(unet, control)
        with copied_features(unet, control):
            for index, t in enumerate(steps):
                control.share = index / len(steps)
                nothing = unet(z, t, encoder_hidden_states=torch.cat([without[index]] * 2)).sample
                unet.set_attn_processor(dict(controlled))
                try:
                    answer = unet(z, t, encoder_hidden_states=words).sample
                finally:
                    unet.set_attn_processor(dict(before))
                guided = nothing + self._recipe.sampler.guidance * (answer - nothing)
                z = control.blended(self._scheduler.step(guided, t, z).prev_sample)
        return z

    def edit(self, source: str, edited: str) -> Edit:
        """How maps under the source prompt become maps under the edited one."""
        known, pieces = self._parameters, self.pipeline.tokenizer.tokenize
        length = self.pipeline.tokenizer.model_max_length
        mapper, taken = (replaced if known.edit == "replace" else refined)(source, edited, pieces, length)
        scale = torch.ones(length)
        for word, factor in zip(known.words, known.weights, strict=True):
            scale[places_of(word, edited, pieces)] = factor
        blend = None
        if known.blend:
            one, other = (known.blend[0], known.blend[-1])
            blend = places_of(one, source, pieces), places_of(other, edited, pieces)
        device = self.pipeline.device
        return Edit(mapper.to(device), taken.to(device), scale.to(device), blend)


def ddim(pipeline: Any, recipe: Recipe) -> DDIMScheduler:
    """DDIM as published, but for what the recipe says of its sampler; eta is 0."""
    published = {"clip_sample": False, "set_alpha_to_one": False, "timestep_spacing": "leading", "steps_offset": 0}
    scheduler = DDIMScheduler.from_config(pipeline.scheduler.config, **published | recipe.sampler.options)
    scheduler.set_timesteps(recipe.sampler.steps)
    return scheduler


def embedded(pipeline: Any, prompts: Sequence[str]) -> Tensor:
    """Embeddings [n, length, d], each prompt read by itself."""
    return torch.cat([pipeline.text_encoder(read_ids(pipeline, one)).last_hidden_state for one in prompts])


def source_prompt(template: str, request: Request, recipe: Recipe) -> str:
    """The source prompt of a request: `{}` is its class, `{other}` another one that its seed decides."""
    others = [item.name for item in recipe.classes if item.name != request.class_name]
    other = others[derive_seed("other", request.seed) % len(others)] if others else request.class_name
    return template.replace(OTHER, other).replace(SLOT, request.class_name)
