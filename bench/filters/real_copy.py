"""`real-copy`: looks like an image of a real set, such as the generator's training data or a test set.

It finds copies, through another encoding, size or slight noise; what merely resembles a real image is for
`audit` to measure.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

from bench.core.record import parse
from bench.filters.likeness import Alike, Look, least_difference, look
from bench.filters.rule import Candidate, Judgement, Tools


class Parameters(Alike):
    """`source`: the name of a real set (`bench/sources/`)."""

    source: str


class RealCopy:
    """Rejects what looks like an image of the source. Score: the least difference to one within
    `bits`; infinite where there is none."""

    def __init__(self, parameters: Mapping[str, float | int | str | bool], tools: Tools) -> None:
        self._parameters, self._tools = parse(Parameters, dict(parameters), where="filter real-copy"), tools
        self.complaint = f"looks like a real image of {self._parameters.source}"

    @cached_property
    def _real(self) -> Look:
        images = self._tools.real_images(self._parameters.source)
        return look(images.read(index) for index in range(len(images)))

    def judge(self, candidates: Sequence[Candidate], kept: Sequence[Candidate]) -> list[Judgement]:
        """One judgement a candidate."""
        scores = [least_difference(look([one.image]), self._real, self._parameters.bits) for one in candidates]
        return [Judgement(score <= self._parameters.difference, score) for score in scores]
