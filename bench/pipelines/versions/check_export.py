"""`verify FOLDER`: is an exported folder, from wherever it comes, still what was published?"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from tqdm import tqdm

from bench.core.digests import content_digest
from bench.core.errors import BenchError, DataError
from bench.core.exported import Exported, Layout, PublishedFile
from bench.core.record import Record
from bench.pipelines.versions.recipes import lock_path
from bench.store import huggingface_layout, imagefolder_layout, webdataset_layout
from bench.store.encoding import decode, sha256_hex
from bench.store.exported import Found, read_record
from bench.store.locks import read_lock

READERS: dict[Layout, Callable[[Path], Iterator[Found]]] = {
    "huggingface": huggingface_layout.read,
    "imagefolder": imagefolder_layout.read,
    "webdataset": webdataset_layout.read,
}
DATA_FILES: dict[Layout, str] = {
    "huggingface": huggingface_layout.DATA,
    "imagefolder": imagefolder_layout.TABLES,
    "webdataset": webdataset_layout.TARS,
}
Bar = Callable[[Iterator[Found]], Iterable[Found]]


class CheckReport(Record):
    """An exported folder whose every image is what it was."""

    reference: str
    layout: Layout
    images: int
    content_digest: str
    note: str

    def __str__(self) -> str:
        return (
            f"{self.reference}: {self.images} images in the layout {self.layout} are what was published\n"
            f"content {self.content_digest}\n{self.note}"
        )


def check_export(folder: Path, *, quiet: bool = False) -> CheckReport:
    """Read and decode every image, and hold them against the folder's record and the lock of the version, if known.

    DataError for the first thing that is wrong; nothing outside of `folder` is ever read.
    """
    exported = read_record(folder)
    total = sum(exported.counts.values())
    bar = partial(tqdm, total=total, desc="verify", unit="img", disable=True if quiet else None)
    round_trip(folder, exported, bar=bar, open_pictures=True)
    found = tuple(data_files(folder, exported.layout))
    for other in sorted(set(found) ^ set(exported.files), key=lambda file: file.path):
        raise DataError(f"{folder / other.path}: not the file that was published (its bytes differ); get it again")
    return CheckReport(
        reference=exported.reference,
        layout=exported.layout,
        images=total,
        content_digest=exported.content_digest,
        note=_against_lock(exported),
    )


def data_files(folder: Path, layout: Layout) -> Iterator[PublishedFile]:
    """The data files of a folder with their digests, by path."""
    for path in sorted(folder.glob(DATA_FILES[layout])):
        with open(path, "rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        yield PublishedFile(path=path.relative_to(folder).as_posix(), sha256=sha256, size=path.stat().st_size)


def round_trip(folder: Path, exported: Exported, *, bar: Bar, open_pictures: bool = False) -> None:
    """Read every image of `folder`; a DataError unless they are those of the content digest in `exported`."""
    seen: list[tuple[str, str]] = []
    for found in bar(READERS[exported.layout](folder)):
        if sha256_hex(found.data) != found.sha256:
            raise DataError(f"{folder}: image {found.id!r} is not what was published (sha256 differs); get it again")
        if open_pictures:
            decode(found.data, what=f"{folder}: image {found.id!r}")
        seen.append((found.id, found.sha256))
    total, digest = sum(exported.counts.values()), content_digest(seen)
    if len(seen) != total:
        raise DataError(f"{folder}: expected {total} images of {exported.reference}, found {len(seen)}; get it again")
    if digest != exported.content_digest:
        raise DataError(
            f"{folder}: its images have content {digest[:19]}…, {exported.reference} was published with"
            f" {exported.content_digest[:19]}…; get it again"
        )


def _against_lock(exported: Exported) -> str:
    try:
        lock = read_lock(lock_path(exported.reference))
    except BenchError:
        lock = None
    if exported.limit is not None:
        return "a limited sample: not for publication"
    if lock is None:
        return "no lock of this version here"
    if lock.content_digest != exported.content_digest:
        raise DataError(
            f"{exported.reference}: whole in itself, but its content {exported.content_digest[:19]}… is not that of the"
            f" lock, {lock.content_digest[:19]}…; it was made elsewhere, or is not what it says"
        )
    return "identical to the lock, bit for bit"
