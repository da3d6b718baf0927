"""The same digest from a Ray cluster as from this machine, and when one of its nodes dies in mid-run."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bench.core.errors import BenchError, UsageError
from bench.engines.ray import run, why_not
from tests.stub_maker import STUB, write_recipe

ROOT = Path(__file__).parents[2]
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the package ray is not installed")
# A head and a node, each with room for one task. In a process of its own: Ray leaves threads and signal handlers.
SCRIPT = f"""
import json, os, sys, threading, time
from pathlib import Path
import ray
from ray.cluster_utils import Cluster
from bench.core.errors import BenchError
from bench.engines.ray import run
from bench.pipelines.versions.generate import generate
from bench.synthesis import METHODS

METHODS["text-to-image"] = "{STUB}"
reference, root = sys.argv[1], Path(sys.argv[2])
cluster = Cluster(initialize_head=True, head_node_args={{"num_cpus": 1, "include_dashboard": False}})
node = cluster.add_node(num_cpus=1)
cluster.wait_for_nodes()
os.environ["RAY_ADDRESS"] = cluster.address

def make(where, **options):
    return generate(reference, data_root=root / where, engine="ray", quiet=True, **options).content_digest

def kill_the_node():
    while not list((root / "killed").rglob("0*.parquet")):
        time.sleep(0.05)
    cluster.remove_node(node, allow_graceful=False)

said = {{"one": make("one", workers=1)}}
# From here on in one connection, so that workers stay warm.
ray.init(address=cluster.address, log_to_driver=False)
try:
    list(run("bench.sources.prompt_banks:prompt_bank", ["x"]))
except BenchError as error:
    said["error"] = str(error)
said["undisturbed"] = make("undisturbed")
said["nodes"] = len(set(run("tests.stub_maker:ray_node", range(8), workers=None)))
threading.Thread(target=kill_the_node, daemon=True).start()
said["killed"] = make("killed")
said["left"] = len(set(run("tests.stub_maker:ray_node", range(3), workers=None)))
print(json.dumps(said), flush=True)
ray.shutdown()
cluster.shutdown()
"""


@needs_ray
def test_the_same_digest_from_any_number_of_nodes_and_when_one_dies(tmp_path):
    reference = write_recipe(tmp_path / "datasets" / "tiny", batch=50, splits={"train": 430, "val": 3})
    environment = os.environ | {"PYTHONPATH": str(ROOT), "STUB_DELAY": "0.3", "RAY_USAGE_STATS_ENABLED": "0"}
    command = [sys.executable, "-c", SCRIPT, reference, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    script = "import sys\nfrom pathlib import Path\nfrom bench.pipelines.versions.generate import generate\n"
    script += f"from bench.synthesis import METHODS\nMETHODS['text-to-image'] = '{STUB}'\n"
    script += "print(generate(sys.argv[1], data_root=Path(sys.argv[2]), workers=1, quiet=True).content_digest)"
    command = [sys.executable, "-c", script, reference, str(tmp_path / "local")]
    local = subprocess.check_output(command, cwd=ROOT, env=environment | {"STUB_DELAY": "0"}, text=True).strip()
    assert said["undisturbed"] == said["one"] == said["killed"] == local
    assert (said["nodes"], said["left"]) == (2, 1)
    assert said["error"].startswith("unknown prompt bank 'x'")


def test_no_tasks_start_nothing():
    assert list(run("no_such_module:f", [])) == []


@needs_ray
def test_an_address_where_nobody_listens_is_one_line_at_once(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    for said in (address, f"ray://{address}", "127.0.0.1:99999"):
        monkeypatch.setenv("RAY_ADDRESS", said)
        with pytest.raises(BenchError, match=f"no Ray cluster answers at RAY_ADDRESS={said} .*; start one: ray start"):
            list(run("math:factorial", [1]))


def test_without_ray_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("bench.engines.ray.find_spec", lambda name: None)
    assert "pip install" in why_not()
    with pytest.raises(UsageError, match="engine ray: the package ray is not installed; pip install"):
        list(run("math:factorial", [1]))
