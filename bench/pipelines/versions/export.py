"""`export`: a dataset version as a folder that is ready to publish, with its card and Croissant metadata."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from bench import __version__
from bench.core.dataset_card import DatasetCard, class_labels
from bench.core.exported import Exported, Layout
from bench.core.recipe import Recipe
from bench.core.record import Record
from bench.core.registry import look_up
from bench.pipelines.versions.check_export import data_files, round_trip
from bench.pipelines.versions.recipes import lock_path, open_made
from bench.reports import contact_sheet, croissant, dataset_card, quality_plots
from bench.reports.plain_text import to_csv
from bench.reports.plots import save
from bench.store import huggingface_layout, imagefolder_layout, webdataset_layout
from bench.store.atomic import write_bytes, write_json, write_text
from bench.store.audits import read_audit
from bench.store.exported import new_folder, stored_images, write_record
from bench.store.locks import read_lock
from bench.store.paths import audit_folder
from bench.store.qualities import read_qualities
from bench.store.versions import Version

WRITERS: dict[Layout, Callable[..., None]] = {
    "huggingface": huggingface_layout.write,
    "imagefolder": partial(imagefolder_layout.write, cell=to_csv),
    "webdataset": webdataset_layout.write,
}
SHEET_CLASSES, SHEET_IMAGES = 24, 10


class ExportReport(Record):
    """Where a version was written to, and that it was read back."""

    reference: str
    layout: Layout
    folder: str
    images: int
    limited: bool
    content_digest: str
    audited: bool
    quality: tuple[str, ...] = ()

    def __str__(self) -> str:
        limited = ", limited: not for publication" if self.limited else ""
        audit = (
            "with its audit" if self.audited else f"no audit in the card; make one: imagenet-g audit {self.reference}"
        )
        audit += f"\nwith its quality on {', '.join(self.quality)}" if self.quality else ""
        return (
            f"{self.reference}: {self.images} images as {self.layout}{limited}; read back, content"
            f" {self.content_digest}\n{audit}\n{self.folder}"
        )


def export(
    reference: str, *, layout: str, out: Path, data_root: Path, limit: int | None = None, quiet: bool = False
) -> ExportReport:
    """Write the version to the folder `out`, which must be absent or empty, and read it back.

    The folder appears whole or not at all. `limit`: a version that was made with it. DataError where the version
    is absent, damaged, or made by another recipe.
    """
    write = look_up(WRITERS, layout, kind="format")
    recipe, version = open_made(reference, data_root=data_root, limit=limit)
    exported = _exported(recipe, version, layout)
    audit_place = audit_folder(data_root, recipe.name, recipe.version, limit=limit)
    with new_folder(out) as folder:
        bar = partial(tqdm, total=sum(exported.counts.values()), unit="img", disable=True if quiet else None)
        write(folder, bar(stored_images(version, recipe), desc=f"export {layout}"), labels=class_labels(recipe))
        exported = exported.model_copy(update={"files": tuple(data_files(folder, exported.layout))})
        card = _card(recipe, exported, reference, data_root)
        _describe(folder, card, _contact_sheet(recipe, version), audit_place)
        round_trip(folder, exported, bar=partial(bar, desc="read back"))
        write_record(folder, exported)
    return ExportReport(
        reference=exported.reference,
        layout=exported.layout,
        folder=str(out),
        images=sum(exported.counts.values()),
        limited=limit is not None,
        content_digest=exported.content_digest,
        audited=card.audit is not None,
        quality=tuple(report.track for report in card.quality),
    )


def _exported(recipe: Recipe, version: Version, layout: str) -> Exported:
    return Exported.model_validate(
        {
            "layout": layout,
            "reference": recipe.reference,
            "recipe_digest": recipe.digest,
            "content_digest": version.content_digest,
            "counts": version.manifest.counts(),
            "limit": version.limit,
            "software": f"imagenet-g-bench {__version__}",
        }
    )


def _card(recipe: Recipe, exported: Exported, reference: str, data_root: Path) -> DatasetCard:
    audit = read_audit(audit_folder(data_root, recipe.name, recipe.version, limit=exported.limit))
    lock = read_lock(lock_path(reference))
    locked = lock is not None and lock.content_digest == exported.content_digest
    return DatasetCard(
        recipe=recipe,
        exported=exported,
        audit=audit if audit and audit.content_digest == exported.content_digest else None,
        quality=read_qualities(data_root, recipe.reference, exported.content_digest),
        drawn_with=lock.versions if lock and locked else {},
    )


def _describe(folder: Path, card: DatasetCard, sheet: bytes, audit_place: Path) -> None:
    write_bytes(folder / dataset_card.SHEET, sheet)
    for picture in sorted(audit_place.glob("pictures/*.png")) if card.audit else ():
        write_bytes(folder / "pictures" / picture.name, picture.read_bytes())
    if card.audit:
        write_json(folder / "audit.json", card.audit.model_dump(mode="json"))
    for report in card.quality:
        write_json(folder / f"quality-{report.track}.json", report.model_dump(mode="json"))
        for stem, figure in quality_plots.figures(report).items():
            write_bytes(folder / dataset_card.quality_picture(report, stem), save(figure, "png"))
    write_json(folder / "recipe.json", card.recipe.model_dump(mode="json"))
    write_text(folder / "croissant.json", croissant.render(card))
    write_text(folder / "README.md", dataset_card.render(card))


def _contact_sheet(recipe: Recipe, version: Version) -> bytes:
    """Some images of some classes, evenly chosen from the last split: the smaller one, by custom."""
    classes = recipe.classes
    images = version.image_set(list(version.manifest.counts())[-1], tuple(one.id for one in classes))
    present = np.unique(images.labels)
    chosen = present[np.linspace(0, len(present) - 1, min(SHEET_CLASSES, len(present))).round().astype(int)]
    rows: list[tuple[str, list[Any]]] = []
    for label in chosen:
        places = np.flatnonzero(images.labels == label)[:SHEET_IMAGES]
        rows.append((classes[label].name, [images.read(int(place)) for place in places]))
    return contact_sheet.contact_sheet(rows)
