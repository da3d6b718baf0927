"""A real, small model of each kind, with its library's own answer to compare ours with."""

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from bench.core.classes import ClassName
from bench.models.preprocessing import Preprocessing

HALF = (0.5, 0.5, 0.5)
SMALL = Preprocessing("RGB", 16, HALF, HALF, "bilinear", resize=18)
SAID = SMALL.said


@dataclass(frozen=True)
class Built:
    """`ref` opens the model; `direct(images)`: scores of its library; `file`: its weights; `classes`: how many."""

    ref: str
    direct: Callable[[list[Image.Image]], np.ndarray]
    file: Path
    classes: int = 10


def classes(count: int) -> tuple[ClassName, ...]:
    return tuple(ClassName(id=str(index), name=f"thing {index}") for index in range(count))


def pictures(count: int = 5) -> list[Image.Image]:
    """Noise of several shapes in colour; shorter sides above 32 px, so that every model scales them down."""
    random = np.random.default_rng(0)
    shapes = [(40, 60), (61, 44), (50, 50), (44, 90), (70, 41)]
    return [
        Image.fromarray(random.integers(0, 256, (*shapes[i % 5], 3), dtype=np.uint8)).resize(shapes[i % 5], 2)
        for i in range(count)
    ]


def normalised(images: list[Image.Image]) -> torch.Tensor:
    """SMALL, written with torchvision."""
    from torchvision import transforms as T

    steps = T.Compose([T.Resize(18), T.CenterCrop(16), T.ToTensor(), T.Normalize(HALF, HALF)])
    return torch.stack([steps(image) for image in images])


def convnet(count: int, *, spoil: bool) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Sequential(
            nn.Conv2d(3, 8, 3),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Linear(32, count),
        ).eval()
    spoiled(network, spoil)
    return network


def spoiled(network: nn.Module, spoil: bool) -> None:
    if spoil:
        with torch.no_grad():
            next(iter(network.parameters())).view(-1)[0] = float("nan")


def asked(network: nn.Module) -> Callable[[list[Image.Image]], np.ndarray]:
    return lambda images: run(network, normalised(images))


def run(network: Callable, images: torch.Tensor) -> np.ndarray:
    with torch.inference_mode():
        return network(images).numpy()


def timm_kind(folder: Path, *, spoil: bool = False, count: int = 1000) -> Built:
    import timm
    from safetensors.torch import save_file

    network = timm.create_model("test_resnet.r160_in1k", pretrained=False, num_classes=count).eval()
    spoiled(network, spoil)
    save_file(network.state_dict(), folder / "model.safetensors")
    config = timm.data.resolve_model_data_config(network)
    steps = timm.data.create_transform(**config)
    ref = f"timm:test_resnet.r160_in1k?file={folder}"
    direct = lambda images: run(network, torch.stack([steps(image) for image in images]))  # noqa: E731
    return Built(ref, direct, folder / "model.safetensors", 1000)


def torchvision_kind(folder: Path, *, spoil: bool = False, count: int = 1000) -> Built:
    import torchvision

    weights = torchvision.models.ShuffleNet_V2_X0_5_Weights.IMAGENET1K_V1
    network = torchvision.models.shufflenet_v2_x0_5(num_classes=count).eval()
    spoiled(network, spoil)
    torch.save(network.state_dict(), folder / "shufflenet.pth")
    steps = weights.transforms()
    ref = f"torchvision:shufflenet_v2_x0_5/IMAGENET1K_V1?file={folder / 'shufflenet.pth'}"
    direct = lambda images: run(network, torch.stack([steps(image) for image in images]))  # noqa: E731
    return Built(ref, direct, folder / "shufflenet.pth", 1000)


def hf_kind(folder: Path, *, spoil: bool = False, count: int = 10) -> Built:
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=32,
        patch_size=8,
        num_labels=count,
    )
    network = ViTForImageClassification(config).eval()
    spoiled(network, spoil)
    network.save_pretrained(folder)
    processor = ViTImageProcessor(size={"height": 32, "width": 32}, resample=2)
    processor.save_pretrained(folder)

    def direct(images: list[Image.Image]) -> np.ndarray:
        with torch.inference_mode():
            return network(**processor(images, return_tensors="pt")).logits.numpy()

    return Built(f"hf:{folder}", direct, folder / "model.safetensors")


def open_clip_kind(folder: Path, *, spoil: bool = False, count: int = 10) -> Built:
    import open_clip
    from safetensors.torch import save_file

    config = {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
    }
    (folder / "small-clip.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder / "small-clip.json")
    clip, _, steps = open_clip.create_model_and_transforms("small-clip", pretrained=None)
    clip.eval()
    spoiled(clip, spoil)
    save_file(clip.state_dict(), folder / "clip.safetensors")

    def direct(images: list[Image.Image]) -> np.ndarray:
        names, templates = [item.name for item in classes(count)], open_clip.OPENAI_IMAGENET_TEMPLATES
        with torch.inference_mode():
            rows = open_clip.build_zero_shot_classifier(clip, open_clip.get_tokenizer("small-clip"), names, templates)
            found = clip.encode_image(torch.stack([steps(image) for image in images]), normalize=True)
            return (clip.logit_scale.exp() * found @ rows).numpy()

    return Built(f"openclip:small-clip?file={folder / 'clip.safetensors'}", direct, folder / "clip.safetensors")


def checkpoint_kind(folder: Path, *, spoil: bool = False, count: int = 10) -> Built:
    import timm

    network = timm.create_model("test_efficientnet", num_classes=count).eval()
    spoiled(network, spoil)
    torch.save({"state_dict": network.state_dict(), "epoch": 3}, folder / "own.pth")
    query = "&".join(f"{key}={value}" for key, value in SAID.items())
    return Built(f"checkpoint:{folder / 'own.pth'}?arch=test_efficientnet&{query}", asked(network), folder / "own.pth")


def onnx_kind(folder: Path, *, spoil: bool = False, count: int = 10) -> Built:
    import onnx
    import onnxruntime

    network, path = convnet(count, spoil=spoil), folder / "own.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, (torch.zeros(1, 3, 16, 16),), path, dynamo=False, dynamic_axes={"x": {0: "n"}}, input_names=["x"]
        )
    model = onnx.load(path)
    onnx.helper.set_model_props(model, SAID)
    onnx.save(model, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return Built(f"onnx:{path}", lambda images: session.run(None, {"x": normalised(images).numpy()})[0], path)


def export_kind(folder: Path, *, spoil: bool = False, count: int = 10) -> Built:
    network, path = convnet(count, spoil=spoil), folder / "own.pt2"
    shapes = ({0: torch.export.Dim("n", min=1, max=4096)},)
    program = torch.export.export(network, (torch.zeros(2, 3, 16, 16),), dynamic_shapes=shapes)
    torch.export.save(program, path, extra_files={"imagenet-g.json": json.dumps(SAID)})
    return Built(f"export:{path}", asked(network), path)


KINDS = {
    "timm": timm_kind,
    "torchvision": torchvision_kind,
    "hf": hf_kind,
    "openclip": open_clip_kind,
    "checkpoint": checkpoint_kind,
    "onnx": onnx_kind,
    "export": export_kind,
}
