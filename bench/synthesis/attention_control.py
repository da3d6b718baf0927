"""Prompt-to-Prompt's control of attention (Hertz et al., 2023; methods.md 18.1).

A UNet reads a batch whose first half are the sources and whose second half are their edits. In each cross-attention the
edits' maps become those of their sources, as the edit says; in small self-attentions they are the sources' own.
Where the maps say little of the layout, residual features may be copied too (Plug-and-Play; Tumanyan et al., 2023).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate, max_pool2d

# Self-attention is copied up to 32 x 32 queries.
COPIED_QUERIES = 1024
BLEND_AFTER, BLEND_ABOVE = 0.2, 0.3


@dataclass(frozen=True)
class Edit:
    """How one pair's maps are edited; every tensor on the device of the maps.

    `mapper` [length, length]: the source's map times it stands at the edit's tokens; `taken` [length]: 1 where
    a token of the edit takes that map, 0 where it keeps its own; `scale` [length]: what columns are multiplied by.
    `blend`: the token places [k] of source and edit whose maps say where the latents may differ, if any.
    """

    mapper: Tensor
    taken: Tensor
    scale: Tensor
    blend: tuple[Tensor, Tensor] | None = None

    def of(self, source: Tensor, own: Tensor, *, within: bool) -> Tensor:
        """The edit's maps [heads, queries, length] from the source's and its own; `within` the window of replacing."""
        if within:
            own = self.taken * (source @ self.mapper) + (1 - self.taken) * own
        return own * self.scale


@dataclass
class Control:
    """The edits of a batch's pairs, and where in the sampling it is; shares of the steps for both kinds of copying."""

    edits: Sequence[Edit]
    cross: float
    self_: float
    features: float = 0.0
    share: float = 0.0
    maps: dict[int, list[Tensor]] = field(default_factory=dict)

    def cross_attention(self, maps: Tensor) -> Tensor:
        """Maps [2n, heads, queries, length] with the edits' half controlled."""
        source, own = maps.chunk(2)
        pairs = zip(self.edits, source, own, strict=True)
        edited = torch.stack([edit.of(one, other, within=self.share < self.cross) for edit, one, other in pairs])
        both = torch.cat([source, edited])
        if any(edit.blend for edit in self.edits):
            self.maps.setdefault(maps.shape[2], []).append(both.mean(dim=1).detach())
        return both

    def self_attention(self, maps: Tensor) -> Tensor:
        """Maps [2n, heads, queries, queries]: the sources' twice, in the window and where they are small."""
        if self.share < self.self_ and maps.shape[2] <= COPIED_QUERIES:
            source = maps.chunk(2)[0]
            return torch.cat([source, source])
        return maps

    def residual(self, module: Any, given: Any, out: Tensor) -> Tensor | None:
        """A forward hook: within the window the sources' features [2n, c, h, w], twice."""
        if self.share >= self.features:
            return None
        source = out.chunk(2)[0]
        return torch.cat([source, source])

    def blended(self, z: Tensor) -> Tensor:
        """Latents [2n, c, h, w] whose edits differ from their sources only where the words to blend by look."""
        if self.share < BLEND_AFTER or not self.maps:
            return z
        source, edited = z.chunk(2)
        # Stable Diffusion's maps of 16 x 16 for latents of 64 x 64; for others those that come nearest to a quarter.
        queries = min(self.maps, key=lambda count: abs(count**0.5 - z.shape[-1] / 4))
        maps = torch.stack(self.maps[queries]).mean(dim=0)
        masks = [self._mask(place, edit, maps, z) for place, edit in enumerate(self.edits)]
        return torch.cat([source, source + torch.stack(masks) * (edited - source)])

    def _mask(self, place: int, edit: Edit, maps: Tensor, z: Tensor) -> Tensor:
        """Float [1, h, w]: where source or edit look at the words, above a share of their largest map."""
        if edit.blend is None:
            return torch.ones_like(z[0, :1])
        found = []
        for words, one in zip(edit.blend, (maps[place], maps[place + len(self.edits)]), strict=True):
            side = int(len(one) ** 0.5)
            looked = one[:, words].mean(dim=1).view(1, 1, side, side)
            wide = interpolate(max_pool2d(looked, 3, stride=1, padding=1), size=z.shape[-2:])[0]
            found.append((wide / wide.max()) > BLEND_ABOVE)
        return (found[0] | found[1]).to(z)


class Processor:
    """An attention processor of diffusers that shows its maps to a control before they are used."""

    def __init__(self, control: Control, *, cross: bool) -> None:
        self._control = control.cross_attention if cross else control.self_attention

    def __call__(
        self, attn: Any, hidden_states: Tensor, encoder_hidden_states: Tensor | None = None, **ignored: Any
    ) -> Tensor:
        words = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query, key, value = (
            attn.head_to_batch_dim(part) for part in (attn.to_q(hidden_states), attn.to_k(words), attn.to_v(words))
        )
        maps = attn.get_attention_scores(query, key, None)
        controlled = self._control(maps.view(len(hidden_states), attn.heads, *maps.shape[1:]))
        out = attn.batch_to_head_dim(torch.bmm(controlled.reshape(maps.shape), value))
        found: Tensor = attn.to_out[1](attn.to_out[0](out))
        return found


def processors(unet: Any, control: Control) -> dict[str, Processor]:
    """A processor for every attention of a UNet."""
    return {name: Processor(control, cross="attn2" in name) for name in unet.attn_processors}


@contextmanager
def copied_features(unet: Any, control: Control) -> Iterator[None]:
    """Within it, what a residual block of the decoder adds is shown to a control.

    Plug-and-Play's block: the second one of the second of four levels (of the first of two).
    """
    level = unet.up_blocks[max(0, len(unet.up_blocks) // 2 - 1)]
    hook = level.resnets[1].conv2.register_forward_hook(control.residual)
    try:
        yield
    finally:
        hook.remove()
