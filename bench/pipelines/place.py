"""Where a verb works: the data root, and whether a hub may be asked."""

import os
from pathlib import Path

from bench.store import paths


def settle(data_root: Path | None, *, offline: bool = False) -> Path:
    """The data root (`data_root`, else BENCH_DATA, else the user's cache); `offline` forbids asking a hub."""
    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    return paths.data_root(data_root)
