"""Audits on the disk: `audit.json`, with its pictures and its page."""

import json
from pathlib import Path

from bench.core.audit import Audit
from bench.core.errors import DataError, UsageError
from bench.core.record import parse
from bench.store.atomic import clean_leftovers, is_ours, write_bytes, write_json

AUDIT = "audit.json"
PARTS = {AUDIT, "index.html", "README.md", "pictures"}


def check_place(folder: Path) -> None:
    """UsageError unless `folder` is absent, empty, or holds an audit alone, which a new one may take the place of."""
    found = {path.name for path in folder.iterdir() if not is_ours(path)} if folder.is_dir() else set()
    if found and not {AUDIT} <= found <= PARTS:
        raise UsageError(f"{folder} holds more than an audit; choose a folder that is not there yet")


def write_audit(folder: Path, audit: Audit, others: dict[str, bytes]) -> None:
    """Write `others` by path, and the audit last, which completes it; what an older audit left there goes."""
    check_place(folder)
    # Until it is whole, null says that the folder is an audit's and that there is none to read.
    write_json(folder / AUDIT, None)
    for picture in folder.glob("pictures/*.png"):
        picture.unlink()
    for path, data in others.items():
        write_bytes(folder / path, data)
    write_json(folder / AUDIT, audit.model_dump(mode="json"))
    clean_leftovers(folder)


def read_audit(folder: Path) -> Audit | None:
    """The audit in `folder`, or None where there is none that is whole; a damaged one is a DataError."""
    path = folder / AUDIT
    try:
        found = json.loads(path.read_bytes())
        return None if found is None else parse(Audit, found, where=str(path))
    except FileNotFoundError:
        return None
    except (ValueError, UsageError) as error:
        raise DataError(f"{path}: damaged ({str(error)[:160]}); audit the version again") from None
