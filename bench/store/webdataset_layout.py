"""The layout of WebDataset: `<split>/<digest>-NNNNNN.tar`, in it for each image the picture, `.cls` and `.json`."""

import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from bench.core.digests import content_digest
from bench.core.errors import DataError
from bench.store.exported import Found, Stored, check_name

SHARD = 1000
TARS = "*/*.tar"
_PICTURES = (".png", ".jpg")


def write(folder: Path, images: Iterable[Stored], *, labels: list[str]) -> None:
    """Write `images`, which come split by split, 1,000 to an archive; equal images give equal archives."""
    for split, group in groupby(images, key=lambda one: one.item.split):
        (folder / split).mkdir()
        seen: list[tuple[str, str]] = []
        for number, part in enumerate(_parts(group, SHARD)):
            seen += [(one.item.id, one.item.sha256) for one in part]
            with tarfile.open(folder / split / f"{number:06d}.tar", "w", format=tarfile.USTAR_FORMAT) as archive:
                for one in part:
                    _add(archive, one)
        # mlcroissant keeps what it unpacked by the archive's path alone, so equal paths must mean equal images.
        digest = content_digest(seen).removeprefix("sha256:")[:8]
        for path in sorted((folder / split).iterdir()):
            path.rename(path.with_name(f"{digest}-{path.name}"))


def _parts(images: Iterable[Stored], size: int) -> Iterator[list[Stored]]:
    part: list[Stored] = []
    for one in images:
        part.append(one)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


def _add(archive: tarfile.TarFile, one: Stored) -> None:
    stem, dot, ending = one.item.image_name.rpartition(".")
    # A key ends at its first dot.
    key = stem.replace(".", "%2E")
    row = json.dumps(asdict(one.item), sort_keys=True, ensure_ascii=False).encode()
    for suffix, data in ((dot + ending, one.data), (".cls", str(one.label).encode()), (".json", row)):
        member = tarfile.TarInfo(key + suffix)
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))


def read(folder: Path) -> Iterator[Found]:
    """Every image of every archive; one that is damaged, or holds anything but plain files, is a DataError."""
    for path in sorted(folder.glob(TARS)):
        try:
            with tarfile.open(path, "r:") as archive:
                yield from _found(archive, path)
        except (OSError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path}: damaged ({str(error)[:100]}); export the version again") from None


def _found(archive: tarfile.TarFile, path: Path) -> Iterator[Found]:
    pictures: dict[str, bytes] = {}
    for member in archive:
        check_name(member.name, where=str(path))
        if not member.isfile():
            raise DataError(f"{path}: {member.name!r} is a link or a folder, not a plain file; nothing of it was read")
        key, dot, ending = member.name.partition(".")
        data = archive.extractfile(member).read()
        if dot + ending in _PICTURES:
            pictures[key] = data
        elif ending == "json":
            row = json.loads(data)
            yield Found(str(row["id"]), str(row["sha256"]), pictures.pop(key))
    if pictures:
        raise DataError(f"{path}: {len(pictures)} pictures without a .json, first {min(pictures)!r}")
