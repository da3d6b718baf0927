"""Files that would run code, or fill memory or disk: refused before anything is made of them."""

import io
import json
import os
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
import torch

from bench.core.errors import DataError
from bench.core.model_ref import ModelRef
from bench.models import weights_file
from bench.models.exported_check import check_program
from bench.models.setting import Setting
from bench.models.skops_file import METADATA, open_sklearn
from bench.models.weights_file import file_digest, read_state
from bench.sources.image_folder import open_image
from tests.models.small_models import SAID, classes, convnet


class Hostile:
    """Unpickled, it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self):
        return (os.mkdir, (self.path,))


def pickled(value) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def refusal(call, *arguments) -> str:
    with pytest.raises(DataError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_pickle_that_runs_code_is_refused_and_does_not_run(tmp_path: Path) -> None:
    path, ran = tmp_path / "model.pth", tmp_path / "ran"
    path.write_bytes(pickled({"state_dict": {"weight": torch.zeros(2)}, "extra": Hostile(ran)}))
    assert "holds more than tensors, and a pickle can run code" in refusal(read_state, path)
    path.write_bytes(b"cos\nmkdir\n(S'" + str(ran).encode() + b"'\ntR.")
    refusal(read_state, path)
    assert not ran.exists()
    path.write_bytes(pickled([1, 2]))
    assert "expected a state dict (names and tensors), got another list" in refusal(read_state, path)


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "model.safetensors"
    with open(path, "wb") as file:
        file.truncate(weights_file.LARGEST + 1)
    for read in (file_digest, read_state):
        assert "16.0 GiB, expected at most 16" in refusal(read, path)
    packed = tmp_path / "bomb.pth"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", bytes(2**22))
    monkeypatch.setattr(weights_file, "LARGEST", 2**20)
    assert packed.stat().st_size < 2**20
    assert "expected at most" in refusal(read_state, packed)


def test_a_skops_archive_that_unfolds_beyond_the_limit_is_not_unpacked(tmp_path: Path, monkeypatch) -> None:
    path, ref = tmp_path / "bomb.skops", ModelRef.parse(f"sklearn:{tmp_path / 'bomb.skops'}")
    setting = Setting(classes(10), tmp_path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(METADATA, bytes(2**22))
    assert "not a whole model file of ours" in refusal(open_sklearn, ref, setting)
    monkeypatch.setattr(weights_file, "LARGEST", 2**20)
    assert "expected at most" in refusal(open_sklearn, ref, setting)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(METADATA, "[" * 100_000)
    assert "not a whole model file of ours" in refusal(open_sklearn, ref, setting)


def test_an_image_that_unfolds_beyond_the_limit_is_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    for side in (12_000, 60_000):
        # A hundred bytes that claim to be gigabytes of pixels: header, a stump of data, end.
        chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(bytes(99)))]
        chunks.append((b"IEND", b""))
        body = b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
        tracemalloc.start()
        assert str(path) in refusal(open_image, path)
        assert tracemalloc.get_traced_memory()[1] < 2**22
        tracemalloc.stop()


@pytest.fixture(scope="module")
def members(tmp_path_factory) -> dict[str, bytes]:
    """The members of an honest program."""
    path = tmp_path_factory.mktemp("export") / "own.pt2"
    program = torch.export.export(convnet(10, spoil=False), (torch.zeros(2, 3, 16, 16),))
    torch.export.save(program, path, extra_files={"imagenet-g.json": json.dumps(SAID)})
    with zipfile.ZipFile(path) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def packed(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(f"own/{name}", data)
    return path


def edited(members: dict[str, bytes], change) -> dict[str, bytes]:
    graph = json.loads(members["models/model.json"])
    change(graph)
    return members | {"models/model.json": json.dumps(graph).encode()}


def symbol(text: str):
    """A change that makes the text a size of the graph's input."""

    def change(graph) -> None:
        values = graph["graph_module"]["graph"]["tensor_values"]
        next(iter(values.values()))["sizes"][0] = {"as_expr": {"expr_str": text, "hint": {"as_int": 2}}}

    return change


def target(name: str):
    def change(graph) -> None:
        graph["graph_module"]["graph"]["nodes"][0]["target"] = name

    return change


def test_an_honest_program_passes(members, tmp_path: Path) -> None:
    assert json.loads(check_program(packed(tmp_path / "own.pt2", members)) or "") == SAID
    for text in ("Symbol('s31', positive=True, integer=True)", "2*s0 + FloorDiv(s1, 4)"):
        check_program(packed(tmp_path / "own.pt2", edited(members, symbol(text))))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').mkdir('ran')",
        "(1).__class__",
        "Symbol('s1', positive=True).func('x')",
        "9**9**9**9",
        "1" * 40 + "x",
        "lambda: 1",
    ],
)
def test_a_formula_that_is_python_is_refused(text: str, members, tmp_path: Path) -> None:
    assert "it holds the formula" in refusal(check_program, packed(tmp_path / "own.pt2", edited(members, symbol(text))))


@pytest.mark.parametrize(
    "name",
    ["torch.load", "torch.ops.aten.from_file.default", "_operator.methodcaller", "math.exp", "#ext:x", "os.system"],
)
def test_a_call_of_something_else_is_refused(name: str, members, tmp_path: Path) -> None:
    assert f"it calls {name!r}" in refusal(check_program, packed(tmp_path / "own.pt2", edited(members, target(name))))


def test_pickles_and_libraries_inside_are_refused_and_do_not_run(members, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    hostile = pickled(Hostile(ran))
    config = json.loads(members["data/weights/model_weights_config.json"])
    next(iter(config["config"].values()))["use_pickle"] = True
    own_type = json.dumps({"type": "os.system", "context": "null", "children_spec": []})

    def spec(graph) -> None:
        graph["graph_module"]["module_call_graph"][0]["signature"]["in_spec"] = f"[1, {own_type}]"

    for change, why in (
        ({"data/sample_inputs/model.pt": hostile}, "its example inputs are more than tensors"),
        ({"data/weights/model_weights_config.json": json.dumps(config).encode()}, "is a pickle"),
        ({"data/weights/model.pt": hostile}, "is not weights, graph or text"),
        ({"data/constants/opaque_obj_0": hostile}, "is not weights, graph or text"),
        ({"data/aotinductor/model/model.so": b"\x7fELF"}, "is not weights, graph or text"),
        (edited(members, spec), "it brings the type 'os.system'"),
    ):
        assert why in refusal(check_program, packed(tmp_path / "own.pt2", members | change))
    assert not ran.exists()
    packed(tmp_path / "own.pt2", {name: data for name, data in members.items() if name != "models/model.json"})
    assert "not a whole program of torch.export" in refusal(check_program, tmp_path / "own.pt2")
