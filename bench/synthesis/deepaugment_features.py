"""The distortions of what passes through DeepAugment's networks (methods.md 10.1), each by its published draw.

Each image passes alone, so that what one gets depends on no other. The facts sheet has none for the autoencoder; the
released code has nine, on its code, one of which is always drawn.
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, gelu, relu

from bench.synthesis.deepaugment_networks import Cae, Edsr, bits

Change = Callable[[Tensor, np.random.Generator], Tensor]
SWAPS, CUT, SKIPS = 5, 5, 3


def through_edsr(network: Edsr, images: Tensor, random: np.random.Generator) -> Tensor:
    """[1, c, h, w] in 0..1 to four times the size: one change of the features, and one of how the body treats them."""
    found = _one_of(FEATURES, random)(network.enter(255 * images), random)
    treated = list(BODY.values())[random.integers(len(BODY))](network.body, found, random)
    return (network.leave(treated + found) / 255).clamp(0, 1)


def through_cae(network: Cae, images: Tensor, random: np.random.Generator) -> Tensor:
    """[1, c, h, w] in 0..1 to the same size: one change of the code, before it is made of bits or after."""
    code, chosen = network.encode(images), random.integers(len(CODE) + 1)
    if chosen < len(CODE):
        code = list(CODE.values())[chosen](code, random)
    found = bits(code, _uniform(code, random))
    return network.decode(found if chosen < len(CODE) else louder(found, random)).clamp(0, 1)


def swap_channels(features: Tensor, random: np.random.Generator) -> Tensor:
    """Five pairs of channels change places. (The released code's assignment lets the second overwrite the first.)"""
    order = np.arange(features.shape[1])
    for one, other in random.integers(len(order), size=(SWAPS, 2)):
        order[[one, other]] = order[[other, one]]
    return features[:, order]


def zero_some(features: Tensor, random: np.random.Generator) -> Tensor:
    """Times round(u + 0.45): 5 % are zero."""
    return features * (_uniform(features, random) + 0.45).round()


def negate_some(features: Tensor, random: np.random.Generator) -> Tensor:
    """Times 2 round(u + 0.475) - 1: 2.5 % are negated."""
    return features * (2 * (_uniform(features, random) + 0.475).round() - 1)


def nothing(features: Tensor, random: np.random.Generator) -> Tensor:
    """As they are."""
    return features


FEATURES: Mapping[str, Change] = {one.__name__: one for one in (swap_channels, zero_some, negate_some, nothing)}


def body_negated(body: nn.Sequential, features: Tensor, random: np.random.Generator) -> Tensor:
    """Negated after block 5."""
    return body[CUT:](-body[:CUT](features))


def body_activated(body: nn.Sequential, features: Tensor, random: np.random.Generator) -> Tensor:
    """An activation after block 5: ReLU once in three times, else GELU."""
    return body[CUT:]((relu if random.integers(3) == 1 else gelu)(body[:CUT](features)))


def body_flipped(body: nn.Sequential, features: Tensor, random: np.random.Generator) -> Tensor:
    """Channels in reverse order after block 5, and rows (once in three times) or columns."""
    return body[CUT:](body[:CUT](features).flip((1, 2) if random.integers(3) == 1 else (1, 3)))


def body_skipped(body: nn.Sequential, features: Tensor, random: np.random.Generator) -> Tensor:
    """Up to three of the layers from the third on are left out.

    (The released code gives each layer the same features, so that the last one alone counts.)
    """
    skipped = set(random.integers(2, len(body), size=SKIPS).tolist())
    for place, layer in enumerate(body):
        features = features if place in skipped else layer(features)
    return features


def body_whole(body: nn.Sequential, features: Tensor, random: np.random.Generator) -> Tensor:
    """Nothing changed."""
    return body(features)


BODY: Mapping[str, Callable[[nn.Sequential, Tensor, np.random.Generator], Tensor]] = {
    one.__name__: one for one in (body_negated, body_activated, body_flipped, body_skipped, body_whole)
}


def louder(code: Tensor, random: np.random.Generator) -> Tensor:
    """Bits times 3 + 4 u r: u in 0..1 for all, r in 0..1 for each."""
    return code * (3 + 4 * random.random() * _uniform(code, random))


def zero_places(code: Tensor, random: np.random.Generator) -> Tensor:
    """A fifth of the places zero, in all channels."""
    return code * (_uniform(code[0, 0], random) > 0.2)


def negate_places(code: Tensor, random: np.random.Generator) -> Tensor:
    """A tenth of the places negated, in all channels."""
    return code * (2.0 * (_uniform(code[0, 0], random) > 0.1) - 1)


def mix_channels(code: Tensor, random: np.random.Generator) -> Tensor:
    """The first ten channels in another order."""
    few = min(10, code.shape[1])
    return torch.cat([code[:, random.permutation(few)], code[:, few:]], 1)


def flip_some(code: Tensor, random: np.random.Generator) -> Tensor:
    """Five times, a channel upside down, mirrored, or both; all five alike."""
    how, code = _flips(random), code.clone()
    for place in random.integers(code.shape[1], size=5):
        code[:, place] = code[:, place].flip(how)
    return code


def flip_all(code: Tensor, random: np.random.Generator) -> Tensor:
    """All channels upside down, mirrored, or both."""
    return code.flip([axis + 1 for axis in _flips(random) if axis])


def nearly_identity(code: Tensor, random: np.random.Generator) -> Tensor:
    """Convolved with the identity plus U(-0.1, 0.1)."""
    taps = _taps(code)
    return conv2d(code, taps + 0.2 * (_uniform(taps, random) - 0.5), padding=1)


def borrowed(code: Tensor, random: np.random.Generator) -> Tensor:
    """Half of the channels have another one added, shifted by up to a place."""
    taps = _taps(code)
    for place in range(len(taps)):
        if random.random() < 0.5:
            taps[place, random.integers(len(taps)), random.integers(3), random.integers(3)] = 1
    return conv2d(code, taps, padding=1)


def shifted(code: Tensor, random: np.random.Generator) -> Tensor:
    """Channels shifted by up to a place, a fifth of them with the next shift drawn."""
    taps, shift = torch.zeros_like(_taps(code)), random.integers(3, size=2)
    for place in range(len(taps)):
        shift = random.integers(3, size=2) if random.random() < 0.2 else shift
        taps[place, place, shift[0], shift[1]] = 1
    return conv2d(code, taps, padding=1)


CODE: Mapping[str, Change] = {
    one.__name__: one
    for one in (zero_places, negate_places, mix_channels, flip_some, flip_all, nearly_identity, borrowed, shifted)
}
"""Changes before the code is made of bits; `louder`, the ninth, comes after."""


def _one_of(changes: Mapping[str, Change], random: np.random.Generator) -> Change:
    return list(changes.values())[random.integers(len(changes))]


def _flips(random: np.random.Generator) -> list[int]:
    """Axes of [1, h, w], of which two out of three are flipped: the first has one place only."""
    return sorted(random.permutation(3)[:2].tolist())


def _taps(code: Tensor) -> Tensor:
    count = code.shape[1]
    taps = code.new_zeros(count, count, 3, 3)
    taps[range(count), range(count), 1, 1] = 1
    return taps


def _uniform(like: Tensor, random: np.random.Generator) -> Tensor:
    return torch.from_numpy(random.random(tuple(like.shape), dtype=np.float32))
