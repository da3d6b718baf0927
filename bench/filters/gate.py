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

        `kept`: the images of the batch that passed before. A rule that rejects as many attempts of an image as it
        may lets the last one pass, with its name in the verdict, where the recipe keeps it; else it is a DataError.
        """
        passing, rejected = list(candidates), {}
        for spec, rule in self._rules:
            judged = zip(passing, rule.judge(passing, kept) if passing else (), strict=True)
            passing = []
            for candidate, (bad, score) in judged:
                if bad and _rejections(candidate, spec) + 1 < spec.attempts:
                    rejected[candidate.item.id] = spec.name
                    continue
                if bad and spec.exhausted == "refuse":
                    raise DataError(_refusal(candidate, spec, rule))
                passing.append(_noted(candidate, spec.name, score, bad))
        return passing, rejected


def _rejections(candidate: Candidate, spec: Filter) -> int:
    # Its own alone: that another rule was hard to please must not cost this one's attempts.
    return Verdict.parse(candidate.item.verdict).after.count(spec.name)


def _noted(candidate: Candidate, rule: str, score: float, despite: bool) -> Candidate:
    item = candidate.item
    if rule in SAFETY:
        item = replace(item, image_nsfw=score)
    if despite:
        verdict = Verdict.parse(item.verdict)
        item = replace(item, verdict=str(replace(verdict, despite=(*verdict.despite, rule))))
    return candidate._replace(item=item)


def _refusal(candidate: Candidate, spec: Filter, rule: Rule) -> str:
    item = candidate.item
    times = "once" if spec.attempts == 1 else f"{spec.attempts} times"
    return (
        f"image {item.id!r} ({item.prompt!r}) {rule.complaint} {times}; change its prompt or the generator, or give"
        f" filter {spec.name} more attempts or exhausted: keep"
    )
