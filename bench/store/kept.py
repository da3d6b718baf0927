"""Arrays that are worth keeping: made once, found by their digest, dropped oldest first when there are too many."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.store.atomic import replacing

SUFFIX = ".npy"


@dataclass(frozen=True)
class KeptArrays:
    """Arrays in `folder`, at most `limit` bytes of them: `kept(key, make)` reads, or makes and writes."""

    folder: Path
    limit: int

    def __call__(self, key: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        """The array of `key`; a damaged file is made anew. `key` names a file: letters, digits, dot, dash."""
        path = self.folder / (key + SUFFIX)
        with suppress(OSError, ValueError, EOFError):
            found = np.load(path, allow_pickle=False)
            path.touch()
            return found
        array = make()
        if array.nbytes <= self.limit:
            with replacing(path) as temporary, open(temporary, "wb") as file:
                np.save(file, array, allow_pickle=False)
            self._drop_oldest()
        return array

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
