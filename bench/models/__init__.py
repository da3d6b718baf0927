"""**The contestants**: one file for each place a model can come from."""

MODEL_SOURCES = {
    "run": "bench.models.run:open_run",
    "checkpoint": "bench.models.checkpoint:open_checkpoint",
}
"""Name -> `function(ref, *, classes, device, data_root) -> Classifier`; cheap: weights load on first use."""

ABOUT = {
    "run": "run:ID, a classifier trained here with `train`",
    "checkpoint": "checkpoint:FILE.safetensors?arch=NAME, weights of a timm architecture from anywhere",
}

EXTRACTORS = {
    "oracle": "bench.models.features_oracle:open_features",
    "inception": "bench.models.features_inception:open_features",
    "timm": "bench.models.features_timm:open_timm",
    "package": "bench.models.features_timm:open_package",
    "openclip": "bench.models.features_openclip:open_features",
}
"""Name -> `function(ref, *, device, data_root) -> Extractor`: features for distribution metrics."""
