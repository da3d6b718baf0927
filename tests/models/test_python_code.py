"""`py:`: only when it is trusted, in its own process, within its limits and off the network."""

import os
import socket
from pathlib import Path

import numpy as np
import pytest

from bench.core.errors import BenchError, DataError, UsageError
from bench.core.model_ref import ModelRef
from bench.models.classifier import Classifier, softmax
from bench.models.code_process import without_network
from bench.models.door import open_model
from bench.models.setting import Setting
from tests.models.small_models import SAID, classes, normalised, pictures

CODE = """
import os, socket, time
import numpy as np

SAID = {said!r}
WEIGHTS = np.arange(3 * 16 * 16 * 10, dtype=np.float32).reshape(-1, 10) % 7 / 100

def build():
    print("text that is no answer")
    return SAID, lambda images: images.reshape(len(images), -1) @ WEIGHTS

def nan():
    return SAID, lambda images: np.full((len(images), 10), np.nan)

def seven():
    return SAID, lambda images: np.zeros((len(images), 7))

def bare():
    return dict(), None

def greedy():
    return SAID, lambda images: np.ones((2**30, 8))

def slow():
    return SAID, lambda images: time.sleep(60)

def quits():
    return SAID, lambda images: os._exit(7)

def calls_home():
    socket.create_connection(("127.0.0.1", PORT), timeout=5)
    return build()
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "own_model.py").write_text(CODE.format(said=SAID))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def opened(function: str, tmp_path: Path, *, trust_code: bool = True) -> Classifier:
    ref = ModelRef.parse(f"py:own_model:{function}")
    return open_model(ref, Setting(classes(10), tmp_path, device="cpu", trust_code=trust_code))


def refusal(function: str, tmp_path: Path, kind: type[BenchError] = DataError) -> str:
    with pytest.raises(kind) as caught:
        opened(function, tmp_path).probabilities(pictures(1))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_it_answers_what_its_code_answers_whatever_the_batch(here: Path) -> None:
    model, images = opened("build", here), pictures()
    weights = np.arange(3 * 16 * 16 * 10, dtype=np.float32).reshape(-1, 10) % 7 / 100
    expected = softmax(normalised(images).numpy().reshape(5, -1) @ weights)
    whole = model.probabilities(images)
    assert np.allclose(whole, expected, atol=1e-5)
    assert np.array_equal(model.probabilities(images[::-1]), whole[::-1])
    assert model.preprocessing["size"] == 16


def test_it_runs_only_when_it_is_trusted(here: Path) -> None:
    (here / "own_model.py").write_text("open('ran', 'w')")
    with pytest.raises(UsageError, match="add --trust-code"):
        opened("build", here, trust_code=False)
    assert not (here / "ran").exists()


def test_whatever_it_does_is_one_line(here: Path) -> None:
    assert "a score is not a finite number" in refusal("nan", here)
    assert "answers for 7 classes, the track has 10" in refusal("seven", here)
    assert "does not say how its input is prepared" in refusal("bare", here, UsageError)
    assert "AttributeError" in refusal("absent", here)
    assert "its process died (exit status 7)" in refusal("quits", here)


def test_memory_and_time_are_limited(here: Path) -> None:
    assert "MemoryError" in refusal("greedy?memory=1", here)
    assert "no answer in 2 seconds, stopped" in refusal("slow?seconds=2", here)


def test_it_reaches_no_network(here: Path) -> None:
    if os.fork() == 0:
        os._exit(0 if without_network() else 1)
    if os.wait()[1] != 0:
        pytest.skip("this system lets nobody leave the network")
    with socket.create_server(("127.0.0.1", 0)) as server:
        text = (here / "own_model.py").read_text().replace("PORT", str(server.getsockname()[1]))
        (here / "own_model.py").write_text(text)
        assert "OSError: [Errno 101] Network is unreachable" in refusal("calls_home", here)
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()
