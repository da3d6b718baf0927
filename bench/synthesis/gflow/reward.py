"""The reward of an image GFlowNet, as `GflowSettings` declares it, with draws of its density and its log Z.

The values of the places are independent in each of the density's terms, so that it can be drawn from, and its sum over
all images known, exactly; what the classifier's factor adds to log Z is a mean over such draws.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, log_softmax

from bench.core.gflow_settings import GflowSettings
from bench.synthesis.gflow.layout import Words

JUDGE_BATCH, JUDGE_WIDTH = 64, 16


class Reward:
    """Of images as words, given training `images` float32 [n, c, h, w] with `labels` int64 [n]."""

    def __init__(self, settings: GflowSettings, words: Words, images: Tensor, labels: Tensor) -> None:
        self.words, self.labels, self._temperature = words, labels, settings.temperature
        # Of a sum over the values of an image: a mean over those of a patch, summed over patches.
        sharpness = words.grid.patches / images[0].numel() / (2 * settings.bandwidth**2)
        out_of_place = torch.tensor(settings.outliers / words.codes).log()
        near = torch.logaddexp(-sharpness * words.distances(images), out_of_place)
        # Each image is a distribution: unequal sums would let the few that codes fit best outweigh the others.
        self._near = torch.log_softmax(near.masked_fill(~words.known, -math.inf), 2)
        self.judge: nn.Module | None = None

    def __call__(self, codes: Tensor, wanted: Tensor) -> Tensor:
        """log R [b] of whole images, codes [b, T], of the classes `wanted` [b]."""
        own = wanted[:, None] == self.labels[None, :]
        near = self._near[:, torch.arange(codes.shape[1]), codes].sum(2).T.masked_fill(~own, -math.inf)
        density = near.logsumexp(1) - own.sum(1).log()
        return density + self.said(codes, wanted)

    def draw(self, wanted: Tensor, generator: torch.Generator) -> Tensor:
        """Codes [b, T] near training images of the classes `wanted` [b]."""
        own = (wanted[:, None] == self.labels[None, :]).float()
        return self._about(torch.multinomial(own, 1, generator=generator)[:, 0], generator)

    @torch.no_grad()
    def log_z(self, label: int, *, draws: int, generator: torch.Generator) -> float:
        """log of the sum of R over all images, for one class: of the classifier's mean factor."""
        wanted = torch.full((draws,), label)
        return self.said(self.draw(wanted, generator), wanted).logsumexp(0).item() - math.log(draws)

    def said(self, codes: Tensor, wanted: Tensor) -> Tensor:
        """log of the classifier's factor, [b]; it is trained on the density, so this is how the two differ."""
        if self.judge is None:
            return torch.zeros(len(codes))
        drawn = self.words.decode(codes)
        return log_softmax(self.judge(drawn), 1).gather(1, wanted[:, None])[:, 0] / self._temperature

    def judge_loss(self, judge: nn.Module, step: int, generator: torch.Generator) -> Tensor:
        """Of a step of a classifier of such images."""
        rows = torch.randint(len(self.labels), (JUDGE_BATCH,), generator=generator)
        return cross_entropy(judge(self.words.decode(self._about(rows, generator))), self.labels[rows])

    def _about(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        odds = self._near[rows].exp().flatten(0, 1)
        return torch.multinomial(odds, 1, generator=generator).view(len(rows), -1)


def judge_of(channels: int, side: int, *, classes: int) -> nn.Module:
    """A small classifier of images."""
    return nn.Sequential(
        nn.Conv2d(channels, JUDGE_WIDTH, 5, 2, 2),
        nn.LeakyReLU(),
        nn.Conv2d(JUDGE_WIDTH, 2 * JUDGE_WIDTH, 5, 2, 2),
        nn.LeakyReLU(),
        nn.Flatten(),
        nn.Linear(2 * JUDGE_WIDTH * math.ceil(side / 4) ** 2, classes),
    )
