"""Null-text inversion (Mokady et al., 2023; methods.md 18.2): a real image as a path of latents that guidance follows.

DDIM inversion without guidance gives pivots p_0..p_T. Then, from z_T = p_T down, an embedding in the place of the empty
prompt's is fitted at each step so that a guided step leads to the next pivot. With these embeddings Prompt-to-Prompt
edits the image; without an edit the image comes back, where guided DDIM inversion alone drifts.

As published (`initial: empty`, `fixed_point: 0`) the fit begins at the empty prompt, and an inversion step takes the
answer at the latent that it starts from. The defaults begin at the source prompt, where guidance cancels out
(negative-prompt inversion; Miyake et al., 2023), and solve for the latent whose own step leads back (Pan et al., 2023).
"""

from collections.abc import Sequence
from typing import Any

import torch
from diffusers import DDIMScheduler
from PIL import Image
from torch import Tensor

from bench.core.recipe import Recipe
from bench.synthesis.adaptation import State
from bench.synthesis.diffusion import settled
from bench.synthesis.image_to_image import decoded, latents_of, start_image
from bench.synthesis.maker import Request
from bench.synthesis.parameters import NullText as Parameters
from bench.synthesis.parameters import read
from bench.synthesis.prompt_to_prompt import PromptToPrompt, ddim, embedded, source_prompt


class NullText:
    """Prompt-to-Prompt on real images."""

    def __init__(self, recipe: Recipe, *, device: str, states: Sequence[State] = ()) -> None:
        self._recipe, self._parameters = recipe, read(Parameters, recipe)
        self.editor = PromptToPrompt(recipe, device=device, states=states)
        self._scheduler = ddim(self.editor.pipeline, recipe)
        for part in (self.editor.pipeline.unet, self.editor.pipeline.vae, self.editor.pipeline.text_encoder):
            part.requires_grad_(False)

    def draw(self, requests: Sequence[Request]) -> list[Image.Image]:
        """One image a request, in the recipe's mode and size: the edits."""
        return self.pairs(requests)[1]

    def pairs(self, requests: Sequence[Request]) -> tuple[list[Image.Image], list[Image.Image]]:
        """The sources as they come back, and their edits."""
        pipeline = self.editor.pipeline
        with settled():
            latents = latents_of(pipeline, [start_image(request.source, self._recipe) for request in requests])
            sources = [source_prompt(self._parameters.source, request, self._recipe) for request in requests]
            # Several images of one source have one inversion.
            asked = zip(latents, sources, (request.negative_prompt for request in requests), strict=True)
            whose = [(z.cpu().numpy().tobytes(), *texts) for z, *texts in asked]
            distinct = list(dict.fromkeys(whose))
            noise, nulls = self._inversions(latents[[whose.index(one) for one in distinct]], distinct)
            of = [distinct.index(one) for one in whose]
            z = self.editor.edited(requests, noise[of], [null[of] for null in nulls])
            images = decoded(pipeline, z, self._recipe)
        return images[: len(requests)], images[len(requests) :]

    def _inversions(self, latents: Tensor, asked: Sequence[tuple[bytes, str, str]]) -> tuple[Tensor, list[Tensor]]:
        """The noise that latents come from, under their prompts and negative prompts, and what `_fitted` gives."""
        pipeline, known = self.editor.pipeline, self._parameters
        words = embedded(pipeline, [source for _, source, _ in asked])
        empty = embedded(pipeline, [negative for *_, negative in asked])
        pivots = inverted(pipeline.unet, self._scheduler, latents, words, rounds=known.fixed_point)
        if known.inversion == "ddim":
            return pivots[-1], [empty] * len(self._scheduler.timesteps)
        return pivots[-1], self._fitted(pivots, words, words if known.initial == "prompt" else empty)

    def _fitted(self, pivots: Sequence[Tensor], words: Tensor, null: Tensor) -> list[Tensor]:
        """For each step, from the noisiest, the embeddings [n, length, d] in the place of the empty prompt's.

        Adam treats each number by itself: a row's fit is its own, and it rests once its loss is small enough.
        """
        scheduler, unet, known = self._scheduler, self.editor.pipeline.unet, self._parameters
        guidance, steps = self._recipe.sampler.guidance, scheduler.timesteps
        z, found = pivots[-1], list[Tensor]()
        for index, t in enumerate(steps):
            target = pivots[len(steps) - 1 - index]
            given = unet(z, t, encoder_hidden_states=words).sample
            null = null.detach().clone().requires_grad_()
            optimizer = torch.optim.Adam([null], lr=known.rate * (1 - index / (2 * len(steps))))
            rests = torch.zeros(len(z), dtype=torch.bool, device=z.device)
            for _ in range(known.inner):
                with torch.enable_grad():
                    nothing = unet(z, t, encoder_hidden_states=null).sample
                    moved = scheduler.step(nothing + guidance * (given - nothing), t, z).prev_sample
                    losses = (moved - target).square().mean(dim=(1, 2, 3))
                    # Before the step, unlike the published code: Adam's first moves every number by the whole rate.
                    rests |= losses.detach() < known.stop * (1 + 2 * index)
                    if rests.all():
                        break
                    optimizer.zero_grad(set_to_none=True)
                    losses.sum().backward()
                kept = null.detach().clone()
                optimizer.step()
                with torch.no_grad():
                    null[rests] = kept[rests]
            null = null.detach()
            found.append(null)
            nothing = unet(z, t, encoder_hidden_states=null).sample
            z = scheduler.step(nothing + guidance * (given - nothing), t, z).prev_sample
        return found


def inverted(unet: Any, scheduler: DDIMScheduler, latents: Tensor, words: Tensor, *, rounds: int) -> list[Tensor]:
    """Pivots p_0..p_T [n, c, h, w]: DDIM steps backwards from latents, without guidance.

    `rounds` of a fixed-point iteration make each the latent whose step leads to the one before it.
    """
    pivots, times = [latents], scheduler.timesteps.flip(0)
    stride = scheduler.config.num_train_timesteps // len(times)
    for t in times:
        # p is at the level that the step from t leads to, and is taken back to that of t.
        before, p = int(t) - stride, pivots[-1]
        a = scheduler.alphas_cumprod[before] if before >= 0 else scheduler.final_alpha_cumprod
        eps, z0 = predicted(unet(p, t, encoder_hidden_states=words).sample, p, a, scheduler)
        a_next = scheduler.alphas_cumprod[int(t)]
        z = a_next.sqrt() * z0 + (1 - a_next).sqrt() * eps
        # A step is linear in the latent and the answer: this is the latent's share of it.
        share = scheduler.step(torch.zeros_like(z), t, torch.ones_like(z)).prev_sample
        for _ in range(rounds):
            answer = unet(z, t, encoder_hidden_states=words).sample
            z = z + (p - scheduler.step(answer, t, z).prev_sample) / share
        pivots.append(z)
    return pivots


def predicted(answer: Tensor, z: Tensor, a: Tensor, scheduler: DDIMScheduler) -> tuple[Tensor, Tensor]:
    """eps and z0 from a UNet's answer at z of cumulative alpha `a`, whether it predicts noise or velocity."""
    if scheduler.config.prediction_type == "v_prediction":
        return a.sqrt() * answer + (1 - a).sqrt() * z, a.sqrt() * z - (1 - a).sqrt() * answer
    return answer, (z - (1 - a).sqrt() * answer) / a.sqrt()
