"""What a board says of its dataset version besides its images: what an audit found, and what changed."""

from pathlib import Path

from bench.core.dataset_version import DatasetVersion, VersionChanges
from bench.core.errors import DataError, UsageError
from bench.core.recipe import Recipe
from bench.pipelines.versions.diff import diff
from bench.pipelines.versions.lineage import predecessors
from bench.pipelines.versions.recipes import SUFFIXES, load_recipe
from bench.reports.audit_findings import findings
from bench.store.audits import read_audit
from bench.store.paths import audit_folder


def with_findings(version: DatasetVersion, source: str, *, data_root: Path) -> DatasetVersion:
    """`version` with the audit of these very images, and with what became of the version before it.

    `source`: where its recipe is, as in `load_recipe`. What is not known here stays as it was. DataError for a
    damaged audit.
    """
    name, _, number = version.reference.partition("@")
    audit = read_audit(audit_folder(data_root, name, number))
    told = audit is not None and audit.content_digest == version.content_digest
    return version.model_copy(
        update={
            "audit": findings(audit) if audit and told else version.audit,
            "changes": _changes(version, source, data_root) or version.changes,
        }
    )


def _changes(version: DatasetVersion, source: str, data_root: Path) -> VersionChanges | None:
    """Compared with the version before; the images themselves go before what the recipes alone say."""
    try:
        recipe = load_recipe(source)
        before = predecessors(source, recipe)
        if recipe.digest != version.recipe_digest or not before:
            return None
        found = diff(_reference(before[0], source), source, data_root=data_root)
    except (DataError, UsageError):
        return None
    if found.basis == "recipes" and version.changes is not None:
        return None
    counts = found.model_dump(include={"kept", "added", "removed", "changed", "bump", "basis"})
    return VersionChanges(before=found.old, **counts)


def _reference(recipe: Recipe, source: str) -> str:
    """The recipe of the same dataset as a reference: the file beside `source`, or a shipped one."""
    beside = Path(source).with_name(f"{recipe.version}{Path(source).suffix}")
    return str(beside) if Path(source).suffix in SUFFIXES and beside.is_file() else recipe.reference
