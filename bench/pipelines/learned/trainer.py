"""The trainer that is handed to what learns from nothing: one thread, and a folder in which it goes on after a kill."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.store.atomic import lock_folder
from bench.training.fitting import one_thread
from bench.training.resumable import Schedule, fit


@contextmanager
def trainer(work: Path) -> Iterator[Callable[..., dict[str, Any]]]:
    """`fit(name, model, loss_of, steps=, rate=, …)` of bench/training/resumable.py in `work`, which waits for others.

    DataError where what is kept there is damaged, or of another training.
    """

    def resumable(name: str, model: Any, loss_of: Any, **schedule: Any) -> dict[str, Any]:
        return fit(name, model, loss_of, Schedule(**schedule), work)

    with lock_folder(work, wait=True), one_thread():
        yield resumable
