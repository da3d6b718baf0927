"""Arrays that are worth keeping: made once, found by their digest, dropped oldest first when there are too many."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.core.errors import BenchError
from bench.store.atomic import replacing

SUFFIX = ".npy"


@dataclass(frozen=True)
class KeptArrays:
    """Arrays in `folder`, at most `limit` bytes of them (0: nothing is kept, and nothing found).

    A key names a file: letters, digits, dot, dash.
    """

    folder: Path
    limit: int

    def __call__(self, key: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        """The array of `key`: found, or made and kept."""
        found = self.find(key)
        if found is None:
            found = make()
            self.put(key, found)
        return found

    def find(self, key: str) -> np.ndarray | None:
        """The array of `key`, or None where there is none that is whole."""
        if self.limit:
            path = self._file(key)
            with suppress(OSError, ValueError, EOFError):
                found = np.load(path, allow_pickle=False)
                path.touch()
                return found
        return None

    def put(self, key: str, array: np.ndarray) -> None:
        """Keep `array`, and drop the oldest ones where there are too many; one that is too large is not kept."""
        if array.nbytes <= self.limit:
            # Keeping is a help, not a duty: a full disk must not stop who only wants an answer.
            with suppress(BenchError), replacing(self._file(key)) as temporary, open(temporary, "wb") as file:
                np.save(file, array, allow_pickle=False)
            self._drop_oldest()

    def _file(self, key: str) -> Path:
        return self.folder / (key + SUFFIX)

    def _drop_oldest(self) -> None:
        found = []
        for path in self.folder.glob(f"*{SUFFIX}"):
            with suppress(OSError):
                state = path.stat()
                found.append((state.st_mtime, state.st_size, path))
        excess = sum(size for _, size, _ in found) - self.limit
        for _, size, path in sorted(found):
            if excess <= 0:
                return
            path.unlink(missing_ok=True)
            excess -= size
