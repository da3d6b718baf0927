"""The rooms table of the architecture, read off the source: who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHELVES = ("sources", "synthesis", "filters", "augment", "models", "training", "metrics", "reports", "store", "engines")
MAY_IMPORT = {
    "core": set(),
    **{shelf: {"core"} for shelf in SHELVES},
    "pipelines": {"core", *SHELVES},
    "cli": {"core", "pipelines"},
}
SENTENCES = {
    "core": "**The nouns**",
    "sources": "**The real world**",
    "synthesis": "**The makers**",
    "filters": "**The gate**",
    "augment": "**The mixers**",
    "models": "**The contestants**",
    "training": "**The gym**",
    "metrics": "**The yardsticks**",
    "reports": "**The presses**",
    "store": "**The disk**",
    "engines": "**The hands**",
    "pipelines": "**The verbs**",
    "cli": "**The door**",
}


def room(path: Path) -> str:
    """The folder under bench/ that a file stands in, or its stem where it stands in bench/ itself."""
    parts = path.relative_to(ROOT / "bench").parts
    return parts[0] if len(parts) > 1 else path.stem


def imported_rooms(source: str) -> set[tuple[str, int]]:
    """(room, line) of every `bench.…` import, at the top or inside functions, and of `"bench.x:y"` strings."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}: write it in full"
            names = [f"{node.module}.{alias.name}" if node.module == "bench" else node.module for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("bench."):
            names = [node.value.split(":")[0]] if ":" in node.value else []
        for name in names:
            parts = (name or "").split(".")
            if parts[0] == "bench" and len(parts) > 1 and not parts[1].startswith("__"):
                found.add((parts[1], node.lineno))
    return found


def breaks(path: Path, source: str) -> list[str]:
    here = room(path)
    allowed = MAY_IMPORT.get(here, set()) | {here}
    return [
        f"{path.relative_to(ROOT)}:{line} imports bench.{other}; {here} may import {', '.join(sorted(allowed))}"
        for other, line in sorted(imported_rooms(source))
        if other not in allowed
    ]


def test_no_arrow_between_shelves():
    files = [path for path in (ROOT / "bench").rglob("*.py") if path.parent != ROOT / "bench"]
    assert len(files) > 30
    broken = [line for path in files for line in breaks(path, path.read_text())]
    assert not broken, "\n".join(broken)


def test_the_check_names_an_import_that_breaks_the_table():
    path = ROOT / "bench" / "metrics" / "planted.py"
    assert breaks(path, "def f():\n    from bench.store.atomic import write_bytes") == [
        "bench/metrics/planted.py:2 imports bench.store; metrics may import core, metrics"
    ]
    assert breaks(path, 'SHELF = {"x": "bench.models.run:open"}')
    assert not breaks(path, "from bench.core.errors import DataError\nfrom bench import __version__")


@pytest.mark.parametrize("shelf", sorted(SENTENCES))
def test_every_room_opens_with_its_sentence(shelf):
    first = (ROOT / "bench" / shelf / "__init__.py").read_text().splitlines()[0]
    assert first.startswith(f'"""{SENTENCES[shelf]}')


def test_core_and_help_import_nothing_heavy():
    heavy = {"torch", "pyarrow", "diffusers", "wilds"}
    code = (
        "import sys, pkgutil, importlib, bench.core, bench.cli\n"
        "for one in pkgutil.iter_modules(bench.core.__path__): importlib.import_module('bench.core.' + one.name)\n"
        f"sys.exit(', '.join({heavy} & set(sys.modules)))"
    )
    assert not subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stderr.strip()


def test_core_touches_no_files():
    for path in (ROOT / "bench" / "core").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            assert called != "open", f"{path}:{node.lineno} opens a file"


def test_data_folders_hold_no_python():
    assert not list((ROOT / "datasets").rglob("*.py"))
    assert not list((ROOT / "leaderboards").rglob("*.py"))


def test_no_drawer_for_odds_and_ends():
    names = {path.stem for path in (ROOT / "bench").rglob("*")}
    assert not names & {"utils", "util", "helpers", "common", "misc"}
