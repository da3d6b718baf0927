"""The noun `DatasetVersion`: what a board says about the generated dataset that it stands on.

Shares and intervals are fractions.
"""

from typing import Literal

from bench.core.class_sheet import ClassSheet
from bench.core.quality import VersionQuality
from bench.core.record import Record


class AuditFinding(Record):
    """One line of an audit's summary: what was asked, and the answer in words or as a share of n images."""

    what: str
    share: float | None = None
    n: int | None = None
    interval: tuple[float, float] | None = None
    words: str = ""


class VersionChanges(Record):
    """What became of the images of the version `before`; `bump` is the step of the version that this needs.

    `basis`: the images themselves by their manifests, or what the recipes alone say.
    """

    before: str
    kept: int
    added: int
    removed: int
    changed: int
    bump: str
    basis: Literal["manifests", "recipes"] = "manifests"


class Edition(Record):
    """The board of another dataset version, as a page relative to this one."""

    reference: str
    page: str


class DatasetVersion(Record):
    """What the board says about the generated dataset; `digests` are the content digests of its splits."""

    reference: str
    recipe_digest: str
    content_digest: str
    digests: dict[str, str]
    counts: dict[str, int]
    generator: str
    sampler: str
    sheets: tuple[ClassSheet, ...]
    audit: tuple[AuditFinding, ...] = ()
    changes: VersionChanges | None = None
    quality: VersionQuality | None = None
