"""Which training examples a batch holds: drawn by seed and epoch alone, so that a resumed run draws the same."""

from collections.abc import Iterator

import numpy as np

from bench.core.digests import derive_seed


def shuffled(n: int, batch: int, *, seed: int, epoch: int) -> Iterator[np.ndarray]:
    """Every example once, in batches of `batch`; the last one is smaller (ERM)."""
    order = _random("order", seed, epoch).permutation(n)
    yield from np.split(order, range(batch, n, batch))


def uniform_over_domains(domains: np.ndarray, batch: int, *, seed: int, epoch: int) -> Iterator[np.ndarray]:
    """As many draws as there are examples, with replacement, every domain alike often (group DRO)."""
    random = _random("uniform", seed, epoch)
    sizes = np.bincount(domains)
    odds = 1 / sizes[domains]
    order = random.choice(len(domains), size=len(domains), p=odds / odds.sum())
    yield from np.split(order, range(batch, len(order), batch))


def by_domain(
    domains: np.ndarray, batch: int, *, domains_per_batch: int, seed: int, epoch: int
) -> Iterator[np.ndarray]:
    """Batches of equal parts of a few domains, drawn alike often (CORAL, IRM); as many as one epoch has.

    Within a domain without replacement where it has enough examples. A dataset of fewer domains gives all of them.
    """
    random = _random("domains", seed, epoch)
    rows = {domain: np.flatnonzero(domains == domain) for domain in np.unique(domains)}
    number = min(domains_per_batch, len(rows))
    each = max(1, batch // number)
    for _ in range(max(1, len(domains) // (each * number))):
        chosen = random.choice(list(rows), size=number, replace=False)
        yield np.concatenate([random.choice(rows[one], size=each, replace=len(rows[one]) < each) for one in chosen])


def _random(what: str, seed: int, epoch: int) -> np.random.Generator:
    return np.random.default_rng(derive_seed(what, seed, epoch))
