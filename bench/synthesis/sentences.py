"""Sentences that a text model writes around a class's name, for language enhancement (methods.md 12.1).

As He et al. have it, 250 are drawn by sampling, those that stand twice are dropped, and 200 of the rest are kept at
random. No torch at the top, so that planning rows stays quick.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.core.digests import derive_seed
from bench.core.errors import DataError, UsageError
from bench.core.recipe import SLOT, Recipe
from bench.synthesis.adaptation import Lesson, State
from bench.synthesis.learned_parameters import Sentences as Parameters
from bench.synthesis.parameters import LanguageEnhancement, read
from bench.synthesis.pinned_weights import folder_digest

SENTENCES = "sentences"
# Sentences written at once.
_CHUNK = 50


class Sentences:
    """Writes a class's sentences with a text model of transformers' layout: text to text, or causal."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    def learn(self, pipeline: Any, lesson: Lesson) -> dict[str, Any]:
        """`{"sentences": uint8 [bytes]}`: a JSON list. The generator is not asked."""
        import torch

        known = self._parameters
        drawn = self._written(_folder(known), known.reads.replace(SLOT, lesson.class_name), lesson.seed)
        found = list(dict.fromkeys(one for one in drawn if one and (not known.named or lesson.class_name in one)))
        if not found:
            which = f"a sentence with {lesson.class_name!r}" if known.named else "a sentence"
            raise DataError(
                f"sentences: {known.model}: expected {which} among {known.draws} drawn, got none; draw more"
            )
        rng = np.random.default_rng(derive_seed("kept", lesson.seed))
        kept = [found[place] for place in np.sort(rng.permutation(len(found))[: known.keep])]
        return {SENTENCES: torch.frombuffer(bytearray(json.dumps(kept).encode()), dtype=torch.uint8)}

    def _written(self, folder: Path, given: str, seed: int) -> list[str]:
        """`draws` texts sampled after (or from) `given`, in one line each."""
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

        known = self._parameters
        try:
            config = AutoConfig.from_pretrained(folder, local_files_only=True)
            kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
            model = kind.from_pretrained(folder, local_files_only=True, use_safetensors=True).eval()
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            reason = str(error).strip().splitlines()[0][:120]
            raise DataError(f"sentences: {folder} does not load as a text model: {reason}") from None
        read = tokenizer(given, return_tensors="pt")
        texts: list[str] = []
        # `generate` draws from the global state alone.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            while len(texts) < known.draws:
                said = model.generate(
                    input_ids=read.input_ids,
                    attention_mask=read.attention_mask,
                    do_sample=True,
                    temperature=known.temperature,
                    max_new_tokens=known.longest,
                    num_return_sequences=min(_CHUNK, known.draws - len(texts)),
                    pad_token_id=tokenizer.pad_token_id if tokenizer.pad_token_id is not None else config.eos_token_id,
                )
                texts += tokenizer.batch_decode(said, skip_special_tokens=True)
        return [" ".join(text.split()) for text in texts]


def put_sentences(pipeline: Any, state: State) -> None:
    """Nothing: sentences change prompts, not the generator."""


def sentences_of(recipe: Recipe, states: Sequence[State], class_name: str) -> list[str]:
    """The sentences for a class, its name in them: those that were written for it, else the recipe's own."""
    written = next((state for state in states if state.adaptation == SENTENCES), None)
    if written is not None:
        return [str(one) for one in json.loads(bytes(written.tensors[SENTENCES].tolist()))]
    return [one.replace(SLOT, class_name) for one in read(LanguageEnhancement, recipe).sentences]


def check_sentences(recipe: Recipe) -> Recipe:
    """The recipe; UsageError where sentences are neither given nor written, or both, or have no place to go to."""
    told = recipe.method.name == "language-enhancement"
    if told and recipe.prompts is not None and recipe.prompts.nameless:
        raise UsageError(f"{recipe.reference}: prompts.nameless: sentences go into the slot of a prompt; leave it out")
    given = told and bool(read(LanguageEnhancement, recipe).sentences)
    written = any(one.name == "sentences" for one in recipe.adaptations or ())
    if told and given == written:
        found = "both" if given else "neither"
        raise UsageError(
            f"{recipe.reference}: method.parameters: language-enhancement needs sentences (or a bank of them), or the"
            f" adaptation sentences to write them; got {found}"
        )
    if written and not told:
        raise UsageError(
            f"{recipe.reference}: adaptations: sentences serve method language-enhancement alone, not"
            f" {recipe.method.name}; leave them out"
        )
    return recipe


def _folder(known: Parameters) -> Path:
    folder = Path(known.model).expanduser()
    if not folder.is_dir():
        raise DataError(f"sentences: no text model at {folder}; give a folder that exists")
    found = folder_digest(folder)
    if found != known.weights:
        raise DataError(f"sentences: the text model in {folder} has digest {found}, the recipe expects {known.weights}")
    return folder
