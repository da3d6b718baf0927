"""Where a number was made: machine, versions, commit."""

import platform
import subprocess
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench import __version__
from bench.core.score import Environment
from bench.store.paths import checkout


def library_versions(packages: Sequence[str]) -> dict[str, str]:
    """The versions of those of `packages` that are installed."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def environment(versions: dict[str, str]) -> Environment:
    """This machine and this checkout, with the `versions` of the libraries that made the predictions."""
    commit, dirty = _commit(checkout())
    return Environment(
        machine=_machine(),
        versions={**versions, "imagenet-g-bench": __version__, "python": platform.python_version()},
        commit=commit,
        dirty=dirty,
    )


@cache
def _machine() -> str:
    names = [platform.processor(), platform.machine()]
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        names.insert(0, next(line.partition(":")[2].strip() for line in lines if line.startswith("model name")))
    except (OSError, StopIteration):
        pass
    return f"{next(name for name in (*names, 'unknown') if name)}, {platform.system()}"


@cache
def _commit(folder: Path) -> tuple[str | None, bool | None]:
    """Commit and whether tracked files differ from it; None outside a git checkout."""
    if not (folder / ".git").exists():
        return None, None
    try:
        commit = _git(folder, "rev-parse", "HEAD").strip()
        return commit, bool(_git(folder, "status", "--porcelain", "--untracked-files=no").strip())
    except (OSError, subprocess.SubprocessError):
        return None, None


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
