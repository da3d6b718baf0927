"""Fitting DeepAugment's networks on a track's own images, where no weights of others are given.

The super-resolution network learns to undo a shrinking by four (mean absolute error, as EDSR), the autoencoder to give
back what it reads by way of bits (mean square error). Both run in `resumable.fit`: a killed run ends in the same bits.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from bench.training.resumable import Schedule, fit

PATCH = 128  # the published autoencoder's; larger images are cropped to it
SHRINK = 4


def fit_pair(
    edsr: nn.Module, cae: nn.Module, images: Tensor, *, batch: int, schedule: Schedule, work: Path
) -> dict[str, Tensor]:
    """`edsr.…` and `cae.…`: the moving averages of both networks' weights; images float [n, c, s, s] in 0..1."""

    def cropped(random: torch.Generator, side: int) -> Tensor:
        rows = torch.randint(len(images), (batch,), generator=random)
        whole = images[rows]
        room = whole.shape[-1] - side
        top, left = (int(torch.randint(room + 1, (), generator=random)) for _ in range(2))
        return whole[..., top : top + side, left : left + side]

    def enlarging(step: int, random: torch.Generator) -> Tensor:
        large = cropped(random, min(PATCH, images.shape[-1]) // SHRINK * SHRINK)
        small = interpolate(large, scale_factor=1 / SHRINK, mode="bilinear", antialias=True)
        return (edsr(255 * small) / 255 - large).abs().mean()

    def repeating(step: int, random: torch.Generator) -> Tensor:
        patch = cropped(random, min(PATCH // 2, images.shape[-1]) // 2 * 2)
        large = interpolate(patch, scale_factor=2, mode="bilinear")
        code = (batch, cae.e_conv_3[0].out_channels, large.shape[-1] // SHRINK, large.shape[-1] // SHRINK)
        return (cae(large, torch.rand(code, generator=random)) - large).square().mean()

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        found = {
            "edsr": fit("deepaugment-edsr", edsr, enlarging, schedule, work),
            "cae": fit("deepaugment-cae", cae, repeating, schedule, work),
        }
    finally:
        torch.set_num_threads(threads)
    return {f"{part}.{name}": tensor for part, tensors in found.items() for name, tensor in tensors.items()}
