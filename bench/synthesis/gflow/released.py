"""GFlowAug as released (methods.md 17.2): a masked-pixel mixture density model, fitted by maximum likelihood.

Its poster speaks of flows and a reward; the code has neither, so this is no GFlowNet. Its quirks are kept and named:
the normal components are drawn from one each and averaged without their weights; fewer pixels than an action fills
stay at the erased value; images are made 32 x 32 by nearest neighbours. In its training every channel's head is fitted
to channel 0, and no other channel is revealed; here each to its own, unless `as_published`. Grey images are the same
either way. Convolutions are unpadded, which the facts leave open.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from bench.core.gflow_settings import ReleasedSettings, class_share
from bench.synthesis.gflow.learn import Fit, resized

SIDE, PIXELS, COMPONENTS = 32, 8, 8  # of an image; filled by one action; of the mixture
ERASED = -1.0
LEAST_ERASED = 0.05
SMALLEST_VARIANCE = 1e-4


class MaskedPixels(nn.Module):
    """Two convolutions and a linear layer, from image, visible mask and take mask to k normal densities a channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        outputs = channels * COMPONENTS * (PIXELS**2 + PIXELS + 1)
        self.net = nn.Sequential(
            nn.Conv2d(channels + 2, 32, 5),
            nn.LeakyReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 5),
            nn.LeakyReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(64 * 5 * 5, outputs),
        )

    def forward(self, images: Tensor, visible: Tensor, take: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Images [b, c, 32, 32], masks bool [b, 32, 32] to log shares [b, c, k], means and variances [b, c, k, t].

        The variance is the diagonal of S^T S / 2; off the diagonal the released code puts zeros.
        """
        planes = torch.cat([images, visible[:, None].to(images.dtype), take[:, None].to(images.dtype)], 1)
        raw = self.net(planes).unflatten(1, (self.channels, COMPONENTS, -1))
        spread = raw[..., PIXELS : PIXELS + PIXELS**2].unflatten(3, (PIXELS, PIXELS))
        variance = spread.square().sum(3) / 2 + SMALLEST_VARIANCE
        return torch.log_softmax(raw[..., -1], 2), raw[..., :PIXELS], variance


def to_released(images: Tensor) -> Tensor:
    """Images in 0..1 to 32 x 32 by nearest neighbours, in -1..1."""
    return 2 * interpolate(images, (SIDE, SIDE), mode="nearest") - 1


def erased(count: int, generator: torch.Generator) -> Tensor:
    """Which pixels are seen, bool [count, 32, 32]: p ~ U(0.05, 1) for each image, and a share p is erased."""
    p = LEAST_ERASED + (1 - LEAST_ERASED) * torch.rand(count, 1, 1, generator=generator)
    return torch.rand(count, SIDE, SIDE, generator=generator) > p


def negative_log_likelihood(
    model: MaskedPixels, image: Tensor, visible: Tensor, *, as_published: bool, generator: torch.Generator
) -> Tensor:
    """Of one image [c, 32, 32]: minus the sum over actions of log density, averaged over channels; teacher forcing.

    All actions of the image are one batch, since what each of them sees is known beforehand.
    """
    hidden = (~visible.flatten()).nonzero()[:, 0]
    hidden = hidden[torch.randperm(len(hidden), generator=generator)]
    actions = hidden[: len(hidden) // PIXELS * PIXELS].view(-1, PIXELS)
    if not len(actions):
        return torch.zeros((), requires_grad=True)
    n = len(actions)
    take = torch.zeros(n, SIDE * SIDE, dtype=torch.bool).scatter(1, actions, True)
    seen = visible.flatten() | (take.cumsum(0) - take.long()).bool()
    shown = seen[:, None].expand(-1, len(image), -1)
    if as_published:
        shown = torch.cat([shown[:, :1], visible.flatten().expand(n, len(image) - 1, -1)], 1)
    states = torch.where(shown, image.flatten(1), ERASED).view(n, -1, SIDE, SIDE)
    # As an index by mask has it: the pixels of an action in the order of their places.
    values = image.flatten(1)[:, actions.sort(1).values].permute(1, 0, 2)
    values = values[:, :1].expand_as(values) if as_published else values
    shares, mean, variance = model(states, seen.view(n, SIDE, SIDE), take.view(n, SIDE, SIDE))
    scaled = (values[:, :, None] - mean).square() / variance
    each = shares - 0.5 * (scaled + variance.log() + math.log(2 * math.pi)).sum(3)
    return -torch.logsumexp(each, 2).sum(0).mean()


@torch.no_grad()
def fill(model: MaskedPixels, images: Tensor, visible: Tensor, generator: torch.Generator) -> Tensor:
    """Images [b, c, 32, 32] in -1..1 whose unseen pixels are drawn, eight at a time, until fewer are left."""
    images = torch.where(visible[:, None], images, torch.tensor(ERASED))
    flat, seen, channels = images.flatten(2).clone(), visible.flatten(1).clone(), images.shape[1]
    while True:
        rows = ((~seen).sum(1) >= PIXELS).nonzero()[:, 0]
        if not len(rows):
            return flat.view_as(images)
        keys = torch.rand(len(rows), SIDE * SIDE, generator=generator).masked_fill(seen[rows], 2.0)
        places = keys.argsort(1)[:, :PIXELS].sort(1).values
        take = torch.zeros(len(rows), SIDE * SIDE, dtype=torch.bool).scatter(1, places, True)
        grid = (len(rows), SIDE, SIDE)
        _, mean, variance = model(flat[rows].view(-1, channels, SIDE, SIDE), seen[rows].view(grid), take.view(grid))
        drawn = (mean + variance.sqrt() * torch.randn(mean.shape, generator=generator)).mean(2)
        flat[rows[:, None, None], torch.arange(channels)[:, None], places[:, None]] = drawn
        seen[rows] |= take


def learn_released(
    settings: ReleasedSettings, images: Tensor, labels: Tensor, *, classes: int, fit: Fit
) -> MaskedPixels:
    """The model of images float32 [n, c, h, w] in 0..1, one at a time, Adam's rate 1e-3."""
    small = to_released(images[class_share(labels.numpy(), settings, classes=classes)])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        model = MaskedPixels(images.shape[1])

        def step(number: int, generator: torch.Generator) -> Tensor:
            visible = erased(1, generator)[0]
            image = small[number % len(small)]
            return negative_log_likelihood(
                model, image, visible, as_published=settings.as_published, generator=generator
            )

        steps = max(settings.epochs, math.ceil(settings.shown / len(small))) * len(small)
        plain = {"warmup": 0, "decay_share": 0.0, "weight_decay": 0.0, "clip": math.inf, "ema": 0.0}
        model.load_state_dict(fit("released", model, step, steps=steps, rate=1e-3, **plain))
    return model.eval()


def redrawn(model: MaskedPixels, images: Tensor, generator: torch.Generator) -> Tensor:
    """Images float32 [b, c, h, w] in 0..1, partly erased, filled, and brought back to their size."""
    done = fill(model, to_released(images), erased(len(images), generator), generator)
    return resized((done + 1) / 2, images.shape[-1]).clamp(0, 1)
