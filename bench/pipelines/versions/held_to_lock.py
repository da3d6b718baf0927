"""Is a version that was made here the one that its author locked?"""

from pathlib import Path
from typing import Literal

from bench.core.errors import DataError
from bench.core.recipe import Recipe
from bench.store.locks import ALIKE_SHARE, Lock, read_lock
from bench.store.versions import Version

State = Literal["identical", "perceptual", "absent"]


def lock_of(recipe: Recipe, path: Path) -> Lock | None:
    """The lock in `path`, if there is one; DataError for that of another recipe."""
    lock = read_lock(path)
    if lock and lock.recipe_digest != recipe.digest:
        raise DataError(
            f"{path}: locks recipe {lock.recipe_digest[:19]}…, {recipe.reference} is {recipe.digest[:19]}…;"
            " a changed recipe is a new version"
        )
    return lock


def held_to_lock(recipe: Recipe, version: Version, path: Path, *, device: str = "cpu") -> tuple[State, str]:
    """The state and one line about it; DataError where the lock is another recipe's, or the images are others.

    Bits may differ on another processor or with another library: then the images must look alike.
    """
    lock = lock_of(recipe, path)
    if lock is None:
        return "absent", f"no lock yet; its author writes {path.name} with --write-lock"
    if lock.counts != version.counts:
        raise DataError(f"{recipe.reference}: the lock counts {lock.counts}, made were {version.counts}")
    if lock.content_digest == version.content_digest:
        return "identical", "identical to the lock, bit for bit"
    why = ", ".join(lock.differences(device)) or "libraries and processor are those of the lock"
    alike = lock.share_alike(version)
    if alike < ALIKE_SHARE:
        raise DataError(
            f"{recipe.reference}: not the images of the lock: {alike:.1%} of {len(lock.perceptual)} look alike,"
            f" expected {ALIKE_SHARE:.0%}; different here: {why}"
        )
    return "perceptual", f"perceptually those of the lock ({alike:.1%} look alike), bits differ: {why}"
