"""Textual inversion (Gal et al., 2023; methods.md 14.1): a word for what a few images show.

v* = argmin_v E || eps - eps_theta(z_t, t, tau(y(v))) ||^2, with all frozen but the embeddings v of one new token; the
gradient passes through UNet and text encoder. A token may have several vectors, which stand one after another.
The defaults are those of DA-Fusion, whose rate is 5e-4 times a batch of 4.
"""

from typing import Any

import torch
from torch import Tensor, nn

from bench.core.errors import DataError, UsageError
from bench.core.recipe import SLOT
from bench.synthesis.adaptation import Lesson, State
from bench.synthesis.denoising import DenoisingLoss
from bench.synthesis.learned_parameters import TextualInversion as Parameters
from bench.synthesis.parameters import token_of

VECTORS = "vectors"


class TextualInversion:
    """Learns a token's vectors, float [k, d]."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    def learn(self, pipeline: Any, lesson: Lesson) -> dict[str, Tensor]:
        """`{"vectors": [k, d]}`, from the lesson's images under the parameters' templates."""
        known, token = self._parameters, token_of(lesson.class_name)
        vectors = nn.Parameter(self._first(pipeline))
        put_token(pipeline, State("textual-inversion", lesson.class_name, "", {VECTORS: vectors.data}))
        for part in (pipeline.unet, pipeline.text_encoder, pipeline.vae):
            part.requires_grad_(False)
        loss_of = DenoisingLoss(pipeline, lesson.images, lesson.recipe, flip=known.flip)
        ids = [read_ids(pipeline, template.replace(SLOT, token)) for template in known.templates]
        new = pipeline.tokenizer.convert_tokens_to_ids(names_of(token, known.vectors))
        optimizer = torch.optim.AdamW([vectors], lr=known.rate, weight_decay=known.weight_decay)
        embedding = pipeline.text_encoder.get_input_embeddings()
        hook = embedding.register_forward_hook(lambda module, given, out: _put_rows(out, given[0], new, vectors))
        generator = torch.Generator().manual_seed(lesson.seed)
        try:
            with torch.enable_grad():
                for _ in range(known.steps):
                    rows = torch.randint(loss_of.count, (known.batch,), generator=generator).tolist()
                    said = torch.randint(len(ids), (known.batch,), generator=generator).tolist()
                    words = pipeline.text_encoder(torch.cat([ids[i] for i in said])).last_hidden_state
                    optimizer.zero_grad(set_to_none=True)
                    loss_of(rows, words, generator).backward()
                    optimizer.step()
        finally:
            hook.remove()
        return {VECTORS: vectors.detach().clone()}

    def _first(self, pipeline: Any) -> Tensor:
        """The embeddings to begin with [k, d]; UsageError for a word that is not one token, or too few words."""
        words, k = self._parameters.initial.split(), self._parameters.vectors
        if len(words) not in (1, k):
            raise UsageError(f"textual-inversion: initial: expected one word, or one a vector ({k}), got {len(words)}")
        for word in words:
            pieces = pipeline.tokenizer.tokenize(word)
            if len(pieces) != 1:
                raise UsageError(
                    f"textual-inversion: initial: expected one token of the generator, {word!r} is {len(pieces)}"
                )
        rows = pipeline.text_encoder.get_input_embeddings().weight
        ids = [pipeline.tokenizer.convert_tokens_to_ids(pipeline.tokenizer.tokenize(word)[0]) for word in words]
        return rows[ids * (k // len(ids))].detach().float().clone()


def put_token(pipeline: Any, state: State) -> None:
    """The state's token in the pipeline's vocabulary; DataError where it is a word for another text encoder."""
    vectors = state.tensors[VECTORS]
    width = pipeline.text_encoder.get_input_embeddings().weight.shape[1]
    if vectors.ndim != 2 or vectors.shape[1] != width:
        raise DataError(
            f"textual-inversion state {state.digest[:19]}…: a token of another text encoder: its vectors are"
            f" {tuple(vectors.shape)}, this one reads {width} numbers; learn it again for this generator"
        )
    pipeline.load_textual_inversion({token_of(state.class_name): vectors})


def names_of(token: str, vectors: int) -> list[str]:
    """What the vectors of a token are called, as diffusers has it."""
    return [token, *(f"{token}_{place}" for place in range(1, vectors))]


def read_ids(pipeline: Any, prompt: str) -> Tensor:
    """Token ids int64 [1, length] of a prompt, its learned tokens written out."""
    tokenizer = pipeline.tokenizer
    whole = pipeline.maybe_convert_prompt(prompt, tokenizer)
    length = tokenizer.model_max_length
    found = tokenizer(whole, padding="max_length", truncation=True, max_length=length, return_tensors="pt")
    return found.input_ids.to(pipeline.device)


def _put_rows(embedded: Tensor, ids: Tensor, new: list[int], vectors: Tensor) -> Tensor:
    for place, token_id in enumerate(new):
        embedded = torch.where((ids == token_id)[..., None], vectors[place].to(embedded), embedded)
    return embedded
