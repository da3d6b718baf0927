"""`predict` in processes of its own: killed in mid-run, beside another one, and on a Ray cluster."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from sklearn.tree import DecisionTreeClassifier

from bench.core.errors import BenchError
from bench.pipelines.scoring import answering
from bench.pipelines.scoring.predict import Means, predict
from bench.pipelines.track_files import load_track
from bench.store.atomic import lock_folder
from bench.training.scikit import pack_estimator
from tests.trees import plant

ROOT = Path(__file__).parents[2]
BLOCK, THREADS, IMAGES = 8, 2, 80
SAID = {"classes": json.dumps([str(i) for i in range(10)]), "mode": "L", "size": "8", "mean": "0", "std": "1"}
# Slow to read, and it says what it reads: a block takes about a quarter of a second.
SCRIPT = """
import sys, time
from pathlib import Path
from bench.pipelines.scoring import answering
from bench.pipelines.scoring.predict import Means, predict
from bench.pipelines.track_files import load_track

answering.BLOCK = int(sys.argv[4])
read = answering._read

def slowly(images, row):
    time.sleep(0.03)
    print(images.ids[row], flush=True)
    return read(images, row)

answering._read = slowly
means = Means(batch=4, workers=int(sys.argv[5]))
predict([sys.argv[1]], load_track(sys.argv[2]), data_root=Path(sys.argv[3]), means=means, quiet=True)
"""


@pytest.fixture
def asked(tmp_path: Path) -> tuple[str, str]:
    """A model in a file, and a track on 80 images in ten folders."""
    random = np.random.default_rng(0)
    tree = DecisionTreeClassifier(max_depth=6, random_state=0).fit(random.random((200, 64)), np.arange(200) % 10)
    path = tmp_path / "model.skops"
    path.write_bytes(pack_estimator(tree, SAID | {"interpolation": "bilinear"}))
    plant(tmp_path / "a", [str(i) for i in range(10)], per_folder=IMAGES // 10)
    said = {"name": "own", "classes": "digits", "in_distribution": "a", "headline": {"sets": ["a"]}}
    (tmp_path / "own.yaml").write_text(
        yaml.safe_dump(said | {"sets": {"a": {"folder": str(tmp_path / "a"), "map": "index"}}})
    )
    return f"sklearn:{path}", str(tmp_path / "own.yaml")


def start(asked: tuple[str, str], root: Path) -> subprocess.Popen:
    words = [sys.executable, "-c", SCRIPT, *asked, str(root), str(BLOCK), str(THREADS)]
    return subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )


def blocks(root: Path) -> list[Path]:
    return sorted(root.rglob("*.unfinished/[0-9]*.parquet"))


def test_a_kill_loses_at_most_one_block(asked: tuple[str, str], tmp_path: Path, monkeypatch) -> None:
    model, track = asked[0], load_track(asked[1])
    process = start(asked, tmp_path / "killed")
    while len(blocks(tmp_path / "killed")) < 3:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    seen = process.communicate()[0].split()
    kept = len(blocks(tmp_path / "killed"))
    assert 3 <= kept < IMAGES // BLOCK
    # Beside the block that was under way, threads may have looked ahead at what comes next.
    assert len(seen) - kept * BLOCK <= BLOCK + (2 * THREADS + 1) * 4

    monkeypatch.setattr(answering, "BLOCK", BLOCK)
    read, again = answering._read, []
    monkeypatch.setattr(answering, "_read", lambda images, row: again.append(images.ids[row]) or read(images, row))
    means = Means(batch=4, workers=THREADS)
    (resumed,) = predict([model], track, data_root=tmp_path / "killed", means=means, quiet=True)
    assert len(again) == len(set(again)) == IMAGES - kept * BLOCK
    (whole,) = predict([model], track, data_root=tmp_path / "undisturbed", means=means, quiet=True)
    assert resumed.read_bytes() == whole.read_bytes()
    assert [path.name for path in resumed.parent.iterdir()] == [resumed.name]


def test_two_processes_on_one_model_and_set(asked: tuple[str, str], tmp_path: Path) -> None:
    model, track = asked[0], load_track(asked[1])
    (whole,) = predict([model, model], track, data_root=tmp_path, quiet=True)
    before = whole.read_bytes()
    whole.unlink()
    with (
        lock_folder(whole.with_suffix(".unfinished")),
        pytest.raises(BenchError, match=r"\.unfinished is being written by process \d+ on .*; wait for it"),
    ):
        predict([model], track, data_root=tmp_path, quiet=True)
    (again,) = predict([model], track, data_root=tmp_path, quiet=True)
    assert again.read_bytes() == before


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the package ray is not installed")
def test_a_ray_cluster_gives_the_same_bytes(asked: tuple[str, str], tmp_path: Path) -> None:
    model, track = asked
    found = {}
    for engine in ("local", "ray"):
        words = ["predict", model, f"{model}?licence=mit", "--track", track, "--engine", engine, "--json", "--quiet"]
        environment = os.environ | {"BENCH_DATA": str(tmp_path / engine), "RAY_USAGE_STATS_ENABLED": "0"}
        run = [sys.executable, "run_bench.py", *words]
        told = subprocess.run(run, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
        found[engine] = [Path(path).read_bytes() for path in json.loads(told)]
    assert len(found["local"]) == 2
    assert found["ray"] == found["local"]
