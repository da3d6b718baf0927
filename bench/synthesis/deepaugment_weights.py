"""The distortions of DeepAugment's weights, each by its published draw (methods.md 10.1).

An operation changes a dict of tensors, by NumPy's generator; blocks and layers that it may choose are the published
ones. Where a number of filters is of 64, as many of a narrower network's are meant.
"""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d, gelu

Weights = dict[str, Tensor]
Operation = Callable[[Weights, np.random.Generator], None]

THIRDS, SHIFTED_THIRDS, QUARTERS = range(0, 10, 3), range(1, 10, 3), range(1, 12, 4)
MOST = range(15)
EDSR_DRAWS, AGAIN = 3, 5
CROSS = ((0.0, 1.0, 0.0), (1.0, -4.0, 1.0), (0.0, 1.0, 0.0))
FULL = ((-1.0, -1.0, -1.0), (-1.0, 8.0, -1.0), (-1.0, -1.0, -1.0))


def corrupted_edsr(intact: Mapping[str, Tensor], random: np.random.Generator) -> Weights:
    """Three operations out of 17, drawn with replacement, one after another."""
    weights = {name: tensor.clone() for name, tensor in intact.items()}
    for chosen in random.integers(len(EDSR), size=EDSR_DRAWS):
        list(EDSR.values())[chosen](weights, random)
    return weights


def corrupted_cae(intact: Mapping[str, Tensor], random: np.random.Generator) -> Weights:
    """Exactly one operation out of 8."""
    weights = {name: tensor.clone() for name, tensor in intact.items()}
    list(CAE.values())[random.integers(len(CAE))](weights, random)
    return weights


def _block(blocks: Iterable[int], convolution: int, random: np.random.Generator) -> str:
    return f"body.{random.choice(list(blocks))}.body.{convolution}"


def _uniform(like: Tensor, random: np.random.Generator) -> Tensor:
    return torch.from_numpy(random.random(tuple(like.shape), dtype=np.float32))


def flip_filters(weights: Weights, random: np.random.Generator) -> None:
    """The filters of a block in reverse order, biases too."""
    block = _block(THIRDS, 0, random)[:-1]
    for name in (f"{block}{place}.{what}" for place in (0, 2) for what in ("weight", "bias")):
        weights[name] = weights[name].flip(0)


def negate_block(weights: Weights, random: np.random.Generator) -> None:
    """A block's first convolution, negated."""
    name = _block(SHIFTED_THIRDS, 0, random)
    weights |= {f"{name}.{what}": -weights[f"{name}.{what}"] for what in ("weight", "bias")}


def zero_block(weights: Weights, random: np.random.Generator) -> None:
    """A block's first convolution, zero."""
    name = _block(THIRDS, 0, random)
    weights |= {f"{name}.{what}": 0 * weights[f"{name}.{what}"] for what in ("weight", "bias")}


def minus_gelu(weights: Weights, random: np.random.Generator) -> None:
    """A block's weights w to -GELU(w)."""
    block = _block(THIRDS, 0, random)[:-1]
    weights |= {f"{block}{place}.weight": -gelu(weights[f"{block}{place}.weight"]) for place in (0, 2)}


def laplace_cross(weights: Weights, random: np.random.Generator) -> None:
    """Kernels times the Laplacian of four neighbours."""
    weights[f"{_block(THIRDS, 0, random)}.weight"] *= torch.tensor(CROSS)


def laplace_full(weights: Weights, random: np.random.Generator) -> None:
    """Kernels times the negative Laplacian of eight neighbours."""
    weights[f"{_block(THIRDS, 0, random)}.weight"] *= torch.tensor(FULL)


def multiply_noise(weights: Weights, random: np.random.Generator) -> None:
    """w (1 + 4 u r): u in 0..1 for all, r in 0..1 for each."""
    name = f"{_block(THIRDS, 2, random)}.weight"
    weights[name] = weights[name] * (1 + 4 * random.random() * _uniform(weights[name], random))


