"""The door of the contestants: answers depend on the image alone; every bad file is one line."""

import json
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file

from bench.core.classes import ClassName
from bench.core.errors import BenchError, DataError, UsageError
from bench.core.model_ref import ModelRef
from bench.models.classifier import Classifier
from bench.models.door import open_model
from bench.models.setting import Setting

CLASSES = tuple(ClassName(id=str(i), name=f"class {i}") for i in range(10))
SAID = {"arch": "test_vit", "mode": "L", "size": "32", "mean": "0.5", "std": "0.5", "interpolation": "bicubic"}


def network(arch: str = "test_vit", classes: int = 10, channels: int = 1) -> torch.nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return timm.create_model(arch, in_chans=channels, num_classes=classes).eval()


def opened(text: str, tmp_path: Path, **options) -> Classifier:
    return open_model(ModelRef.parse(text), Setting(CLASSES, tmp_path, device="cpu", backend="torch", **options))


@pytest.fixture(scope="module")
def images() -> list[Image.Image]:
    random = np.random.default_rng(0)
    return [Image.fromarray(random.integers(0, 256, (32, 32), dtype=np.uint8)) for _ in range(150)]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "ours.safetensors"
    save_file(network().state_dict(), path, metadata=SAID)
    return path


@pytest.mark.parametrize("arch", ["test_vit", "test_resnet"])
def test_answers_do_not_depend_on_batch_size_order_or_workers(arch: str, images, tmp_path: Path) -> None:
    save_file(network(arch).state_dict(), tmp_path / "a.safetensors", metadata=SAID | {"arch": arch})
    model = opened(f"checkpoint:{tmp_path}/a.safetensors", tmp_path)
    whole = model.probabilities(images, workers=1)
    assert whole.shape == (150, 10)
    assert whole.dtype == np.float32
    assert np.array_equal(model.probabilities(images, workers=3), whole)
    singly = np.concatenate([model.probabilities([image]) for image in images[:3]])
    assert np.array_equal(singly, whole[:3])
    pieces = np.concatenate([model.probabilities(images[:100]), model.probabilities(images[100:])])
    assert np.array_equal(pieces, whole)
    order = np.random.default_rng(1).permutation(150)
    assert np.array_equal(model.probabilities([images[i] for i in order], workers=2), whole[order])
    assert model.probabilities([]).shape == (0, 10)


def test_answers_are_those_of_timm(images, checkpoint: Path, tmp_path: Path) -> None:
    pixels = torch.tensor(np.stack([np.asarray(image) for image in images]))[:, None].float() / 255
    with torch.no_grad():
        expected = network()((pixels - 0.5) / 0.5).softmax(dim=1).numpy()
    model = opened(f"checkpoint:{checkpoint}", tmp_path)
    assert np.allclose(model.probabilities(images), expected, atol=1e-5)
    assert model.declaration.parameters == sum(p.numel() for p in network().parameters())
    assert model.preprocessing == {"mode": "L", "size": 32, "mean": "0.5", "std": "0.5", "interpolation": "bicubic"}


def test_threads_are_left_as_they_were(images, checkpoint: Path, tmp_path: Path) -> None:
    before = torch.get_num_threads()
    opened(f"checkpoint:{checkpoint}", tmp_path).probabilities(images[:2])
    assert torch.get_num_threads() == before


