"""He et al.'s classifier tuning: a zero-shot head is fitted to features of synthetic images (methods.md 12.3).

Everything but the head stays as it is, so that features are extracted once. The head begins at the text embeddings of
the classes. Half the loss is cross-entropy with the labels; the other half is cross-entropy with what the first head
says, softened by a temperature that the fitted head's answers are not.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, log_softmax, softmax


@dataclass(frozen=True)
class HeadTuning:
    """As published; `soft` is the share of the loss that the first head teaches."""

    epochs: int = 30
    batch: int = 512
    rate: float = 2e-3
    weight_decay: float = 0.1
    clip: float = 1.0
    soft: float = 0.5
    temperature: float = 2.0
    seed: int = 0


def tuned_heads(
    features: np.ndarray, labels: np.ndarray, *, first: np.ndarray, tuning: HeadTuning
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """After each epoch the head: weight float32 [C, d] and bias [C].

    `features` [n, d]: of length 1; `labels` int [n]; `first` [C, d]: text embeddings of length 1 times the scale of
    the model's logits. AdamW, cosine without warm-up over all steps, batches of a permutation of every epoch's own.
    """
    x, y, start = (torch.from_numpy(np.ascontiguousarray(one)) for one in (features, labels, first))
    x, start = x.float(), start.float()
    head = nn.Linear(start.shape[1], len(start))
    with torch.no_grad():
        head.weight.copy_(start)
        head.bias.zero_()
    steps = -(-len(x) // tuning.batch) * tuning.epochs
    optimizer = torch.optim.AdamW(head.parameters(), lr=tuning.rate, weight_decay=tuning.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    generator = torch.Generator().manual_seed(tuning.seed)
    for _ in range(tuning.epochs):
        for rows in torch.randperm(len(x), generator=generator).split(tuning.batch):
            optimizer.zero_grad(set_to_none=True)
            tuning_loss(head(x[rows]), y[rows], x[rows] @ start.T, tuning).backward()
            nn.utils.clip_grad_norm_(head.parameters(), tuning.clip)
            optimizer.step()
            schedule.step()
        yield head.weight.detach().numpy().copy(), head.bias.detach().numpy().copy()


def tuning_loss(logits: Tensor, labels: Tensor, taught: Tensor, tuning: HeadTuning) -> Tensor:
    """The mean loss of `logits` [n, C] under labels [n] and the first head's logits `taught` [n, C]."""
    hard = cross_entropy(logits, labels)
    soft = -(softmax(taught / tuning.temperature, dim=1) * log_softmax(logits, dim=1)).sum(dim=1).mean()
    return (1 - tuning.soft) * hard + tuning.soft * soft
