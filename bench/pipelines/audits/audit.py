"""`audit`: privacy, bias, objectionable content, label consistency and duplicates of a version, with pictures."""

from pathlib import Path

import numpy as np

from bench import __version__
from bench.core.audit import Audit, Copies
from bench.core.recipe import Recipe
from bench.core.record import Record
from bench.filters.likeness import Alike
from bench.pipelines.audits import measures
from bench.pipelines.audits.evidence import FLAGGED, Evidence, Means, look
from bench.pipelines.audits.pictures import draw_pictures
from bench.pipelines.versions.recipes import open_made
from bench.reports import audit_markdown, audit_page
from bench.store.audits import check_place, write_audit
from bench.store.paths import audit_folder
from bench.store.versions import Version


class AuditReport(Record):
    """What an audit found, and where it was written."""

    folder: str
    audit: Audit

    def __str__(self) -> str:
        answers = (line for words in audit_markdown.QUESTIONS.values() for line in words(self.audit))
        notes = [f"note: {note}" for note in self.audit.notes]
        head = f"{self.audit.reference}: {self.audit.images} images audited"
        return "\n".join([head, *answers, *notes, f"page: {self.folder}/index.html"])


def audit(
    reference: str,
    *,
    data_root: Path,
    means: Means | None = None,
    limit: int | None = None,
    out: Path | None = None,
    quiet: bool = False,
) -> AuditReport:
    """Measure every image of the version, and write `audit.json`, a page, a section for the card, and pictures.

    What `means` leaves empty is taken from a track of the same classes, else not measured and noted.
    Written to `out`, else under `data_root`, where `export` finds it. `limit`: a version that was made with it.
    """
    recipe, version = open_made(reference, data_root=data_root, limit=limit)
    folder = out or audit_folder(data_root, recipe.name, recipe.version, limit=limit)
    check_place(folder)
    evidence = look(recipe, version, means or Means(), data_root=data_root, quiet=quiet)
    found, distances = measured(recipe, version, evidence)
    pictures = draw_pictures(found, evidence.made, evidence.real, evidence.items, distances=distances)
    others = {f"pictures/{name}": data for name, data in pictures.items()} | {
        "index.html": audit_page.render(found, pictures).encode(),
        "README.md": audit_markdown.render(found).encode(),
    }
    write_audit(folder, found, others)
    return AuditReport(folder=str(folder), audit=found)


def measured(recipe: Recipe, version: Version, seen: Evidence) -> tuple[Audit, dict[str, np.ndarray]]:
    """The numbers, and the distances to the nearest real image by kind of image."""
    made, alike, classes = seen.made, Alike(), recipe.classes
    copies = Copies(bits=alike.bits, difference=alike.difference)
    flagged = {place: score >= FLAGGED for place, score in seen.scores.items()}
    privacy, distances, labels = None, {}, None
    if seen.real is not None:
        names = {"real": seen.names.real, "digest": seen.real_digest, "held_out": seen.names.held_out}
        names = {key: name for key, name in names.items() if name}
        privacy, distances = measures.privacy(made, seen.real, seen.held_out, copies=copies, names=names)
    if made.probabilities is not None:
        judges = {"classifier": seen.names.classifier, "digest": seen.classifier_digest}
        labels = measures.labels(made, seen.held_out or seen.real, classes, **judges)
    found = Audit(
        reference=recipe.reference,
        recipe_digest=version.recipe_digest,
        content_digest=version.content_digest,
        limit=version.limit,
        images=len(made),
        extractor=seen.names.extractor,
        extractor_digest=seen.extractor.digest,
        copies=copies,
        privacy=privacy,
        duplicates=measures.duplicates(made, seen.items, copies=copies),
        labels=labels,
        content=measures.content(made, seen.items, seen.scores, detector=seen.detector, below=FLAGGED),
        classes=measures.by_class(made, seen.real, seen.items, classes, flagged),
        templates=measures.by_template(made, seen.items, flagged),
        notes=seen.notes,
        software=f"imagenet-g-bench {__version__}",
    )
    return found, distances
