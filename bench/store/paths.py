"""Where things lie on the disk."""

import os
import re
from pathlib import Path


def data_root(override: Path | str | None = None) -> Path:
    """The folder of everything that is made: `override`, else BENCH_DATA, else the user's cache folder."""
    chosen = override or os.environ.get("BENCH_DATA")
    if chosen:
        return Path(chosen).expanduser().resolve()
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "imagenet-g-bench"


def version_folder(root: Path, name: str, version: str, *, limit: int | None = None) -> Path:
    """`generated/<name>/<version>`; a limited version lies apart, so that it is never taken for the whole."""
    suffix = "" if limit is None else f"-limit{limit}"
    return root / "generated" / name / (version + suffix)


def audit_folder(root: Path, name: str, version: str, *, limit: int | None = None) -> Path:
    """`audits/<name>/<version>`, beside the versions, so that an audit is no part of one."""
    return root / "audits" / name / version_folder(root, name, version, limit=limit).name


def quality_folder(root: Path, images: str, track: str) -> Path:
    """`quality/<images>/<track>`: the report of `images`, NAME@VERSION for one, on a track."""
    return root / "quality" / re.sub(r"[^A-Za-z0-9@._-]+", "-", images).strip("-.") / track


def checkout() -> Path:
    """The folder with `datasets/` and `leaderboards/`: the one that holds the package, else the current one."""
    beside = Path(__file__).resolve().parents[2]
    return beside if (beside / "datasets").is_dir() else Path.cwd()


def datasets_folder() -> Path:
    """Recipes, locks and tracks."""
    return checkout() / "datasets"


def leaderboards_folder() -> Path:
    """Results, and the boards that are rendered from them."""
    return checkout() / "leaderboards"
