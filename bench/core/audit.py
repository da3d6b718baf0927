"""The noun `Audit`: what was measured of a dataset version's privacy, bias, content, labels and duplicates.

Shares are fractions. What could not be measured is None, and a note says why.
"""

from bench.core.recipe import Digest
from bench.core.record import Record


class Share(Record):
    """`count` of `n`, and the 95 % Wilson interval of the share."""

    count: int
    n: int
    interval: tuple[float, float]

    @property
    def share(self) -> float:
        """`count / n`."""
        return self.count / self.n


class Pair(Record):
    """Two images and how far apart they are.

    `distance`: Euclidean, of unit features; `bits` of 64 between their perceptual hashes; `difference`: 1 - r of
    their grey 32 x 32 thumbnails; `same`: the same picture by `bits` and `difference`.
    """

    left: str
    right: str
    distance: float
    bits: int
    difference: float
    same: bool


class Copies(Record):
    """What counts as the same picture: at most `bits`, and at most `difference`."""

    bits: int
    difference: float


class Privacy(Record):
    """Is it memorised? The nearest real image of each generated one.

    `threshold`: the distance below which `quantile` of the real images have another real image as nearest
    neighbour, so that new real images would be under it about that often; `held_out_under`: how often real
    images of another set are, which nobody generated. `quantiles`: 0, 1, 5, 25, 50, 75 and 100 % of the
    distances to the nearest real image, of generated, real and held-out images.
    """

    real: str
    real_digest: Digest
    real_images: int
    quantile: float
    threshold: float
    under: Share
    held_out: str | None
    held_out_under: Share | None
    copies: Share
    quantiles: dict[str, tuple[float, ...]]
    pairs: tuple[Pair, ...]


class Duplicates(Record):
    """Images of the version that look like another one of it.

    `identical`: images whose file is another's too; `alike`: images with a copy by hash and pixels; `across`:
    those of them whose copy is in another split.
    """

    identical: int
    alike: Share
    across: int
    pairs: tuple[Pair, ...]


class Confusion(Record):
    """`count` images of `asked` in which the classifier sees `seen`."""

    asked: str
    seen: str
    count: int


class Labels(Record):
    """Does a classifier see the class that was asked for? `accuracy`: its own on real images, where known."""

    classifier: str
    classifier_digest: str
    consistent: Share
    above_chance: Share
    accuracy: Share | None
    confusions: tuple[Confusion, ...]
    worst: tuple[str, ...]


class ClassAudit(Record):
    """One class. `diversity`: mean 1 - cosine between two of its images, `real_diversity` between two real ones."""

    class_id: str
    name: str
    n: int
    consistent: float | None
    diversity: float | None
    real_diversity: float | None
    rejected: int
    flagged: int | None


class TemplateAudit(Record):
    """One prompt template, by an example of its prompts."""

    template_id: int
    example: str
    n: int
    consistent: float | None
    rejected: int
    flagged: int | None


FAINT = 32


class Content(Record):
    """Objectionable content: images that a detector flags, the most suspicious ones, and what filters rejected.

    `rejected`: attempts that each filter rejected while the version was made; `despite`: images kept although a
    filter rejects them. `blank`: one colour all over; `faint`: nearly, at most `FAINT` of 255 values in any channel.
    """

    detector: str | None
    flagged: Share | None
    most: tuple[str, ...]
    rejected: dict[str, int]
    despite: dict[str, int]
    blank: Share
    faint: Share


class Audit(Record):
    """The audit of one dataset version; `notes`: what was not measured, and why."""

    reference: str
    recipe_digest: Digest
    content_digest: Digest
    limit: int | None
    images: int
    extractor: str
    extractor_digest: str
    copies: Copies
    privacy: Privacy | None
    duplicates: Duplicates
    labels: Labels | None
    content: Content
    classes: tuple[ClassAudit, ...]
    templates: tuple[TemplateAudit, ...]
    notes: tuple[str, ...]
    software: str
