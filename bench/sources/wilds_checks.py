"""What can be wrong in a copy of a WILDS dataset and that the `wilds` package would not say: with file and line."""

import csv
import math
import re
from collections.abc import Iterator
from pathlib import Path

from bench.core.errors import DataError

COMPLETE = "unpack the archive again, or link a whole copy there"
NO_BOX = "no_box"
_NUMBER = r"-?\d+(?:\.\d+)?"
_BOXES = re.compile(rf"{_NUMBER}( {_NUMBER}){{3}}(;{_NUMBER}( {_NUMBER}){{3}})*")
WHEAT_SPLITS = ("official_train", "official_val", "official_test", "fixed_train_val", "fixed_train_test")
SESSIONS = 47


def check_files(name: str, version: str, folder: Path) -> None:
    """DataError for the first thing in `folder` that is missing, or that cannot be what the dataset says."""
    {"iwildcam": _iwildcam, "poverty": _poverty, "globalwheat": _globalwheat}[name](folder, version)


def _iwildcam(folder: Path, version: str) -> None:
    _folder(folder / "train", "the images")
    if version == "1.0":
        for part in ("train", "val_trans", "test_trans", "val_cis", "test_cis"):
            for line, row in _rows(folder / f"{part}.csv", ("filename", "category_id", "location", "datetime")):
                _whole(folder / f"{part}.csv", line, "category_id", row["category_id"])
        return
    path = folder / "metadata.csv"
    known = {"train", "val", "test", "id_val", "id_test"}
    for line, row in _rows(path, ("split", "filename", "y", "location_remapped", "sequence_remapped", "datetime")):
        if row["split"] not in known:
            raise DataError(f"{path}, line {line}: split {row['split'][:40]!r}, expected one of {', '.join(known)}")
        for column in ("y", "location_remapped", "sequence_remapped"):
            _whole(path, line, column, row[column])


def _poverty(folder: Path, version: str) -> None:
    if version == "1.0" and not (folder / "landsat_poverty_imgs.npy").is_file():
        raise DataError(f"{folder / 'landsat_poverty_imgs.npy'}: no such file; {COMPLETE}")
    if version != "1.0":
        _folder(folder / "images", "the images")
    path = folder / "dhs_metadata.csv"
    for line, row in _rows(path, ("country", "urban", "wealthpooled")):
        if not math.isfinite(_number(row["wealthpooled"])):
            raise DataError(
                f"{path}, line {line}: wealthpooled is {row['wealthpooled'][:40]!r}, expected a finite number;"
                f" {COMPLETE}"
            )
        if _number(row["urban"]) not in (0.0, 1.0):
            raise DataError(f"{path}, line {line}: urban is {row['urban'][:40]!r}, expected True or False")


def _globalwheat(folder: Path, version: str) -> None:
    _folder(folder / "images", "the images")
    for line, row in _rows(folder / "metadata_domain.csv", ("name", "country", "location"), separator=";"):
        if not row["name"]:
            raise DataError(f"{folder / 'metadata_domain.csv'}, line {line}: a session without a name")
    for split in WHEAT_SPLITS:
        path = folder / f"{split}.csv"
        for line, row in _rows(path, ("image_name", "BoxesString", "domain")):
            # The package evaluates this text as Python, and takes what it cannot read for an image without boxes.
            if row["BoxesString"] != NO_BOX and not _BOXES.fullmatch(row["BoxesString"]):
                raise DataError(
                    f"{path}, line {line}: boxes {row['BoxesString'][:40]!r}, expected `xmin ymin xmax ymax`"
                    f" parted by semicolons, or {NO_BOX}"
                )
            if not 0 <= _whole(path, line, "domain", row["domain"]) < SESSIONS:
                raise DataError(f"{path}, line {line}: domain {row['domain'][:40]!r}, expected 0 to {SESSIONS - 1}")


def _rows(path: Path, columns: tuple[str, ...], *, separator: str = ",") -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV with their lines, as text; DataError where it is not there, or lacks one of `columns`."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, delimiter=separator)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                found = ", ".join(reader.fieldnames or ())[:120] or "nothing"
                raise DataError(f"{path}, line 1: no column {missing[0]!r}, found {found}; {COMPLETE}")
            empty = True
            for row in reader:
                empty = False
                short = [column for column in columns if row[column] is None]
                if short:
                    raise DataError(f"{path}, line {reader.line_num}: the row ends before {short[0]!r}; {COMPLETE}")
                yield reader.line_num, row
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; {COMPLETE}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not a readable CSV ({str(error)[:80]}); {COMPLETE}") from None
    if empty:
        raise DataError(f"{path}: no row below the header; {COMPLETE}")


def _folder(path: Path, what: str) -> None:
    if not path.is_dir():
        raise DataError(f"{path}: no such folder, {what} are missing; {COMPLETE}")


def _number(text: str) -> float:
    if text in ("True", "False"):
        return float(text == "True")
    try:
        return float(text)
    except ValueError:
        return math.nan


def _whole(path: Path, line: int, column: str, text: str) -> int:
    # A table that went through pandas with a gap in it has 3.0 for 3.
    if not re.fullmatch(r"\d{1,9}(\.0)?", text):
        raise DataError(f"{path}, line {line}: {column} is {text[:40]!r}, expected a whole number")
    return int(float(text))
