import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.core.errors import BenchError, UsageError
from bench.engines import ABOUT, ENGINES
from bench.engines.local import default_workers, meanwhile, run


@pytest.mark.parametrize("workers", [1, 2])
def test_every_task_is_done_once(workers):
    assert sorted(run("math:factorial", range(8), workers=workers)) == [1, 1, 2, 6, 24, 120, 720, 5040]


def test_no_tasks_start_nothing():
    assert list(run("no_such_module:f", [], workers=2)) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_a_known_error_comes_through_as_it_is(workers):
    with pytest.raises(UsageError, match=r"unknown prompt bank '[xy]'"):
        list(run("bench.sources.prompt_banks:prompt_bank", ["x", "y"], workers=workers))


def test_an_unknown_error_says_where_in_the_worker():
    with pytest.raises(ValueError, match="factorial") as caught:
        list(run("math:factorial", [-1, -2], workers=2))
    assert "In a worker process" in caught.value.__notes__[0]


def test_a_worker_that_dies_is_one_line():
    with pytest.raises(BenchError, match=r"a worker process died .exit status 9") as caught:
        list(run("os:_exit", [9, 9], workers=2))
    assert "\n" not in str(caught.value)


def test_a_process_works_meanwhile_and_ends_with_the_block():
    with meanwhile("math:factorial", 5) as answer:
        assert answer() == 120
    start = time.monotonic()
    with meanwhile("time:sleep", 60):
        pass
    assert time.monotonic() - start < 30


def test_what_fails_meanwhile_is_raised_by_the_answer():
    with meanwhile("bench.sources.prompt_banks:prompt_bank", "x") as answer, pytest.raises(UsageError, match="unknown"):
        answer()
    with meanwhile("os:_exit", 9) as answer, pytest.raises(BenchError, match=r"a worker process died .exit status 9"):
        answer()


def test_no_worker_outlives_a_killed_caller():
    script = "from bench.engines.local import run\nprint('go', flush=True)\n"
    script += "for _ in run('time:sleep', [0.3] * 100, workers=2): print('done', flush=True)"
    caller = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    while caller.stdout.readline() != "done\n":
        pass
    children = Path(f"/proc/{caller.pid}/task/{caller.pid}/children").read_text().split()
    os.kill(caller.pid, signal.SIGKILL)
    caller.communicate()
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{child}").exists() for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(children) >= 2
    assert not [child for child in children if Path(f"/proc/{child}").exists()]


def test_workers_by_default():
    assert default_workers("cuda") == 1
    assert default_workers("cpu") == len(os.sched_getaffinity(0))
    assert set(ABOUT) == set(ENGINES)
