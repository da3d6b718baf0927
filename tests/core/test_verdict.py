import pytest

from bench.core.errors import DataError
from bench.core.verdict import Verdict


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        (Verdict(), "kept"),
        (Verdict(after=("blank", "blank")), "kept after blank, blank"),
        (Verdict(despite=("consistency",)), "kept despite consistency"),
        (Verdict(after=("a",), despite=("b", "c")), "kept despite b, c after a"),
    ],
)
def test_a_verdict_reads_and_is_read_back(verdict, text):
    assert str(verdict) == text
    assert Verdict.parse(text) == verdict


@pytest.mark.parametrize("text", ["", "Kept", "kept ", "kept after ", "kept after a despite b", "dropped after a"])
def test_any_other_text_is_one_line(text):
    with pytest.raises(DataError, match="expected 'kept', or"):
        Verdict.parse(text)