def mirror_and_negate(weights: Weights, random: np.random.Generator) -> None:
    """The first convolution's kernels mirrored, the second's negated."""
    block = _block(THIRDS, 0, random)[:-1]
    weights |= {
        f"{block}0.weight": weights[f"{block}0.weight"].flip(-1),
        f"{block}2.weight": -weights[f"{block}2.weight"],
    }


def convolve_one_tap(weights: Weights, random: np.random.Generator) -> None:
    """Kernels convolved with one tap of random place and sign for each input."""
    name = f"{_block(QUARTERS, 0, random)}.weight"
    taps = torch.zeros_like(weights[name])
    for place in range(taps.shape[1]):
        x, y = random.integers(3, size=2)
        taps[:, place, x, y] = float(random.choice([1.0, -1.0]))
    weights[name] = conv2d(weights[name], taps, padding=1)


def convolve_uniform(weights: Weights, random: np.random.Generator) -> None:
    """Kernels convolved with (2 u r - 1) / 6."""
    name = f"{_block(THIRDS, 0, random)}.weight"
    taps = (2 * random.random() * _uniform(weights[name], random) - 1) / 6
    weights[name] = conv2d(weights[name], taps, padding=1)


def convolve_dirichlet(weights: Weights, random: np.random.Generator) -> None:
    """Kernels convolved with nine taps from Dirichlet(0.1)."""
    name = f"{_block(QUARTERS, 2, random)}.weight"
    shape = tuple(weights[name].shape)
    taps = random.dirichlet([0.1] * 9, shape[:2]).astype(np.float32).reshape(shape)
    weights[name] = conv2d(weights[name], torch.from_numpy(taps), padding=1)


def add_noise(weights: Weights, random: np.random.Generator) -> None:
    """Plus U(-0.5, 0.5)."""
    name = f"{_block(MOST, 2, random)}.weight"
    weights[name] = weights[name] + _uniform(weights[name], random) - 0.5


def rotate_kernels(weights: Weights, random: np.random.Generator) -> None:
    """Five convolutions by 90, 180 or 270 degrees: their kernels, or outputs against inputs."""
    for _ in range(AGAIN):
        name = f"{_block(MOST, int(random.choice([0, 2])), random)}.weight"
        plane = (2, 3) if random.random() < 0.5 else (0, 1)
        weights[name] = torch.rot90(weights[name], int(random.integers(1, 4)), plane)


def sign_mask(weights: Weights, random: np.random.Generator) -> None:
    """Five blocks' weights, each negated with probability 1/2."""
    for _ in range(AGAIN):
        name = f"{_block(MOST, 0, random)}.weight"
        weights[name] = weights[name] * (_uniform(weights[name], random).round() * 2 - 1)


def zero_mask(weights: Weights, random: np.random.Generator) -> None:
    """Five blocks' weights, each zero with probability 1/2."""
    for _ in range(AGAIN):
        name = f"{_block(MOST, 0, random)}.weight"
        weights[name] = weights[name] * _uniform(weights[name], random).round()


