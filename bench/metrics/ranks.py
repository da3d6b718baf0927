"""Which ranks do the data resolve? Simultaneous rank intervals and tie bands over all models of a board.

The headline is the unweighted mean of accuracy over several sets. For two models its difference has a paired
variance, exact from the images that divide them (Bonett and Price 2012, summed over sets). Every ordered pair
is one hypothesis, "A is no better than B", and Holm 1979 holds the chance that any of them is rejected wrongly
to 5 % whatever their dependence. Counting who is separated from whom gives every model an interval of ranks,
and all of these hold together: the construction of Mogstad, Romano, Shaikh and Wilhelm 2024, with Holm in
place of their bootstrap, which needs no random draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from bench.core.errors import DataError
from bench.metrics.inputs import confidence_level, fractions
from bench.metrics.paired import adjusted_variance


@dataclass(frozen=True, eq=False)
class Answers:
    """Correctness bits of all models on one set: `words` uint64 [models, words], zeros after the n-th bit."""

    words: np.ndarray
    n: int

    @classmethod
    def packed(cls, rows: Sequence[bytes], *, n: int) -> "Answers":
        """From one model's bits a row, 8 a byte; DataError for another length, or bits after the n-th."""
        length = -(-n // 8)
        for row in rows:
            if len(row) != length or (n % 8 and row[-1] & (0xFF >> n % 8)):
                raise DataError(f"bits: expected {n} bits in {length} bytes, got {len(row)} bytes, or bits too many")
        padded = np.zeros((len(rows), -(-length // 8) * 8), dtype=np.uint8)
        padded[:, :length] = np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(len(rows), length)
        return cls(words=padded.view(np.uint64), n=n)

    @property
    def correct(self) -> np.ndarray:
        """int64 [models]: how many images each named correctly."""
        return np.bitwise_count(self.words).sum(axis=1, dtype=np.int64)


def separated(sets: Sequence[Answers], *, confidence: float = 0.95) -> np.ndarray:
    """bool [models, models]: is model i better than model j in mean accuracy over `sets`, beyond chance?

    All statements hold together at `confidence`. Only pairs whose answer is open are looked up in the bits: for
    the others the largest variance that their accuracies allow already decides. DataError for no set, or sets of
    different numbers of models.
    """
    if not sets or len({len(one.words) for one in sets}) != 1:
        raise DataError("ranks: expected the bits of the same models on every set; leave out who misses one")
    sizes = np.array([one.n for one in sets])
    correct = np.column_stack([one.correct for one in sets])  # [models, sets]
    order = np.argsort(-(correct / sizes).mean(axis=1), kind="stable")
    correct, words = correct[order], np.hstack([one.words for one in sets])[order]
    starts = np.cumsum([0] + [one.words.shape[1] for one in sets[:-1]])
    z = np.zeros((len(order), len(order)))
    needed = _z_of(confidence, tests=len(order) * (len(order) - 1))
    for i in range(len(order) - 1):
        row, ahead = z[i, i + 1 :], correct[i] - correct[i + 1 :]
        row[:] = _z(ahead, _most_disagreements(correct[i], correct[i + 1 :], sizes), sizes)
        open_ = np.flatnonzero(row < needed)
        if len(open_):
            near = slice(i + 1, i + 2 + open_[-1])
            disagree = np.add.reduceat(np.bitwise_count(words[i] ^ words[near]), starts, axis=1, dtype=np.int64)
            row[: open_[-1] + 1] = _z(ahead[: open_[-1] + 1], disagree, sizes)
    better = np.zeros(z.shape, dtype=bool)
    better[np.ix_(order, order)] = _holm_on(z, confidence)
    return better


def separated_unpaired(shares: np.ndarray, n: np.ndarray, *, confidence: float = 0.95) -> np.ndarray:
    """As `separated`, from accuracies alone: `shares` [models, sets], fractions; `n` [sets], images.

    Without bits the two models' errors are taken as independent (one image right and one wrong added to each,
    Agresti and Caffo 2000). Good models err on the same images, so this separates fewer pairs than there are.
    """
    shares = fractions(shares, what="accuracies")
    if shares.ndim != 2 or shares.shape[1] != len(n):
        raise DataError(f"ranks: expected accuracies [models, sets] and n [sets], got {shares.shape} and {len(n)}")
    adjusted = (shares * n + 1) / (np.asarray(n) + 2)
    variance = (adjusted * (1 - adjusted) / (np.asarray(n) + 2)).sum(axis=1)
    total = shares.sum(axis=1)
    z = (total[:, None] - total[None, :]) / np.sqrt(variance[:, None] + variance[None, :])
    return _holm_on(np.maximum(z, 0), confidence)


def separated_draws(values: np.ndarray, draws: np.ndarray, *, confidence: float = 0.95) -> np.ndarray:
    """As `separated`, from bootstrap draws: `values` [models], `draws` [models, resamples], the same resamples for all.

    For figures that are no mean over images, such as average precision: z is the difference of two values over the
    standard deviation of the difference of their draws.
    """
    values, draws = fractions(values, what="values"), fractions(draws, what="draws")
    if draws.ndim != 2 or values.shape != draws.shape[:1] or draws.shape[1] < 2:
        raise DataError(
            f"ranks: expected values [models] and draws [models, 2 or more], got {values.shape}, {draws.shape}"
        )
    ahead = np.maximum(values[:, None] - values[None, :], 0)
    spread = np.stack([np.std(row - draws, axis=1, ddof=1) for row in draws])
    z = np.divide(ahead, spread, out=np.where(ahead > 0, np.inf, 0.0), where=spread > 0)
    return _holm_on(z, confidence)


def rank_intervals(better: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(first, last), int [models]: the ranks that a model may have, given `better` of `separated`.

    First: one more than the number of models that are better. Last: all models but those that it is better than.
    """
    return 1 + better.sum(axis=0), len(better) - better.sum(axis=1)


def tie_bands(better: np.ndarray, order: Sequence[int]) -> np.ndarray:
    """int [models], from 1: bands of neighbours in `order` (best first) that the data cannot tell from the first.

    A band begins with a model from which the first of the band before is separated, and holds those after it
    down to the next such one. That a model is not separated from another is no proof that they are equal.
    """
    bands = np.zeros(len(better), dtype=np.int64)
    head, band = order[0] if len(order) else 0, 1
    for model in order:
        if better[head, model]:
            head, band = model, band + 1
        bands[model] = band
    return bands


def _z(ahead: np.ndarray, disagree: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """z [models] of mean differences: `ahead` [models, sets] images more right, `disagree` images that divide."""
    i_only = (disagree + ahead) / 2
    variance = adjusted_variance(i_only, disagree - i_only, sizes).sum(axis=1)
    return (ahead / sizes).sum(axis=1) / np.sqrt(variance)


def _most_disagreements(mine: np.ndarray, theirs: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Images [models, sets] that divide two models at most, given how many each named correctly."""
    both = mine + theirs
    return np.minimum(both, 2 * sizes - both)


def _z_of(confidence: float, *, tests: int) -> float:
    """The z that a one-sided test needs when each of `tests` has an equal part of the error."""
    return float(-ndtri((1 - confidence_level(confidence)) / max(tests, 1)))


def _holm_on(z: np.ndarray, confidence: float) -> np.ndarray:
    """Which of the ordered pairs with z > 0 Holm's procedure rejects, among all models * (models - 1)."""
    tests, alpha = len(z) * (len(z) - 1), 1 - confidence_level(confidence)
    claims = np.flatnonzero(z > 0)
    order = claims[np.argsort(-z.ravel()[claims], kind="stable")]
    within = ndtr(-z.ravel()[order]) <= alpha / (tests - np.arange(len(order)))
    passed = len(order) if within.all() else int(np.argmin(within))
    better = np.zeros(z.size, dtype=bool)
    better[order[:passed]] = True
    return better.reshape(z.shape)
