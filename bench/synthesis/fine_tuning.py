"""Fine-tuning the generator on real images under captions of their classes (methods.md 4): only the UNet is trained.

E || eps - eps_theta(z_t, t, c) ||^2 without caption dropout, so that the branch without a caption stays what it was, as
the authors of ImageNet-G did it. The defaults are those of their run, one pass over the images; those of their script
differ by factors of 100 in the rate.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

from bench.core.recipe import SLOT
from bench.synthesis.adaptation import Lesson, changed_weights
from bench.synthesis.denoising import DenoisingLoss
from bench.synthesis.learned_parameters import FineTuning as Parameters
from bench.synthesis.textual_inversion import read_ids


class FineTuning:
    """Learns new weights for the whole UNet."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    def learn(self, pipeline: Any, lesson: Lesson) -> dict[str, Tensor]:
        """Parameter name of the UNet -> tensor, from the lesson's images, each under a template with its class name."""
        known, unet = self._parameters, pipeline.unet
        loss_of = DenoisingLoss(pipeline, lesson.images, lesson.recipe, flip=known.flip)
        words = {name: self._captions(pipeline, name) for name in sorted(set(lesson.names))}
        for part in (pipeline.text_encoder, pipeline.vae):
            part.requires_grad_(False)
        unet.requires_grad_(True).train()
        optimizer = torch.optim.AdamW(unet.parameters(), lr=known.rate, weight_decay=known.weight_decay)
        generator = torch.Generator().manual_seed(lesson.seed)
        each = known.batch * known.accumulation
        steps = known.steps or max(1, round(known.epochs * loss_of.count / each))
        order = _Order(loss_of.count, generator)
        for step in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = known.rate * _share(step, steps, known.schedule)
            optimizer.zero_grad(set_to_none=True)
            with torch.enable_grad():
                for _ in range(known.accumulation):
                    rows = [order.next() for _ in range(known.batch)]
                    said = [self._one_of(words[lesson.names[row]], generator) for row in rows]
                    (loss_of(rows, torch.cat(said), generator) / known.accumulation).backward()
            nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
            optimizer.step()
        unet.eval()
        return changed_weights(unet, [name for name, _ in unet.named_parameters()])

    def _captions(self, pipeline: Any, name: str) -> list[Tensor]:
        captions = [template.replace(SLOT, name) for template in self._parameters.templates]
        return [pipeline.text_encoder(read_ids(pipeline, one)).last_hidden_state.detach() for one in captions]

    def _one_of(self, words: list[Tensor], generator: torch.Generator) -> Tensor:
        return words[int(torch.randint(len(words), (), generator=generator))]


class _Order:
    """Rows in a fresh order each time that all have been seen."""

    def __init__(self, count: int, generator: torch.Generator) -> None:
        self._count, self._generator, self._left = count, generator, list[int]()

    def next(self) -> int:
        if not self._left:
            self._left = torch.randperm(self._count, generator=self._generator).tolist()
        return self._left.pop()


def _share(step: int, steps: int, schedule: str) -> float:
    """The share of the peak rate: all of it, or falling to zero along a cosine."""
    return 1.0 if schedule == "constant" else 0.5 * (1 + math.cos(math.pi * step / steps))
