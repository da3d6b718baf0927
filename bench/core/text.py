"""Text that outsiders write and pages show: one line, printable, of bounded length."""

from typing import Annotated

from pydantic import AfterValidator


def _one_line(text: str, longest: int) -> str:
    if len(text) > longest:
        raise ValueError(f"expected at most {longest:,} characters, got {len(text):,}")
    if not text.isprintable():
        odd = next(letter for letter in text if not letter.isprintable())
        raise ValueError(f"expected one line of printable text, got the character U+{ord(odd):04X}")
    return text


Line = Annotated[str, AfterValidator(lambda text: _one_line(text, 400))]
"""A name. Line breaks, control characters and marks that reverse the direction are refused."""

Text = Annotated[str, AfterValidator(lambda text: _one_line(text, 4000))]
"""A remark, in one line."""
