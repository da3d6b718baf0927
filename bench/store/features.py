"""Features on the disk, in blocks, so that an extraction that was stopped goes on and no set need fit in memory.

`<data_root>/features/<key>/000000.safetensors`, …: rows in the order of sorted image ids. The key is a
digest of the image set's content and of the extractor's card, never a name that somebody chose.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from bench.core.digests import digest_json
from bench.core.errors import DataError
from bench.store.atomic import write_bytes

BLOCK = 4096
KEY_DIGITS = 24


@dataclass(frozen=True)
class FeatureFolder:
    """The features of `n` images under `key`, in `folder`; complete when every block is there."""

    folder: Path
    key: str
    n: int

    @classmethod
    def of(cls, data_root: Path, *, set_digest: str, extractor: dict[str, Any], n: int) -> "FeatureFolder":
        """Where the features of this set by this extractor lie, there or not."""
        key = digest_json({"set": set_digest, "extractor": extractor, "block": BLOCK})
        return cls(data_root / "features" / key.removeprefix("sha256:")[:KEY_DIGITS], key, n)

    def blocks(self) -> list[slice]:
        """The rows of each block."""
        return [slice(start, min(start + BLOCK, self.n)) for start in range(0, self.n, BLOCK)]

    def fill(self, make: Callable[[slice], tuple[np.ndarray, dict[str, int]]]) -> None:
        """Make and write every block that is absent or damaged; `make(rows)` gives features and image encodings."""
        for rows in self.blocks():
            if self._read(rows) is None:
                features, encodings = make(rows)
                self._write(rows, np.ascontiguousarray(features, dtype=np.float32), encodings)

    def stream(self) -> Iterator[np.ndarray]:
        """float32 [m, d] block by block; DataError where one is absent or damaged."""
        for rows in self.blocks():
            yield self._checked(rows)[0]

    def whole(self) -> np.ndarray:
        """float32 [n, d]."""
        return np.concatenate(list(self.stream()))

    def encodings(self) -> dict[str, int]:
        """How many images had each encoding."""
        total: dict[str, int] = {}
        for rows in self.blocks():
            for kind, count in self._checked(rows)[1].items():
                total[kind] = total.get(kind, 0) + count
        return dict(sorted(total.items()))

    def _path(self, rows: slice) -> Path:
        return self.folder / f"{rows.start // BLOCK:06d}.safetensors"

    def _write(self, rows: slice, features: np.ndarray, encodings: dict[str, int]) -> None:
        if len(features) != rows.stop - rows.start:
            raise DataError(f"features: expected {rows.stop - rows.start} rows, got {len(features)}")
        header = {
            "key": self.key,
            "encodings": json.dumps(encodings, sort_keys=True),
            "sha256": hashlib.sha256(features.data).hexdigest(),
        }
        write_bytes(self._path(rows), save({"features": features}, metadata=header))

    def _read(self, rows: slice) -> tuple[np.ndarray, dict[str, int]] | None:
        """The block, or None where it is absent, damaged, or another's."""
        try:
            with safe_open(self._path(rows), framework="numpy") as file:
                header, features = file.metadata() or {}, file.get_tensor("features")
            whole = hashlib.sha256(features.data).hexdigest() == header["sha256"]
            if whole and header["key"] == self.key and len(features) == rows.stop - rows.start:
                return features, json.loads(header["encodings"])
        except (OSError, SafetensorError, KeyError, ValueError):
            pass
        return None

    def _checked(self, rows: slice) -> tuple[np.ndarray, dict[str, int]]:
        found = self._read(rows)
        if found is None:
            raise DataError(f"{self._path(rows)}: absent or damaged; run the command again to mend it")
        return found