def test_options_say_what_the_file_does_not(images, checkpoint: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.safetensors"
    save_file(network().state_dict(), bare)
    query = "&".join(f"{key}={value}" for key, value in SAID.items())
    answers = opened(f"checkpoint:{bare}?{query}", tmp_path).probabilities(images[:4])
    assert np.array_equal(answers, opened(f"checkpoint:{checkpoint}", tmp_path).probabilities(images[:4]))


def one_line(text: str, tmp_path: Path, images) -> tuple[type, str]:
    with pytest.raises(BenchError) as caught:
        opened(text, tmp_path).probabilities(images[:1])
    assert "\n" not in str(caught.value)
    return type(caught.value), str(caught.value)


def test_an_unknown_source_option_or_architecture(images, checkpoint: Path, tmp_path: Path) -> None:
    kind, text = one_line("chekpoint:x.safetensors", tmp_path, images)
    assert kind is UsageError
    assert text.startswith("unknown model source 'chekpoint': did you mean checkpoint")
    kind, text = one_line(f"checkpoint:{checkpoint}?sise=32", tmp_path, images)
    assert kind is UsageError
    assert text.endswith("unknown option 'sise': did you mean size or resize?")
    kind, text = one_line(f"checkpoint:{checkpoint}?arch=test_resnet", tmp_path, images)
    assert kind is UsageError
    assert "the file says arch=test_vit, the option test_resnet" in text
    save_file(network().state_dict(), tmp_path / "b.safetensors", metadata=SAID | {"arch": "test_vitt"})
    kind, text = one_line(f"checkpoint:{tmp_path}/b.safetensors", tmp_path, images)
    assert kind is UsageError
    assert "unknown architecture 'test_vitt': did you mean test_vit" in text


def test_a_file_that_does_not_say_how_its_input_is_prepared(images, tmp_path: Path) -> None:
    save_file(network().state_dict(), tmp_path / "c.safetensors")
    assert one_line(f"checkpoint:{tmp_path}/c.safetensors", tmp_path, images)[1].endswith(
        "which architecture is it? Add ?arch=NAME, a name of timm.list_models()"
    )
    kind, text = one_line(f"checkpoint:{tmp_path}/c.safetensors?arch=test_vit&mode=L", tmp_path, images)
    assert kind is UsageError
    assert "does not say how its input is prepared: missing size, mean, std, interpolation; give it as ?mode=" in text


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("mode=CMYK", "unknown mode 'CMYK': known: L, RGB"),
        ("size=0", "size: expected whole pixels from 1 to 4096, got '0'"),
        ("mean=a", "mean: expected numbers such as 0.5 or 0.485,0.456,0.406, got 'a'"),
        ("mean=nan", "mean: expected numbers such as 0.5 or 0.485,0.456,0.406, got 'nan'"),
        ("std=1,2", "std: expected 1 or 1 numbers, got 2"),
        ("std=0", "std: expected numbers above 0, got '0'"),
        ("interpolation=cubic", "unknown interpolation 'cubic': did you mean bicubic?"),
    ],
)
def test_a_wrong_option(option: str, text: str, images, tmp_path: Path) -> None:
    save_file(network().state_dict(), tmp_path / "c.safetensors")
    key, value = option.split("=")
    query = "&".join(f"{one}={other}" for one, other in (SAID | {key: value}).items())
    assert one_line(f"checkpoint:{tmp_path}/c.safetensors?{query}", tmp_path, images)[1].endswith(text)


def test_weights_of_another_architecture_or_class_count(images, tmp_path: Path) -> None:
    save_file(network("test_resnet").state_dict(), tmp_path / "d.safetensors", metadata=SAID)
    kind, text = one_line(f"checkpoint:{tmp_path}/d.safetensors", tmp_path, images)
    assert kind is DataError
    assert "not the weights of this architecture: " in text
    save_file(network(classes=7).state_dict(), tmp_path / "e.safetensors", metadata=SAID)
    kind, text = one_line(f"checkpoint:{tmp_path}/e.safetensors", tmp_path, images)
    assert kind is DataError
    assert text.endswith("its weights answer for 7 classes, the track has 10")
    said = SAID | {"classes": json.dumps(list("abcdefghij"))}
    save_file(network().state_dict(), tmp_path / "f.safetensors", metadata=said)
    kind, text = one_line(f"checkpoint:{tmp_path}/f.safetensors", tmp_path, images)
    assert kind is DataError
    assert "was trained for 10 classes (a, b…), the track asks for 10 classes (0, 1…)" in text


def test_a_damaged_file_or_damaged_weights(images, checkpoint: Path, tmp_path: Path) -> None:
    assert one_line("checkpoint:/none.safetensors", tmp_path, images) == (DataError, "/none.safetensors: no such file")
    whole = checkpoint.read_bytes()
    for cut in (4, 100, len(whole) - 1):
        checkpoint.write_bytes(whole[:cut])
        kind, text = one_line(f"checkpoint:{checkpoint}", tmp_path, images)
        assert kind is DataError
        assert "not a whole safetensors file" in text
    state = network().state_dict()
    state["head.bias"][3] = float("nan")
    save_file(state, checkpoint, metadata=SAID)
    kind, text = one_line(f"checkpoint:{checkpoint}", tmp_path, images)
    assert kind is DataError
    assert "tensor 'head.bias' holds numbers that are not finite" in text
    save_file(network().state_dict(), checkpoint, metadata=SAID | {"training": "{"})
    assert "the metadata in the file are damaged" in one_line(f"checkpoint:{checkpoint}", tmp_path, images)[1]


def test_another_ending_is_refused_unopened(images, tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"cos\nsystem\n")
    kind, text = one_line(f"checkpoint:{tmp_path}/model.pkl", tmp_path, images)
    assert kind is UsageError
    assert "expected a file that ends in .safetensors or .pt or .pth or .bin, got '.pkl'" in text


def test_an_unknown_run_names_the_nearest(images, tmp_path: Path) -> None:
    (tmp_path / "runs" / "digits-a-real-s0-12345678").mkdir(parents=True)
    (tmp_path / "runs" / "digits-a-real-s0-12345678" / "run.json").write_text("{}")
    kind, text = one_line("run:digits-a-real-s0-12345679", tmp_path, images)
    assert kind is UsageError
    assert text.endswith("did you mean digits-a-real-s0-12345678?")
    kind, text = one_line("run:digits-a-real-s0-12345678", tmp_path, images)
    assert kind is DataError
    assert "has no model.safetensors or model.skops" in text
    assert "a run takes no options" in one_line("run:x?arch=y", tmp_path, images)[1]
