"""`safety-checker`: the checker that Stable Diffusion is released with, as a rule of its own.

Where it is the generator's own, `method.parameters.safety: checker` does the same: it paints black what it flags,
and `blank` rejects that. This rule is for generators that come without one.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bench.core.digests import digest_bytes
from bench.core.errors import DataError
from bench.core.recipe import Digest
from bench.core.record import Record, parse
from bench.filters.rule import Candidate, Judgement, Tools

WEIGHTS = "model.safetensors"


class Parameters(Record):
    """`folder`: the checker (`config.json`, `model.safetensors`, `preprocessor_config.json`); `weights` pins it."""

    folder: str
    weights: Digest


class SafetyChecker:
    """Rejects what the checker flags. Score: 1 for flagged, 0 for not."""

    complaint = "is flagged by the safety checker"

    def __init__(self, parameters: Mapping[str, float | int | str | bool], tools: Tools) -> None:
        self._parameters = parse(Parameters, dict(parameters), where="filter safety-checker")
        self._device = tools.device

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        import torch
        from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
        from transformers import CLIPImageProcessor

        folder = Path(self._parameters.folder).expanduser()
        where = f"filter safety-checker: {folder}"
        if not (folder / WEIGHTS).is_file():
            raise DataError(f"{where} has no {WEIGHTS}; put the folder safety_checker of Stable Diffusion there")
        found = digest_bytes((folder / WEIGHTS).read_bytes())
        if found != self._parameters.weights:
            raise DataError(f"{where}: its weights have digest {found}, the recipe expects {self._parameters.weights}")
        try:
            checker = StableDiffusionSafetyChecker.from_pretrained(folder, use_safetensors=True, local_files_only=True)
            processor = CLIPImageProcessor.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, RuntimeError) as error:
            raise DataError(f"{where} does not load as a checker: {str(error).strip().splitlines()[0][:160]}") from None
        best = "cuda" if torch.cuda.is_available() else "cpu"
        device = best if self._device == "auto" else self._device
        return processor, checker.to(device).eval()

    def judge(self, candidates: Sequence[Candidate], kept: Sequence[Candidate]) -> list[Judgement]:
        """One judgement a candidate."""
        import torch

        processor, checker = self._loaded
        images = [candidate.image.convert("RGB") for candidate in candidates]
        with torch.inference_mode():
            pixels = processor(images, return_tensors="pt").pixel_values.to(checker.device)
            # The checker paints over the pictures that it is given; it gets stand-ins.
            _, flagged = checker(images=np.zeros((len(images), 1, 1, 3)), clip_input=pixels)
        return [Judgement(bool(flag), float(flag)) for flag in flagged]
