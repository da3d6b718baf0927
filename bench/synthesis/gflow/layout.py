"""Images as words: cut into places, each of which holds one code of a codebook that is learned from images.

With `haar`, each patch is transformed by orthonormal Haar wavelets, and each of its scales is a place of its own,
filled from coarse to fine (the future work of methods.md 17.1). There are finitely many images, so that log P is
bounded, and log R and log P are of the same base measure: counting.
"""

import math
import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits
from torch import Tensor


@dataclass(frozen=True)
class Grid:
    """Images of `channels` x `height` x `width` in square patches of `patch` pixels."""

    channels: int
    height: int
    width: int
    patch: int
    haar: bool = False

    @property
    def patches(self) -> int:
        """How many patches an image has."""
        return (self.height // self.patch) * (self.width // self.patch)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many values a place of each scale has, coarse to fine; one scale without `haar`."""
        if not self.haar:
            return (self.channels * self.patch**2,)
        scales = round(math.log2(self.patch))
        return (self.channels, *(3 * 4**scale * self.channels for scale in range(scales)))

    @property
    def scales(self) -> int:
        """How many scales an image has."""
        return len(self.sizes)

    @property
    def places(self) -> int:
        """T: place `scale * patches + i` is patch i at that scale."""
        return self.scales * self.patches

    @cached_property
    def scale_of(self) -> Tensor:
        """The scale of each place, int64 [T]."""
        return torch.arange(self.scales).repeat_interleave(self.patches)

    @cached_property
    def basis(self) -> Tensor:
        """Orthonormal [t, t], t = channels * patch²: what turns the values of a patch into those of its scales."""
        t = self.channels * self.patch**2
        if not self.haar:
            return torch.eye(t)
        return (
            torch.kron(haar_basis(self.patch), torch.eye(self.channels))
            .view(-1, self.patch**2, self.channels)
            .transpose(1, 2)
            .reshape(t, t)
        )

    def cut(self, images: Tensor) -> list[Tensor]:
        """[b, c, h, w] to the values of each scale, [b, patches, size]."""
        p = self.patch
        parts = images.unflatten(3, (-1, p)).unflatten(2, (-1, p))  # b c H p W p
        patches = parts.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)
        return list((patches @ self.basis.T).split(self.sizes, dim=2))

    def join(self, values: list[Tensor]) -> Tensor:
        """The inverse of `cut`."""
        p, columns = self.patch, self.width // self.patch
        patches = torch.cat(values, 2) @ self.basis
        parts = patches.unflatten(1, (-1, columns)).unflatten(3, (self.channels, p, p))  # b H W c p p
        return parts.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)


def haar_basis(side: int) -> Tensor:
    """Orthonormal two-dimensional Haar wavelets of `side` x `side` pixels (a power of two), coarse to fine, as rows."""
    rows = [torch.full((1, side, side), 1 / side)]
    width = side
    while width > 1:
        half = width // 2
        signs = torch.ones(3, width, width)
        signs[0, :, half:], signs[1, half:] = -1, -1
        signs[2] = signs[0] * signs[1]
        for top in range(0, side, width):
            for left in range(0, side, width):
                wavelet = torch.zeros(3, side, side)
                wavelet[:, top : top + width, left : left + width] = signs / width
                rows.append(wavelet)
        width = half
    return torch.cat(rows).flatten(1)


@dataclass(frozen=True)
class Words:
    """A grid and the codebook of each of its scales, float32 [codes, size]."""

    grid: Grid
    books: tuple[Tensor, ...]

    @property
    def codes(self) -> int:
        """K: of the largest codebook."""
        return max(len(book) for book in self.books)

    @cached_property
    def known(self) -> Tensor:
        """Which codes each place may hold, bool [T, K]."""
        sizes = torch.tensor([len(book) for book in self.books])
        return (torch.arange(self.codes) < sizes[:, None])[self.grid.scale_of]

    def decode(self, codes: Tensor) -> Tensor:
        """Codes int64 [b, T] to images [b, c, h, w]."""
        return self.grid.join([book[part] for book, part in zip(self.books, self.by_scale(codes), strict=True)])

    def shown(self, codes: Tensor, filled: Tensor) -> Tensor:
        """What a network sees of partial images: [b, c + scales, h, w], the mean where nothing is filled, and masks."""
        masks = self.by_scale(filled.to(torch.float32))
        values = [
            (book - book.mean(0))[part] * mask[..., None]
            for book, part, mask in zip(self.books, self.by_scale(codes), masks, strict=True)
        ]
        grid = self.grid
        rows, columns = grid.height // grid.patch, grid.width // grid.patch
        planes = torch.stack(masks, 1).unflatten(2, (rows, columns))
        planes = planes.repeat_interleave(grid.patch, 2).repeat_interleave(grid.patch, 3)
        return torch.cat([2 * grid.join(values), planes], 1)

    def distances(self, images: Tensor) -> Tensor:
        """Squared distance of the values at each place to each code, [b, T, K]; inf where there is no such code."""
        parts = [
            _pad(torch.cdist(values, book, compute_mode="donot_use_mm_for_euclid_dist").square(), self.codes)
            for values, book in zip(self.grid.cut(images), self.books, strict=True)
        ]
        return torch.cat(parts, 1)

    def encode(self, images: Tensor) -> Tensor:
        """The nearest codes, int64 [b, T]."""
        return self.distances(images).argmin(2)

    def by_scale(self, of_places: Tensor) -> list[Tensor]:
        """What is said of each place, [b, T], as one [b, patches] for each scale."""
        return list(of_places.split(self.grid.patches, dim=1))


def learn_words(grid: Grid, images: Tensor, *, codes: int, seed: int) -> Words:
    """Codebooks of at most `codes` codes a scale: the k-means of what the images [b, c, h, w] hold there."""
    books = []
    for values in grid.cut(images):
        points = np.unique(values.flatten(0, 1).numpy(), axis=0)
        if len(points) > codes:
            means = KMeans(codes, n_init=1, max_iter=30, random_state=seed)
            # One thread: the order of a sum decides its last bits.
            with threadpool_limits(1), warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                points = means.fit(points).cluster_centers_
        books.append(torch.from_numpy(points.astype(np.float32)))
    return Words(grid, tuple(books))


def _pad(distances: Tensor, codes: int) -> Tensor:
    missing = codes - distances.shape[2]
    return torch.nn.functional.pad(distances, (0, missing), value=math.inf)
