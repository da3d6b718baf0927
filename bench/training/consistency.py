"""AugMix's consistency loss: how far the answers to several views of an image are apart (methods.md 10.2)."""

import torch
from torch import Tensor
from torch.nn.functional import kl_div, softmax

FLOOR, CEILING = 1e-7, 1.0


def jensen_shannon(logits: Tensor, views: int) -> Tensor:
    """The mean over views of KL(p_v || M), M the mean of the views' probabilities, kept within 1e-7 and 1; batch mean.

    `logits` float [views b, classes], one view after the other.
    """
    answers = torch.stack(softmax(logits, dim=1).chunk(views))
    mixture = answers.mean(0).clamp(FLOOR, CEILING).log()
    return torch.stack([kl_div(mixture, answer, reduction="batchmean") for answer in answers]).mean()
