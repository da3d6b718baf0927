"""Audits on the disk: `audit.json`, with its pictures and its page."""

import json
from pathlib import Path

from bench.core.audit import Audit
from bench.core.errors import DataError, UsageError
from bench.core.record import parse
from bench.store.atomic import write_bytes, write_json

AUDIT = "audit.json"


def write_audit(folder: Path, audit: Audit, others: dict[str, bytes]) -> None:
    """Write `others` by path, and the audit last, which completes it; what an older audit left there goes."""
    (folder / AUDIT).unlink(missing_ok=True)
    for picture in folder.glob("pictures/*.png"):
        picture.unlink()
    for path, data in others.items():
        write_bytes(folder / path, data)
    write_json(folder / AUDIT, audit.model_dump(mode="json"))


def read_audit(folder: Path) -> Audit | None:
    """The audit in `folder`, or None; a damaged one is a DataError."""
    path = folder / AUDIT
    try:
        return parse(Audit, json.loads(path.read_bytes()), where=str(path))
    except FileNotFoundError:
        return None
    except (ValueError, UsageError) as error:
        raise DataError(f"{path}: damaged ({str(error)[:160]}); audit the version again") from None
