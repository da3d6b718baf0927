"""The rules of a recipe, applied one after another."""

from collections.abc import Sequence
from dataclasses import replace

from bench.core.errors import DataError
from bench.core.recipe import Filter
from bench.core.registry import look_up
from bench.core.verdict import Verdict
from bench.filters import RULES, SAFETY
from bench.filters.rule import Candidate, Rule, Tools

BLANK = Filter(name="blank")


class Gate:
    """The rules of `filters`, before them `blank`, which every version has: no image is ever silently black.

    UsageError for an unknown rule or parameter.
    """

    def __init__(self, filters: Sequence[Filter], tools: Tools) -> None:
        named = {one.name for one in filters}
        wanted = [*([] if BLANK.name in named else [BLANK]), *filters]
        self._rules: list[tuple[Filter, Rule]] = [
            (one, look_up(RULES, one.name, kind="filter")(one.parameters, tools)) for one in wanted
        ]

    def judge(
        self, candidates: Sequence[Candidate], kept: Sequence[Candidate]
    ) -> tuple[list[Candidate], dict[str, str]]:
        """The candidates that pass, their verdicts written down; for each other id the rule that rejected it.

        `kept`: the images of the batch that passed before. A candidate whose attempts are used up passes with
        the rule's name in its verdict where the recipe keeps it, else it is a DataError.
        """
        passing, rejected = list(candidates), {}
        for spec, rule in self._rules:
            judged = zip(passing, rule.judge(passing, kept) if passing else (), strict=True)
            passing = []
            for candidate, (bad, score) in judged:
                if bad and candidate.item.attempt + 1 < spec.attempts:
                    rejected[candidate.item.id] = spec.name
                    continue
                if bad and spec.exhausted == "refuse":
                    raise DataError(_refusal(candidate, spec, rule))
                passing.append(_noted(candidate, spec.name, score, bad))
        return passing, rejected


def _noted(candidate: Candidate, rule: str, score: float, despite: bool) -> Candidate:
    item = candidate.item
    if rule in SAFETY:
        item = replace(item, image_nsfw=score)
    if despite:
        verdict = Verdict.parse(item.verdict)
        item = replace(item, verdict=str(replace(verdict, despite=(*verdict.despite, rule))))
    return candidate._replace(item=item)


def _refusal(candidate: Candidate, spec: Filter, rule: Rule) -> str:
    item, before = candidate.item, Verdict.parse(candidate.item.verdict).after
    attempts = f"attempt {item.attempt + 1} of {spec.attempts}" + (f", before: {', '.join(before)}" if before else "")
    return (
        f"image {item.id!r} ({item.prompt!r}) {rule.complaint} ({attempts}); change its prompt or the generator,"
        f" or give filter {spec.name} more attempts or exhausted: keep"
    )
