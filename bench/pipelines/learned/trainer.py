"""The trainer that is handed to what learns from nothing: one thread, and a folder in which it goes on after a kill."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from bench.core.errors import DataError
from bench.store.atomic import lock_folder
from bench.training.fitting import one_thread
from bench.training.resumable import Schedule, fit


@contextmanager
def trainer(work: Path) -> Iterator[Callable[..., dict[str, Any]]]:
    """`fit(name, model, loss_of, steps=, rate=, …)` of bench/training/resumable.py in `work`, which waits for others.

    DataError where what is kept there is damaged, or of another training.
    """

    def resumable(name: str, model: Any, loss_of: Any, **schedule: Any) -> dict[str, Any]:
        try:
            return fit(name, model, loss_of, Schedule(**schedule), work)
        except (RuntimeError, EOFError, KeyError, OSError, UnpicklingError) as error:
            if _reads(work / f"{name}.pt"):
                raise
            reason = (str(error).splitlines() or [""])[0][:60]
            raise DataError(f"{work / name}.pt: damaged ({reason!r}); remove {work}, and train again") from None

    with lock_folder(work, wait=True), one_thread():
        yield resumable


def _reads(path: Path) -> bool:
    try:
        return not path.exists() or bool(torch.load(path, weights_only=True))
    except Exception:  # whatever a damaged file makes the library say
        return False
