"""PSLD: a real image is drawn anew where it was not measured (Rout et al., 2023; methods.md 16).

y = A x + n is measured of the source. At each DDIM step z_t is moved against the gradient of
omega || A D(z0) + n' - y || + gamma || E(A^T y + D(z0) - A^T A D(z0)) - z0 ||: norms, not their squares, and no step
size besides. As released, fresh noise n' is added to the prediction at every step, and blurs have the identity for
A^T; `transpose: adjoint` and `remeasure: false` are the variants that the formulas have.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from diffusers import DDIMScheduler, StableDiffusionImg2ImgPipeline
from PIL import Image
from torch import Tensor

from bench.core.digests import derive_seed
from bench.core.errors import DataError
from bench.core.recipe import Recipe
from bench.synthesis import keep_masks
from bench.synthesis.adaptation import State
from bench.synthesis.diffusion import noise, open_pipeline, settled
from bench.synthesis.image_to_image import decoded, start_image
from bench.synthesis.maker import Request
from bench.synthesis.measurements import Measurement, blurred, compressed, erased, gaussian, motion, shrunk
from bench.synthesis.null_text import predicted
from bench.synthesis.parameters import Psld as Parameters
from bench.synthesis.parameters import check_ddim, read
from bench.synthesis.prompt_embeddings import PromptEmbeddings

# Masks that need to know where the object is.
_BY_BOX = {
    "outpainting": lambda size, boxes, rng: keep_masks.outpainting(size, boxes),
    "random-outpainting": keep_masks.random_outpainting,
    "random-outpainting-text": keep_masks.random_outpainting_text,
    "random-entire": keep_masks.random_entire,
    "erasing": keep_masks.erasing,
}


class Psld:
    """A loaded Stable Diffusion pipeline, its DDIM steps, and the operator that the recipe says."""

    def __init__(self, recipe: Recipe, *, device: str, states: Sequence[State] = ()) -> None:
        self._recipe, self._parameters = check_ddim(recipe), read(Parameters, recipe)
        with settled():
            self.pipeline = open_pipeline(recipe, device=device, states=states, kind=StableDiffusionImg2ImgPipeline)
            self._prompts = PromptEmbeddings(self.pipeline, recipe)
        for part in (self.pipeline.unet, self.pipeline.vae):
            part.requires_grad_(False)
        self._scheduler = DDIMScheduler.from_config(self.pipeline.scheduler.config, clip_sample=False)
        self._scheduler.set_timesteps(recipe.sampler.steps)

    def draw(self, requests: Sequence[Request]) -> list[Image.Image]:
        """One image a request, in the recipe's mode and size."""
        return self.traced(requests)[0]

    def traced(self, requests: Sequence[Request]) -> tuple[list[Image.Image], np.ndarray]:
        """The images, and the measurement error of each at each step, float [steps, n]."""
        operators = [self.operator(request) for request in requests]
        draws = noise(requests)
        with settled():
            measured = [self._measured(*one) for one in zip(requests, operators, draws, strict=True)]
            words = self._prompts.of(requests)
            shape = self.pipeline.vae.encode(self._pixels(requests[:1])).latent_dist.mean.shape[1:]
            z = torch.cat([torch.randn(1, *shape, generator=one) for one in draws]).to(self.pipeline.device)
            errors = []
            for index in range(len(self._scheduler.timesteps)):
                z, error = self._step(z, index, words, list(zip(operators, measured, draws, strict=True)))
                errors.append(error)
            return decoded(self.pipeline, z, self._recipe), np.array(errors)

    def operator(self, request: Request) -> Measurement:
        """What is measured of a request's source; its randomness is the seed's."""
        known, size = self._parameters, (self._recipe.size.height, self._recipe.size.width)
        rng, released = np.random.default_rng(derive_seed("operator", request.seed)), known.transpose == "released"
        if known.operator in _BY_BOX:
            return erased(_BY_BOX[known.operator](size, self.boxes(request), rng))
        if known.operator in ("box", "random"):
            return erased((keep_masks.box if known.operator == "box" else keep_masks.random)(size, rng))
        if known.operator == "gaussian-blur":
            return blurred(gaussian(known.kernel, known.deviation), released=released)
        if known.operator == "motion-blur":
            return blurred(motion(known.kernel, known.intensity, rng), released=released)
        return (
            shrunk(known.factor, released=released)
            if known.operator == "super-resolution"
            else compressed(known.quality)
        )

    def boxes(self, request: Request) -> list[keep_masks.Box]:
        """The box about the object, in the recipe's size, with its margin; DataError where there is none."""
        size = (self._recipe.size.width, self._recipe.size.height)
        if request.mask is None or request.source is None or request.mask.size != request.source.size:
            found = f"{request.mask.width} x {request.mask.height}" if request.mask else "none"
            raise DataError(
                f"{self._recipe.reference}: psld with operator {self._parameters.operator}: expected a mask of the"
                f" source's size, got {found}; say conditioning.masks"
            )
        mask = np.asarray(request.mask.convert("L").resize(size, Image.Resampling.NEAREST)) > 127
        return keep_masks.boxes_of(mask, margin=self._parameters.margin)

    def _pixels(self, requests: Sequence[Request]) -> Tensor:
        images = [start_image(request.source, self._recipe) for request in requests]
        pixels: Tensor = self.pipeline.image_processor.preprocess(images)
        return pixels.to(self.pipeline.device, self.pipeline.vae.dtype)

    def _measured(self, request: Request, operator: Measurement, draw: torch.Generator) -> Tensor:
        exact = operator.forward(self._pixels([request]))
        return exact + self._noise(exact, operator, draw)

    def _noise(self, like: Tensor, operator: Measurement, draw: torch.Generator) -> Tensor:
        drawn = self._parameters.sigma * torch.randn(like.shape, generator=draw).to(like)
        return drawn if operator.keep is None else drawn * operator.keep.to(like)

    def _step(
        self,
        z: Tensor,
        index: int,
        words: dict[str, Any],
        known: list[tuple[Measurement, Tensor, torch.Generator]],
    ) -> tuple[Tensor, list[float]]:
        """z_{t-1} from z_t, and the measurement errors on the way."""
        times, factor = self._scheduler.timesteps, self.pipeline.vae.config.scaling_factor
        a_t = self._scheduler.alphas_cumprod[times[index]]
        last = index + 1 == len(times)
        a_prev = self._scheduler.final_alpha_cumprod if last else self._scheduler.alphas_cumprod[times[index + 1]]
        with torch.enable_grad():
            z_t = z.detach().requires_grad_()
            eps, z0 = self._predicted(z_t, int(times[index]), a_t, words)
            pictures = self.pipeline.vae.decode(z0 / factor).sample
            errors, glued = [], []
            for x, (operator, y, draw) in zip(pictures.split(1), known, strict=True):
                seen = operator.forward(x)
                fresh = self._noise(seen, operator, draw) if self._parameters.remeasure else 0
                errors.append((seen + fresh - y).norm())
                glued.append(operator.transpose(y) + x - operator.transpose(operator.forward(x)))
            z_glue = self.pipeline.vae.encode(torch.cat(glued)).latent_dist.mean * factor
            gluing = (z_glue - z0).flatten(1).norm(dim=1)
            total = self._parameters.omega * torch.stack(errors).sum() + self._parameters.gamma * gluing.sum()
            (gradient,) = torch.autograd.grad(total, z_t)
        moved = a_prev.sqrt() * z0.detach() + (1 - a_prev).sqrt() * eps.detach()
        return moved - gradient, [float(error) for error in errors]

    def _predicted(self, z: Tensor, t: int, a_t: Tensor, words: dict[str, Any]) -> tuple[Tensor, Tensor]:
        """eps and z0 at z_t, with classifier-free guidance where the recipe has it."""
        unet, guidance = self.pipeline.unet, self._recipe.sampler.guidance
        answer = unet(z, t, encoder_hidden_states=words["prompt_embeds"]).sample
        if words["negative_prompt_embeds"] is not None:
            without = unet(z, t, encoder_hidden_states=words["negative_prompt_embeds"]).sample
            answer = without + guidance * (answer - without)
        return predicted(answer, z, a_t, self._scheduler)
