"""`near-duplicate`: looks like an earlier image of its batch.

The scope is the batch, because that is what the recipe fixes: images of other batches may be drawn on another
worker, later, or not yet. So the rule needs no order of work, and a larger version keeps every image. Duplicates
across batches are what `audit` finds.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from bench.core.record import parse
from bench.filters.likeness import Alike, Look, least_difference, look
from bench.filters.rule import Candidate, Judgement, Tools


class NearDuplicate:
    """Rejects what looks like a kept image of the batch or like a candidate of a lower slot that passes.

    Score: the least difference to one within `bits`; infinite where there is none.
    """

    complaint = "looks like another image of its batch"

    def __init__(self, parameters: Mapping[str, float | int | str | bool], tools: Tools) -> None:
        self._alike = parse(Alike, dict(parameters), where="filter near-duplicate")

    def judge(self, candidates: Sequence[Candidate], kept: Sequence[Candidate]) -> list[Judgement]:
        """One judgement a candidate, in the order of slots."""
        looks = look(one.image for one in [*kept, *candidates])
        passed, judgements = list(range(len(kept))), []
        for index in range(len(kept), len(kept) + len(candidates)):
            score = least_difference(_rows(looks, [index]), _rows(looks, passed), self._alike.bits)
            judgements.append(Judgement(score <= self._alike.difference, score))
            if not judgements[-1].rejected:
                passed.append(index)
        return judgements


def _rows(looks: Look, index: list[int]) -> Look:
    rows = np.array(index, dtype=np.int64)
    return Look(looks.hashes[rows], looks.thumbnails[rows])
