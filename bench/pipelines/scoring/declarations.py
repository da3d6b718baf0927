"""What a user declares about a model, in a file of their own: training data, size, licence, paper."""

from pathlib import Path

from bench.core.record import parse
from bench.core.score import Declaration
from bench.pipelines.scoring.score import Given
from bench.store.documents import read_yaml_lines


def given(
    declaration: Path | None, *, of_set: str | None = None, model: str | None = None, title: str | None = None
) -> Given:
    """The options of a submission as one; UsageError naming file, line and key of a declaration that is wrong."""
    said = Declaration()
    if declaration is not None:
        data, lines = read_yaml_lines(declaration)
        said = parse(Declaration, data, where=str(declaration), lines=lines)
    return Given(set=of_set, model=model, title=title, declaration=said)
