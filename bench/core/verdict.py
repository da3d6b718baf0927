"""The noun `Verdict`: what the filters said of an item and of the attempts before it, as one readable text."""

import re
from dataclasses import dataclass

from bench.core.errors import DataError

_NAMES = r"[a-z0-9.-]+(, [a-z0-9.-]+)*"
_FORM = re.compile(rf"kept( despite (?P<despite>{_NAMES}))?( after (?P<after>{_NAMES}))?")


@dataclass(frozen=True)
class Verdict:
    """An item that is in the version. Names are those of `bench/filters/`, in the order of the attempts.

    `after`: the rule that rejected each earlier attempt; `despite`: rules that the kept image fails itself,
    because its attempts were used up and the recipe keeps it then.
    """

    after: tuple[str, ...] = ()
    despite: tuple[str, ...] = ()

    def __str__(self) -> str:
        """`kept`, `kept after blank, blank`, `kept despite consistency after consistency`."""
        despite = f" despite {', '.join(self.despite)}" if self.despite else ""
        after = f" after {', '.join(self.after)}" if self.after else ""
        return f"kept{despite}{after}"

    @classmethod
    def parse(cls, text: str) -> "Verdict":
        """The inverse of `str`; a DataError for any other text."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise DataError(f"verdict {text!r}: expected 'kept', or 'kept despite RULE, … after RULE, …'")
        return cls(after=_names(match["after"]), despite=_names(match["despite"]))


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(", ")) if text else ()
