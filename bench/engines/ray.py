"""Work on a Ray cluster: the same contract as `bench.engines.local`, any number of nodes.

Functions and tasks travel to the nodes and results travel back through Ray's object store, so that no disk is
shared. Every node needs this package in the versions of the caller: installed, or the same checkout at the same path.
"""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

from bench.core.errors import BenchError, UsageError
from bench.engines.local import Work, attempt, default_workers

# How often a task is begun anew when the node or the process that worked on it is gone.
RETRIES = 5
ANSWER_SECONDS = 10


def run(function: Work | str, tasks: Sequence[Any], *, workers: int | None = 1, device: str = "cpu") -> Iterator[Any]:
    """`function(task)` for each task, yielded as they complete, in no fixed order.

    `function`: of the top level of a module, or `"module:attribute"`. At most `workers` tasks are at work or
    waiting to be taken (None: twice what the cluster has room for), so that memory does not grow with their number.
    A task whose node dies is begun anew on another. An error in a task ends the run and is raised here.
    """
    if not tasks:
        return
    with _cluster(workers) as ray:
        place = {"num_cpus": 1} if device == "cpu" else {"num_cpus": 1, "num_gpus": 1}
        # Spread, since Ray would fill the first node, and its memory, before it asks another.
        work = ray.remote(**place, max_retries=RETRIES, scheduling_strategy="SPREAD")(attempt)
        room = int(ray.cluster_resources().get("CPU" if device == "cpu" else "GPU", 1))
        left = (work.remote(function, task) for task in tasks)
        busy = list(islice(left, workers or 2 * max(1, room)))
        try:
            while busy:
                done, busy = ray.wait(busy)
                busy += islice(left, len(done))
                yield _result(ray, done[0])
        finally:
            for one in busy:
                ray.cancel(one, force=True)


def why_not() -> str | None:
    """Why this engine cannot be used here, if it cannot."""
    return None if find_spec("ray") else "the package ray is not installed; pip install 'imagenet-g-bench[ray]'"


def _result(ray: ModuleType, one: Any) -> Any:
    try:
        done, value = ray.get(one)
    except ray.exceptions.RayError as error:
        raise BenchError(
            f"a Ray task was lost {RETRIES + 1} times ({type(error).__name__}; a node died, or out of memory?);"
            " what is finished is kept, run the same command again"
        ) from None
    if not done:
        raise value
    return value


@contextmanager
def _cluster(workers: int | None) -> Iterator[ModuleType]:
    """Ray, connected: to the cluster of RAY_ADDRESS, else one that runs here, else one of our own."""
    reason = why_not()
    if reason:
        raise UsageError(f"engine ray: {reason}")
    _check_answers(os.environ.get("RAY_ADDRESS", ""))
    # Nothing is sent to anybody, and accelerators are left as they are.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray

    if ray.is_initialized():
        # The caller's connection, which stays the caller's.
        yield ray
        return
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]))
    options = {
        "log_to_driver": False,
        "logging_level": "ERROR",
        "runtime_env": {"env_vars": {"PYTHONPATH": path}},
    }
    folder = _connect(ray, workers, options)
    try:
        yield ray
    finally:
        ray.shutdown()
        if folder:
            del os.environ["RAY_TMPDIR"]
            shutil.rmtree(folder, ignore_errors=True)


def _check_answers(address: str) -> None:
    """BenchError where nobody listens at `[ray://]host:port`; Ray itself would go on asking for minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not (host and port.isdecimal()):
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _nobody(address, str(error)) from None


def _nobody(address: str, why: str) -> BenchError:
    return BenchError(
        f"no Ray cluster answers at RAY_ADDRESS={address} ({(why.splitlines() or [''])[0][:100]});"
        " start one: ray start --head"
    )


def _connect(ray: ModuleType, workers: int | None, options: dict[str, Any]) -> str | None:
    """Connect; the folder of a cluster that was started for this run, which goes with it."""
    address = os.environ.get("RAY_ADDRESS")
    try:
        ray.init(address=address or "auto", **options)
        return None
    except (ConnectionError, RuntimeError, ValueError) as error:
        if address:
            raise _nobody(address, str(error)) from None
    # Short, because Ray's sockets lie below it and their names may have 107 characters.
    os.environ["RAY_TMPDIR"] = folder = tempfile.mkdtemp(prefix="ray-")
    ray.init(address="local", num_cpus=workers or default_workers("cpu"), include_dashboard=False, **options)
    return folder
