"""The noun `Exported`: what a folder that was made for publishing says it holds."""

from typing import Literal

from bench.core.recipe import Digest
from bench.core.record import Record

Layout = Literal["huggingface", "imagefolder", "webdataset"]


class PublishedFile(Record):
    """A data file of an exported folder: its path there, the hex sha256 of its bytes, and how many."""

    path: str
    sha256: str
    size: int


class Exported(Record):
    """`imagenet-g.json` of an exported folder. `limit`: None for a whole version.

    `files`: its data files; of an ImageFolder the metadata.csv of each split, which name the pictures' digests.
    """

    format: Literal[1] = 1
    layout: Layout
    reference: str
    recipe_digest: Digest
    content_digest: Digest
    counts: dict[str, int]
    limit: int | None
    files: tuple[PublishedFile, ...] = ()
    software: str
