"""What the four algorithms of WILDS minimise: functions of one batch, in the papers' terms.

ERM; deep CORAL (Sun and Saenko 2016, over domains as DomainBed has it); IRMv1 (Arjovsky et al. 2019, equation 4, the
unbiased estimate of its appendix D); group DRO (Sagawa et al. 2020, algorithm 1). Defaults: methods.md 19.5.
"""

from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss


def losses(outputs: Tensor, truth: Tensor, kind: str) -> Tensor:
    """The loss of each example [b]: `cross_entropy` of logits [b, C], or `mse` of [b, 1] against truth [b]."""
    if kind == "cross_entropy":
        return cross_entropy(outputs, truth, reduction="none")
    return mse_loss(outputs[:, 0], truth, reduction="none")


def detection_losses(network: nn.Module, examples: Sequence[tuple[Tensor, dict[str, Tensor]]]) -> Tensor:
    """The loss of each image [b]: torchvision's terms, added up, of every image alone, as WILDS has them."""
    alone = [network([image], [target]) for image, target in examples]
    return torch.stack([torch.stack(list(terms.values())).sum() for terms in alone])


def coral_penalty(features: Tensor, domains: Tensor) -> Tensor:
    """Mean over pairs of domains in the batch of how far mean and covariance of `features` [b, d] are apart.

    For a pair: the mean square difference of the means, and that of the covariances. 0 where there is one domain.
    """
    parts = [features[domains == domain] for domain in domains.unique()]
    if len(parts) < 2:
        return features.new_zeros(())
    return torch.stack([_distance(a, b) for a, b in combinations(parts, 2)]).mean()


def _distance(a: Tensor, b: Tensor) -> Tensor:
    means = (a.mean(0) - b.mean(0)).pow(2).mean()
    return means + (_covariance(a) - _covariance(b)).pow(2).mean()


def _covariance(features: Tensor) -> Tensor:
    centred = features - features.mean(0, keepdim=True)
    return centred.T @ centred / max(len(features) - 1, 1)


def irm_objective(outputs: Tensor, truth: Tensor, domains: Tensor, *, kind: str, weight: float) -> Tensor:
    """Mean over domains of the loss, plus `weight` times the mean over domains of the squared gradient to a scale.

    The square is estimated by the product of the gradients of two halves of a domain's examples; a domain of one
    example has no penalty.
    """
    scale = torch.ones((), device=outputs.device, requires_grad=True)
    risks, penalties = [], []
    for domain in domains.unique():
        rows = domains == domain
        each = losses(outputs[rows] * scale, truth[rows], kind)
        risks.append(each.mean())
        if len(each) > 1:
            first, second = (
                torch.autograd.grad(half.mean(), scale, create_graph=True)[0] for half in (each[::2], each[1::2])
            )
            penalties.append(first * second)
        else:
            penalties.append(each.new_zeros(()))
    return torch.stack(risks).mean() + weight * torch.stack(penalties).mean()


def group_losses(each: Tensor, domains: Tensor, count: int) -> Tensor:
    """The mean loss of each of `count` domains [count]; 0 for those that are not in the batch."""
    sums = each.new_zeros(count).index_add(0, domains, each)
    return sums / torch.bincount(domains, minlength=count).clamp(min=1)


def group_weights(weights: Tensor, found: Tensor, step: float) -> Tensor:
    """Group DRO's weights [count] after a batch with the losses `found`: up where the loss is high, sum 1."""
    moved = weights * torch.exp(step * found.detach())
    return moved / moved.sum()
