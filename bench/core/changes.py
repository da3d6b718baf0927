"""The noun `Changes`: what became of a version's images in another one, and the version number that this needs.

Croissant's rules: PATCH is repackaging, MINOR adds and keeps all that was there, MAJOR changes or removes.
"""

from typing import Literal

from pydantic import Field

from bench.core.record import Record

Bump = Literal["patch", "minor", "major"]
BUMPS: tuple[Bump, ...] = ("patch", "minor", "major")


class Changes(Record):
    """Numbers of images. `changed_in`: of the changed ones, in which columns; `first`: an id of each kind."""

    kept: int = Field(default=0, ge=0)
    added: int = Field(default=0, ge=0)
    removed: int = Field(default=0, ge=0)
    changed: int = Field(default=0, ge=0)
    changed_in: dict[str, int] = Field(default_factory=dict)
    first: dict[str, str] = Field(default_factory=dict)

    @property
    def bump(self) -> Bump:
        """The least step of the version number that these changes need."""
        if self.changed or self.removed:
            return "major"
        return "minor" if self.added else "patch"

    def __str__(self) -> str:
        """`5000 kept, 1000 added, 0 removed, 0 changed`, and in what."""
        where = ", ".join(f"{column} of {count}" for column, count in self.changed_in.items())
        return f"{self.kept} kept, {self.added} added, {self.removed} removed, {self.changed} changed" + (
            f" ({where})" if where else ""
        )


def claimed(before: str, now: str) -> Bump | None:
    """The step from one semantic version to the next: `1.0.0` to `1.2.0` is `minor`; None where it is no step up."""
    old, new = number(before), number(now)
    if new <= old:
        return None
    return BUMPS[2 - next(place for place in range(3) if old[place] != new[place])]


def enough(claim: Bump | None, needed: Bump) -> bool:
    """May a version that claims this step make changes that need that one?"""
    return claim is not None and BUMPS.index(claim) >= BUMPS.index(needed)


def number(version: str) -> tuple[int, ...]:
    """`1.10.0` as numbers, so that versions sort."""
    return tuple(int(part) for part in version.split("."))
