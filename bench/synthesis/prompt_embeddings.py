"""Prompts as a pipeline wants them, each read by the text encoder alone, and once."""

from collections.abc import Sequence
from typing import Any

import torch

from bench.core.errors import DataError
from bench.core.recipe import Recipe
from bench.synthesis.maker import Request

# Text embeddings kept: the prompts of a few classes; Stable Diffusion's are 0.1 MB each.
KEPT_PROMPTS = 1024
# The pipelines whose prompts are read here, and the guidance above which they read the negative prompt too.
GUIDED_ABOVE = {"StableDiffusionPipeline": 1.0, "StableDiffusionImg2ImgPipeline": 1.0, "ZImagePipeline": 0.0}


class PromptEmbeddings:
    """The embeddings of a pipeline's prompts; the oldest are forgotten."""

    def __init__(self, pipeline: Any, recipe: Recipe) -> None:
        kind = type(pipeline).__name__
        if kind not in GUIDED_ABOVE:
            raise DataError(
                f"generator {recipe.generator.name!r} is a {kind}; method {recipe.method.name} draws with"
                f" {', '.join(GUIDED_ABOVE)}"
            )
        self._pipeline = pipeline
        self._guided = recipe.sampler.guidance > GUIDED_ABOVE[kind]
        self._kept: dict[str, Any] = {}

    def of(self, requests: Sequence[Request]) -> dict[str, Any]:
        """The arguments of the pipeline's call that say what to draw."""
        negative = self._embed([request.negative_prompt for request in requests]) if self._guided else None
        return {"prompt_embeds": self._embed([r.prompt for r in requests]), "negative_prompt_embeds": negative}

    def _embed(self, prompts: Sequence[str]) -> Any:
        for prompt in prompts:
            if prompt not in self._kept:
                self._kept[prompt] = self._pipeline.encode_prompt(
                    prompt, device=self._pipeline.device, do_classifier_free_guidance=False, **self._once()
                )[0]
        batch = [self._kept[prompt] for prompt in prompts]
        while len(self._kept) > KEPT_PROMPTS:
            self._kept.pop(next(iter(self._kept)))
        # Z-Image's embeddings are as long as their prompts, and come in lists.
        return torch.cat(batch) if torch.is_tensor(batch[0]) else [one for single in batch for one in single]

    def _once(self) -> dict[str, int]:
        return {} if type(self._pipeline).__name__ == "ZImagePipeline" else {"num_images_per_prompt": 1}
