"""Work on this machine: one function, many tasks, some processes.

Each worker is a fresh interpreter (spawn), so that nothing leaks from the caller into the work. A
worker ends when its pipe closes, so that none outlives a caller that was killed.
"""

import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from multiprocessing.connection import Connection, wait
from typing import Any

from bench.core.errors import BenchError

GOODBYE_SECONDS = 10

Work = Callable[[Any], Any]


def default_workers(device: str) -> int:
    """One process for each core that we may use; one for an accelerator."""
    if device != "cpu":
        return 1
    # Only Linux tells which cores are ours.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(function: Work | str, tasks: Sequence[Any], *, workers: int | None = 1, device: str = "cpu") -> Iterator[Any]:
    """`function(task)` for each task, yielded as they complete, in no fixed order.

    `function`: of the top level of a module, or `"module:attribute"`. One worker works in this
    process; None is one for each core, or for the accelerator where `device` is one. An error in a
    worker stops all of them and is raised here; so does Ctrl-C.
    """
    workers = min(default_workers(device) if workers is None else workers, len(tasks))
    if workers <= 1:
        for task in tasks:
            yield _resolve(function)(task)
        return
    crew: dict[Connection, multiprocessing.Process] = {}
    waiting = iter(tasks)
    try:
        with _ctrl_c_is_for_the_parent():
            for _ in range(workers):
                connection, worker = _hire(function)
                crew[connection] = worker
        yield from _hand_out(crew, waiting)
        for connection, worker in crew.items():
            # Nothing left to do: a worker whose pipe closes puts its things away and ends.
            connection.close()
            worker.join(GOODBYE_SECONDS)
    finally:
        for connection, worker in crew.items():
            connection.close()
            worker.terminate()
        for worker in crew.values():
            worker.join()


@contextmanager
def meanwhile(function: Work | str, task: Any) -> Iterator[Callable[[], Any]]:
    """A process of its own works on `task` while the block goes on; call what the block gets for the answer.

    `function` as in `run`. An error there is raised by that call; leaving the block ends the process.
    """
    packed = pickle.dumps(task)
    with _ctrl_c_is_for_the_parent():
        connection, worker = _hire(function)
    # A task that is large would be waited for until the worker is up.
    sender = threading.Thread(target=_send, args=(connection, packed), daemon=True)
    sender.start()
    try:
        yield lambda: _receive(connection, worker)
    finally:
        worker.terminate()
        worker.join()
        sender.join()
        connection.close()


def _send(connection: Connection, packed: bytes) -> None:
    # Where the worker is dead, receiving from it will say so.
    with suppress(OSError):
        connection.send_bytes(packed)


def _hand_out(crew: dict[Connection, multiprocessing.Process], waiting: Iterator[Any]) -> Iterator[Any]:
    busy: set[Connection] = set()
    for connection in crew:
        _give_next(connection, waiting, busy)
    while busy:
        for connection in wait(list(busy)):
            assert isinstance(connection, Connection)
            busy.discard(connection)
            result = _receive(connection, crew[connection])
            _give_next(connection, waiting, busy)
            yield result


def _give_next(connection: Connection, waiting: Iterator[Any], busy: set[Connection]) -> None:
    for task in waiting:
        # Where the worker is dead, receiving from it will say so.
        with suppress(BrokenPipeError):
            connection.send(task)
        busy.add(connection)
        return


def _receive(connection: Connection, worker: multiprocessing.Process) -> Any:
    try:
        done, value = connection.recv()
    except (EOFError, ConnectionResetError):
        worker.join()
        raise BenchError(
            f"a worker process died (exit status {worker.exitcode}; out of memory, or killed?);"
            " what it finished is kept, run the same command again, perhaps with fewer --workers"
        ) from None
    if not done:
        raise value
    return value


def _hire(function: Work | str) -> tuple[Connection, multiprocessing.Process]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    worker = context.Process(target=_serve, args=(theirs, function), daemon=True)
    worker.start()
    theirs.close()
    return ours, worker


def _serve(connection: Connection, function: Work | str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            task = connection.recv()
        except (EOFError, ConnectionResetError):
            return
        answer = attempt(function, task)
        try:
            connection.send(answer)
        except BrokenPipeError:
            return


def attempt(function: Work | str, task: Any) -> tuple[bool, Any]:
    """(True, what `function(task)` gives), or (False, the error that it raised), which can be sent."""
    try:
        return True, _resolve(function)(task)
    except BenchError as error:
        return False, error
    except Exception as error:
        error.add_note("In a worker process:\n" + traceback.format_exc())
        return False, error


def _resolve(function: Work | str) -> Work:
    if not isinstance(function, str):
        return function
    module, attribute = function.split(":")
    return getattr(import_module(module), attribute)


@contextmanager
def _ctrl_c_is_for_the_parent() -> Iterator[None]:
    # A terminal sends Ctrl-C to the children too. A blocked signal stays blocked in what is started
    # meanwhile, so that a child that is still importing does not answer with a traceback.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
