"""`diff`: what became of a version's images in a later one, and the version number that this needs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from bench.core.changes import BUMPS, Bump, Changes, claimed, enough, number
from bench.core.errors import DataError, UsageError
from bench.core.manifest import changes
from bench.core.recipe import Recipe
from bench.core.record import Record
from bench.pipelines.scoring.anchor import Anchor, anchor
from bench.pipelines.tracks import load_track
from bench.pipelines.versions.lineage import planned_changes, recipe_changes, too_little
from bench.pipelines.versions.recipes import load_recipe
from bench.store.paths import version_folder
from bench.store.versions import MANIFEST, Version, open_version


class DiffReport(Record):
    """Numbers of images. `basis`: whether the manifests were compared, or only the recipes.

    `changed_in`: of the changed images, in which columns; `first`: an id of each kind; `recipe`: the keys in which
    the recipes differ; `bump`: the least step of the version number that this needs, `claimed` the one that is taken.
    """

    old: str
    new: str
    basis: Literal["manifests", "recipes"]
    kept: int
    added: int
    removed: int
    changed: int
    changed_in: dict[str, int]
    first: dict[str, str]
    recipe: tuple[str, ...]
    bump: Bump
    claimed: Bump | None
    enough: bool
    objection: str | None
    anchor: Anchor | None = None

    def __str__(self) -> str:
        counts = Changes.model_validate(self.model_dump(include=set(Changes.model_fields)))
        how = "" if self.basis == "manifests" else ", by the recipes (not both are made here)"
        examples = "".join(f"\n  {kind}: {one} …" for kind, one in self.first.items() if kind != "kept")
        recipe = f"\nrecipe: {', '.join(self.recipe)}" if self.recipe else "\nrecipe: as before"
        verdict = f"needs {self.bump}, claims {self.claimed or 'no step'}"
        anchor = f"\n{self.anchor}" if self.anchor else ""
        return f"{self.old} to {self.new}: {counts}{how}{examples}{recipe}\n{verdict}{anchor}"


def diff(old: str, new: str, *, data_root: Path, rescore: Sequence[Path] = (), track: str | None = None) -> DiffReport:
    """Compare the manifests where both versions were made here, else the recipes, and hold the number to the rules.

    UsageError for versions of two datasets, or the newer one first; DataError for a damaged manifest. A version that
    claims too little is no error here: the report's `objection` says so in one line. `rescore`: prediction files of
    `track`, to be scored on the images that both versions share.
    """
    if rescore and track is None:
        raise UsageError("predictions are of a track; name it with --track")
    before, now = load_recipe(old), load_recipe(new)
    if before.name != now.name:
        raise UsageError(f"{before.reference} and {now.reference} are not of one dataset; diff compares its versions")
    if number(now.version) < number(before.version):
        raise UsageError(f"{before.reference} comes after {now.reference}; give the earlier version first")
    planned = planned_changes(before, now)
    made = [_made(recipe, data_root) for recipe in (before, now)]
    found = changes(made[0].items(), made[1].items()) if made[0] and made[1] else planned
    # Images may come out alike from another recipe: the number answers for both.
    bump = max(found.bump, planned.bump, key=BUMPS.index)
    claim = claimed(before.version, now.version)
    content = {one.content_digest for one in made if one}
    fine = enough(claim, bump) or (before.digest == now.digest and len(content) < 2)
    return DiffReport(
        old=before.reference,
        new=now.reference,
        basis="manifests" if all(made) else "recipes",
        **found.model_dump(),
        recipe=tuple(recipe_changes(before, now)),
        bump=bump,
        claimed=claim,
        enough=fine,
        objection=None if fine else too_little(before, now, found if found.bump == bump else planned),
        anchor=_anchor(rescore, (before.reference, now.reference), str(track), data_root) if rescore else None,
    )


def refuse(report: DiffReport) -> None:
    """DataError where images differ more than the version number says; UsageError where the recipes already do."""
    if report.objection:
        raise (DataError if report.basis == "manifests" else UsageError)(report.objection)


def _anchor(files: Sequence[Path], versions: tuple[str, str], track: str, data_root: Path) -> Anchor:
    return anchor(files, versions, track=load_track(track), data_root=data_root)


def _made(recipe: Recipe, data_root: Path) -> Version | None:
    """The version as it was made here from this recipe, if it was; a damaged manifest is a DataError."""
    if not (version_folder(data_root, recipe.name, recipe.version) / MANIFEST).is_file():
        return None
    version = open_version(recipe.reference, data_root)
    return version if version.recipe_digest == recipe.digest else None
