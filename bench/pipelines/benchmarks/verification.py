"""`verify` against hashing the same files and nothing else."""

import hashlib
import tempfile
from pathlib import Path

from bench.engines.local import default_workers
from bench.engines.threads import in_order
from bench.pipelines.benchmarks.cheap import on_the_shelf, write_recipe
from bench.pipelines.benchmarks.comparison import Comparison, comparison, in_turn
from bench.pipelines.generate import generate
from bench.pipelines.verify import verify


def verify_vs_sha256(*, classes: int = 6) -> Comparison:
    """MB/s of `verify`, and of SHA-256 over the same files with as many threads; 300 PNG of 512 x 512 pixels."""
    with tempfile.TemporaryDirectory() as name, on_the_shelf():
        root = Path(name)
        reference = write_recipe(root / "recipes", classes=classes, side=512)
        generate(reference, data_root=root, quiet=True)
        files = sorted(root.rglob("images/**/*.parquet"))
        threads = default_workers("cpu")
        ours, peer = in_turn(
            lambda: verify(reference, data_root=root, workers=threads, quiet=True),
            lambda: list(in_order(_sha256, files, threads=threads)),
            rounds=5,
        )
        megabytes = sum(path.stat().st_size for path in files) / 1e6
    return comparison("verify-vs-sha256", ours=megabytes / ours, peer=megabytes / peer, unit="MB/s")


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