def negate_half(weights: Weights, random: np.random.Generator) -> None:
    """In five blocks, as many filters as are half of all, drawn with replacement, negated."""
    for _ in range(AGAIN):
        name = f"{_block(MOST, 0, random)}.weight"
        count = len(weights[name])
        weights[name][np.unique(random.integers(count, size=count // 2))] *= -1


def keep_largest_tap(weights: Weights, random: np.random.Generator) -> None:
    """Five convolutions' kernels, zero but for their largest value."""
    for _ in range(AGAIN):
        name = f"{_block(MOST, int(random.choice([0, 2])), random)}.weight"
        flat = weights[name].flatten(2)
        weights[name] = torch.where(flat == flat.amax(2, keepdim=True), flat, 0).view_as(weights[name])


EDSR: Mapping[str, Operation] = {
    one.__name__: one
    for one in (
        flip_filters, negate_block, zero_block, minus_gelu, laplace_cross, laplace_full, multiply_noise,
        mirror_and_negate, convolve_one_tap, convolve_uniform, convolve_dirichlet, add_noise, rotate_kernels,
        sign_mask, zero_mask, negate_half, keep_largest_tap,
    )
}  # fmt: skip

CAE_LAYERS = (
    "e_conv_3.0", "d_up_conv_1.0", "d_up_conv_1.3", "d_block_1.1", "d_block_1.4", "d_block_2.1", "d_block_2.4",
    "d_block_3.1",
)  # fmt: skip
NEAR, INNER, DEEP = CAE_LAYERS[:6], CAE_LAYERS[2:6], CAE_LAYERS[3:8]
FEW, MANY = 12, 25


def _each(weights: Weights, name: str, rows: np.ndarray, change: Callable[[Tensor], Tensor]) -> None:
    for part in (f"{name}.weight", f"{name}.bias"):
        known = np.unique(rows[rows < len(weights[part])])
        weights[part][known] = change(weights[part][known])


def _filters(weights: Weights, name: str, count: int, random: np.random.Generator) -> np.ndarray:
    return random.integers(len(weights[f"{name}.weight"]), size=count)


def cae_flip(weights: Weights, random: np.random.Generator) -> None:
    """A layer's filters in reverse order. (The released code names a second layer, and flips it back.)"""
    name = random.choice(DEEP)
    weights |= {f"{name}.{what}": weights[f"{name}.{what}"].flip(0) for what in ("weight", "bias")}


def cae_negate(weights: Weights, random: np.random.Generator) -> None:
    """Twelve filters of a layer, drawn with replacement, negated one after another: twice is not at all."""
    name = random.choice(NEAR)
    rows, counts = np.unique(_filters(weights, name, FEW, random), return_counts=True)
    _each(weights, name, rows[counts % 2 == 1], lambda one: -one)


def cae_zero(weights: Weights, random: np.random.Generator) -> None:
    """Twenty-five filters of a layer, drawn with replacement, zero."""
    name = random.choice(NEAR)
    _each(weights, name, _filters(weights, name, MANY, random), lambda one: 0 * one)


def cae_minus_gelu(weights: Weights, random: np.random.Generator) -> None:
    """Twenty-five filters w of a layer, drawn with replacement, to -GELU(w), as often as they are drawn."""
    name = random.choice(INNER)
    for row in _filters(weights, name, MANY, random):
        _each(weights, name, np.array([row]), lambda one: -gelu(one))


def cae_noise(weights: Weights, random: np.random.Generator) -> None:
    """Two layers' weights times 1 + 8 u r: u in 0..1 for all, r in 0..1 for each."""
    for name in random.choice(NEAR, 2):
        own = weights[f"{name}.weight"]
        weights[f"{name}.weight"] = own * (1 + 8 * random.random() * _uniform(own, random))


def cae_mask(weights: Weights, random: np.random.Generator) -> None:
    """A layer's weights, each zero, or else each negated, with probability 1/2."""
    name = f"{random.choice(NEAR)}.weight"
    mask = _uniform(weights[name], random).round()
    weights[name] = weights[name] * (mask if random.random() < 0.5 else 2 * mask - 1)


def cae_rotate(weights: Weights, random: np.random.Generator) -> None:
    """A layer's kernels by 90, 180 or 270 degrees."""
    name = f"{random.choice(NEAR)}.weight"
    weights[name] = torch.rot90(weights[name], int(random.integers(1, 4)), (2, 3))


def cae_negate_fifth(weights: Weights, random: np.random.Generator) -> None:
    """As many filters as are a fifth of a layer's, drawn with replacement, negated; biases are left."""
    name = f"{random.choice(NEAR)}.weight"
    count = len(weights[name])
    weights[name][np.unique(random.integers(count, size=count // 5))] *= -1


CAE: Mapping[str, Operation] = {
    one.__name__: one
    for one in (
        cae_flip, cae_negate, cae_zero, cae_minus_gelu, cae_noise, cae_mask, cae_rotate, cae_negate_fifth,
    )
}  # fmt: skip
