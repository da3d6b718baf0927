"""Threads, for work that does not hold the interpreter: reading and hashing files."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


def in_order(function: Callable[[Any], Any], jobs: Iterable[Any], *, threads: int) -> Iterator[Any]:
    """`function(job)` for each job, in their order; no more jobs are taken up than threads can soon be at.

    After an error, or Ctrl-C, only what is at work is waited for.
    """
    waiting: deque[Future[Any]] = deque()
    crew = ThreadPoolExecutor(threads)
    try:
        for job in jobs:
            waiting.append(crew.submit(function, job))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        crew.shutdown(cancel_futures=True)
