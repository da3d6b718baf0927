"""The record of one comparison, and the clock."""

import platform
import resource
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from bench.core.record import Record
from bench.engines.local import default_workers

Clock = Callable[[Callable[[], object]], float]
LIBRARIES = ("torch", "diffusers", "numpy", "pyarrow", "pillow")


class Comparison(Record):
    """Ours against a peer in `unit`; `ratio` above 1 means that ours is faster, or needs less memory.

    `limit_share` is the share of what the hardware could do, where that is known.
    """

    name: str
    ours: float
    peer: float
    unit: str
    ratio: float
    limit_share: float | None
    machine: str
    versions: dict[str, str]

    def __str__(self) -> str:
        share = "" if self.limit_share is None else f"  {self.limit_share:.0%} of the limit"
        sides = f"ours {self.ours:10.2f}  peer {self.peer:10.2f} {self.unit:<10}"
        return f"{self.name:<28} {sides} ratio {self.ratio:6.2f}{share}"


def comparison(name: str, *, ours: float, peer: float, unit: str, less_is_better: bool = False) -> Comparison:
    """A comparison on this machine, rounded for reading."""
    return Comparison(
        name=name,
        ours=round(ours, 3),
        peer=round(peer, 3),
        unit=unit,
        ratio=round(peer / ours if less_is_better else ours / peer, 3),
        limit_share=None,
        machine=f"{platform.processor() or platform.machine()}, {default_workers('cpu')} threads",
        versions={one: version(one) for one in LIBRARIES},
    )


def seconds(run: Callable[[], object]) -> float:
    """How long `run()` takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def cpu_seconds(run: Callable[[], object]) -> float:
    """How much of one core `run()` takes, which other work on a busy machine changes little."""
    start = time.process_time()
    run()
    return time.process_time() - start


def in_turn(
    ours: Callable[[], object], peer: Callable[[], object], *, rounds: int = 3, clock: Clock = seconds
) -> tuple[float, float]:
    """The least seconds of each of two things that are done in turn, so that a busy machine hits both alike."""
    times = [(clock(ours), clock(peer)) for _ in range(rounds)]
    return min(one for one, _ in times), min(other for _, other in times)


def peak_megabytes() -> float:
    """The most memory that this process held, in MB."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1e3
    except OSError:
        # Not Linux, where a process's own account would begin with the peak of the one that started it.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
