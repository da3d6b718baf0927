"""The noun `Exported`: what a folder that was made for publishing says it holds."""

from typing import Literal

from bench.core.recipe import Digest
from bench.core.record import Record

Layout = Literal["huggingface", "imagefolder", "webdataset"]


class Exported(Record):
    """`imagenet-g.json` of an exported folder. `limit`: None for a whole version."""

    format: Literal[1] = 1
    layout: Layout
    reference: str
    recipe_digest: Digest
    content_digest: Digest
    counts: dict[str, int]
    limit: int | None
    software: str
