"""Text that outsiders write and pages show: one line, printable, of bounded length."""

from typing import Annotated

from pydantic import AfterValidator

LONGEST = 400


def _one_line(text: str) -> str:
    if len(text) > LONGEST:
        raise ValueError(f"expected at most {LONGEST} characters, got {len(text)}")
    if not text.isprintable():
        odd = next(letter for letter in text if not letter.isprintable())
        raise ValueError(f"expected one line of printable text, got the character U+{ord(odd):04X}")
    return text


Line = Annotated[str, AfterValidator(_one_line)]
"""A name or a remark. Line breaks, control characters and marks that reverse the direction are refused."""
