"""The images per class of a real set, for recipes that mirror them.

`python -m bench.pipelines.real_counts imagenet-1k-train FOLDER` counts a copy that you have, checks that it
is whole, and writes `datasets/counts/imagenet-1k-train.json`, a table of facts that may be committed.
"""

import json
import sys
from pathlib import Path

from bench.core.errors import BenchError, DataError
from bench.core.registry import look_up
from bench.sources.class_lists import class_list
from bench.sources.real_counts import REAL_SETS, check_counts, count_images
from bench.store.atomic import write_json
from bench.store.paths import datasets_folder


def counts_path(name: str) -> Path:
    """Where the counts of a real set are kept."""
    return datasets_folder() / "counts" / f"{name}.json"


def known_counts(name: str) -> dict[str, int] | None:
    """The images of each class, or None where nobody has counted them here; a wrong table is a DataError."""
    path, known = counts_path(name), look_up(REAL_SETS, name, kind="real set")
    if not path.is_file():
        return None
    try:
        counts = {str(key): int(value) for key, value in json.loads(path.read_bytes()).items()}
    except (ValueError, AttributeError, TypeError):
        raise DataError(f"{path}: damaged; remove it, and count again") from None
    check_counts(name, known, counts, class_ids={item.id for item in class_list(known.classes)}, where=str(path))
    return counts


def write_counts(name: str, folder: Path) -> Path:
    """Count the images in `folder`, one folder a class, and write the table; DataError where the set is not whole."""
    known, counts = look_up(REAL_SETS, name, kind="real set"), count_images(folder)
    check_counts(name, known, counts, class_ids={item.id for item in class_list(known.classes)}, where=str(folder))
    write_json(counts_path(name), counts)
    return counts_path(name)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"usage: python -m bench.pipelines.real_counts {{{','.join(REAL_SETS)}}} FOLDER")
    try:
        print(write_counts(sys.argv[1], Path(sys.argv[2])))
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
