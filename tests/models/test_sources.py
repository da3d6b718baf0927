"""Every source that reads a file: it agrees with its library, whatever the batch; every fault is one line."""

from pathlib import Path

import numpy as np
import pytest

from bench.core.errors import BenchError, DataError, UsageError
from bench.core.model_ref import ModelRef
from bench.models.classifier import Classifier, softmax
from bench.models.door import open_model
from bench.models.setting import Setting
from tests.models.small_models import KINDS, Built, classes, pictures

# transformers resizes tensors, others PIL images: a level of 255 here and there.
TOLERANCE = {"hf": 2e-3}


def opened(built: Built, tmp_path: Path, *, count: int | None = None, **options) -> Classifier:
    setting = Setting(classes(count or built.classes), tmp_path, device="cpu", backend="torch", **options)
    return open_model(ModelRef.parse(built.ref), setting)


def refusal(built: Built, tmp_path: Path, **options) -> str:
    with pytest.raises(DataError) as caught:
        opened(built, tmp_path, **options).probabilities(pictures(1))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    if request.param == "onnx":
        pytest.importorskip("onnxruntime")
        pytest.importorskip("onnx")
    return request.param


def test_it_agrees_with_its_library_whatever_the_batch(kind: str, tmp_path: Path) -> None:
    built, images = KINDS[kind](tmp_path), pictures()
    model = opened(built, tmp_path)
    whole = model.probabilities(images, workers=1)
    assert np.allclose(whole, softmax(built.direct(images).astype(np.float64)), atol=TOLERANCE.get(kind, 2e-6))
    assert np.array_equal(model.probabilities(images[::-1], workers=2), whole[::-1])
    assert np.array_equal(model.probabilities(images[2:3]), whole[2:3])
    other = opened(built, tmp_path, batch=3).probabilities(images)
    assert np.allclose(other, whole, atol=1e-6)
    assert (other.argmax(axis=1) == whole.argmax(axis=1)).all()
    assert model.weights.startswith("sha256:")
    assert model.preprocessing["size"] in (16, 32, 160, 224)


def test_a_truncated_file_is_one_line(kind: str, tmp_path: Path) -> None:
    built = KINDS[kind](tmp_path)
    whole = built.file.read_bytes()
    for cut in (len(whole) // 2, 10):
        built.file.write_bytes(whole[:cut])
        assert str(built.file) in refusal(built, tmp_path)
    built.file.unlink()
    with pytest.raises(BenchError, match=r"no such file|has no "):
        opened(built, tmp_path)


def test_another_number_of_classes_is_one_line(kind: str, tmp_path: Path) -> None:
    if kind == "openclip":
        pytest.skip("a zero-shot model answers for any classes")
    text = refusal(KINDS[kind](tmp_path, count=7), tmp_path)
    assert "answer" in text
    assert "7 classes, the track has 10" in text


def test_weights_that_are_not_numbers_are_one_line(kind: str, tmp_path: Path) -> None:
    assert "not finite" in refusal(KINDS[kind](tmp_path, spoil=True), tmp_path) or kind == "onnx"


UNKNOWN = [
    ("timm:resnet18.a1_in1", "did you mean"),
    (
        "openclip:ViT-B-23/laion2b_s34b_b79k",
        "unknown pretrained model of open_clip 'ViT-B-23/laion2b_s34b_b79k': did you",
    ),
    ("openclip:ViT-B-23?file=x.safetensors", "no such file"),
    ("torchvision:resnet500/IMAGENET1K_V1", "unknown classifier of torchvision 'resnet500': did you mean"),
    ("torchvision:resnet50/IMAGENET1K_V3", "unknown weights of resnet50 'IMAGENET1K_V3': did you mean"),
    ("torchvision:resnet50/IMAGENET1K_V2?size=3", "unknown option 'size'"),
    ("package:efficientnet_lite9", "unknown packaged model 'efficientnet_lite9': did you mean"),
    ("sklearn:model.pkl", "expected a .skops file, got '.pkl'; pickles (.pkl, .joblib) can run code"),
]


@pytest.mark.parametrize(("ref", "text"), UNKNOWN, ids=[ref for ref, _ in UNKNOWN])
def test_an_unknown_name_is_one_line_with_the_nearest(ref: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(BenchError) as caught:
        open_model(ModelRef.parse(ref), Setting(classes(1000), tmp_path))
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("ref", ["timm:resnet18.a1_in1k", "openclip:ViT-B-32/laion2b_s34b_b79k", "hf:org/absent"])
def test_weights_that_a_hub_has_are_not_asked_for_offline(ref: str, tmp_path: Path, monkeypatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(
        DataError, match="is not here and --offline forbids to fetch it; go online once, or give a copy"
    ):
        open_model(ModelRef.parse(ref), Setting(classes(1000), tmp_path))


def test_a_folder_that_does_not_say_how_its_input_is_prepared(tmp_path: Path) -> None:
    built = KINDS["hf"](tmp_path)
    (tmp_path / "preprocessor_config.json").unlink()
    with pytest.raises(
        UsageError, match=r"does not say how its input is prepared: .*preprocessor_config\.json is not there"
    ):
        opened(built, tmp_path)


def test_text_features_are_made_once(tmp_path: Path) -> None:
    built, made = KINDS["openclip"](tmp_path), []

    def keep(key, make):
        made.append(key)
        return make()

    whole = opened(built, tmp_path).probabilities(pictures(2))
    assert np.array_equal(opened(built, tmp_path, keep=keep).probabilities(pictures(2)), whole)
    features = np.eye(10, 16, dtype=np.float32)
    other = opened(built, tmp_path, keep=lambda key, make: features)
    assert not np.allclose(other.probabilities(pictures(2)), whole)
    assert len(made) == 1
    assert made[0].startswith("text-")
