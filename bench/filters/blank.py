"""`blank`: one colour all over. A safety checker paints black what it flags; a sum that fails in half precision too."""

from collections.abc import Mapping, Sequence

from PIL import Image
from pydantic import Field

from bench.core.record import Record, parse
from bench.filters.rule import Candidate, Judgement, Tools


class Parameters(Record):
    """`spread`: the largest difference of grey values, in any channel, that still counts as one colour."""

    spread: int = Field(default=0, ge=0, le=254)


class Blank:
    """Rejects an image whose every channel spans at most `spread` values. Score: the widest span, 0 to 255."""

    complaint = "came out as one colour"

    def __init__(self, parameters: Mapping[str, float | int | str | bool], tools: Tools) -> None:
        self._spread = parse(Parameters, dict(parameters), where="filter blank").spread

    def judge(self, candidates: Sequence[Candidate], kept: Sequence[Candidate]) -> list[Judgement]:
        """One judgement a candidate."""
        spans = [widest_span(candidate.image) for candidate in candidates]
        return [Judgement(span <= self._spread, float(span)) for span in spans]


def widest_span(image: Image.Image) -> int:
    """The largest difference between the brightest and the darkest value of a channel."""
    extrema = image.getextrema()
    bands = extrema if isinstance(extrema[0], tuple) else (extrema,)
    return int(max(high - low for low, high in bands))
