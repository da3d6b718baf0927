"""What it took to learn or draw something, kept on the disk, so that it is known where that is found again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import process_time

from pydantic import ValidationError

from bench.core.record import Record
from bench.store.atomic import write_json

FILE = "spent.json"


class Spent(Record):
    """Seconds of one core, and passes of one image through the generator; None where nobody measured them."""

    seconds: float | None = 0.0
    evaluations: int | None = 0

    def share(self, factor: float) -> "Spent":
        """So many times as much."""
        return Spent(seconds=(self.seconds or 0) * factor, evaluations=round((self.evaluations or 0) * factor))

    def __add__(self, other: "Spent") -> "Spent":
        unknown = None in (self.seconds, self.evaluations, other.seconds, other.evaluations)
        if unknown:
            return Spent(seconds=None, evaluations=None)
        return Spent(seconds=self.seconds + other.seconds, evaluations=self.evaluations + other.evaluations)


UNKNOWN = Spent(seconds=None, evaluations=None)


def spent_on(data_root: Path, name: str) -> Path:
    """Where it is kept what a state, or the images of a recipe, took the data leaderboard."""
    return data_root / "data-board" / "spent" / f"{name}.json"


def read_spent(path: Path) -> Spent:
    """What is kept there; unknown where nothing is, or nothing that can be read."""
    try:
        return Spent.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return UNKNOWN


@contextmanager
def accounted(folder: Path) -> Iterator[None]:
    """Keep in `folder` what the block took to train what lies there: unknown where some of that was there before."""
    begun, start = any(folder.glob("*.pt")), process_time()
    yield
    if not (folder / FILE).is_file():
        write_json(folder / FILE, (UNKNOWN if begun else Spent(seconds=process_time() - start)).model_dump())
