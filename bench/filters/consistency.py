"""`consistency`: does a classifier see the class that was asked for?

He et al., "Is synthetic data from generative models ready for image recognition?", ICLR 2023, section 3.1 (CLIP
filter; methods.md 12.2): keep an image when the probability of its class is above 1/N. Any classifier will do: the
oracle of a track, CLIP, or another model source.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated

from pydantic import Field

from bench.core.recipe import Digest
from bench.core.record import Record, parse
from bench.filters.rule import Candidate, Judgement, Probabilities, Tools


class Parameters(Record):
    """`model`: `oracle:NAME` or a model source, pinned by `weights`; `above`: a probability, 1/N when absent."""

    model: str
    weights: Digest
    above: Annotated[float, Field(ge=0, lt=1)] | None = None


class Consistency:
    """Rejects an image when the probability of its class is not above the threshold. Score: that probability."""

    complaint = "does not show its class to the classifier"

    def __init__(self, parameters: Mapping[str, float | int | str | bool], tools: Tools) -> None:
        self._parameters, self._tools = parse(Parameters, dict(parameters), where="filter consistency"), tools
        self._place = {class_id: index for index, class_id in enumerate(tools.class_ids)}
        above = self._parameters.above
        self._above = 1 / len(tools.class_ids) if above is None else above

    @cached_property
    def _probabilities(self) -> Probabilities:
        return self._tools.classifier(self._parameters.model, self._parameters.weights)

    def judge(self, candidates: Sequence[Candidate], kept: Sequence[Candidate]) -> list[Judgement]:
        """One judgement a candidate."""
        answers = self._probabilities([candidate.image for candidate in candidates])
        places = [self._place[candidate.item.class_id] for candidate in candidates]
        scores = [float(answer[place]) for answer, place in zip(answers, places, strict=True)]
        return [Judgement(not score > self._above, score) for score in scores]
