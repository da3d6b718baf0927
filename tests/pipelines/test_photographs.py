"""Real ImageNet weights on real photographs: the accuracies that are known, by every way that leads to a card."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from bench.models.package import PACKAGES, packaged_network
from bench.pipelines.scoring.score import score
from bench.pipelines.scoring.submit import submit
from bench.pipelines.track_files import load_track

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT.parent / "shared" / "data" / "imagenet-sample" / "val"
KNOWN = {"efficientnet_lite0": 0.872, "efficientnet_lite1": 0.885, "efficientnet_lite2": 0.879}
HALF = (0.5, 0.5, 0.5)
# Folder -> ImageNet classes; between them 40 of the 1,000 classes, in groups as art collections have them.
GROUPS = {"dog": {"range": [151, 170]}, "bird": list(range(7, 25)), "guitar": [402, 546]}

needs_photographs = pytest.mark.skipif(not SAMPLE.is_dir(), reason=f"no photographs in {SAMPLE}")


@pytest.fixture(autouse=True)
def _weights() -> None:
    for packaged in PACKAGES.values():
        pytest.importorskip(packaged.module)


def track_file(folder: Path, **sets) -> str:
    said = {"name": "sample", "classes": "imagenet-1k", "in_distribution": "photo", "headline": {"sets": ["photo"]}}
    (folder / "sample.yaml").write_text(yaml.safe_dump(said | {"sets": sets}, sort_keys=False))
    return str(folder / "sample.yaml")


def command(*words: str) -> str:
    """What a user types, and what stands on stdout."""
    run = [sys.executable, "run_bench.py", *words, "--offline", "--quiet"]
    return subprocess.run(run, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


@pytest.mark.slow
@needs_photographs
def test_the_known_accuracies_by_submit_and_by_predict_and_score(tmp_path: Path) -> None:
    track = track_file(tmp_path, photo={"folder": str(SAMPLE), "map": "wnid"})
    places = ["--track", track, "--data-root", str(tmp_path / "data")]
    models = [f"package:{name}" for name in KNOWN]
    cards = json.loads(command("submit", *models, *places, "--board-dir", str(tmp_path / "boards"), "--json"))
    for card, (name, known) in zip(cards, KNOWN.items(), strict=True):
        assert (card["model"], card["state"]) == (f"package:{name}", "listed")
        assert card["sets"]["photo"]["n"] == 1000
        assert card["sets"]["photo"]["top1"] == pytest.approx(known, abs=0.003)
    places[-1] = str(tmp_path / "afresh")
    files = json.loads(command("predict", models[0], *places, "--json"))
    (again,) = score(files, track=load_track(track), data_root=tmp_path / "afresh")
    assert again.model_dump(mode="json")["sets"] == cards[0]["sets"]
    places[-1] = str(tmp_path / "data")
    files = json.loads(command("predict", *models, *places, "--json"))
    for again, card in zip(score(files, track=load_track(track), data_root=tmp_path / "data"), cards, strict=True):
        assert again.model_dump(mode="json")["sets"] == card["sets"]


def grouped(root: Path) -> dict[str, list[int]]:
    """A tree of links to photographs in the folders of GROUPS, and the classes that are right in each."""
    wnids = sorted(path.name for path in SAMPLE.iterdir())
    found = {
        name: list(range(said["range"][0], said["range"][1] + 1)) if isinstance(said, dict) else said
        for name, said in GROUPS.items()
    }
    for name, classes in found.items():
        (root / name).mkdir(parents=True)
        for one in classes:
            photograph = next((SAMPLE / wnids[one]).iterdir())
            os.symlink(photograph, root / name / photograph.name)
    return found


def logits_by_timm(root: Path) -> tuple[list[str], np.ndarray]:
    """Ids (folder/file, sorted) and float64 logits [n, 1000], with timm and torchvision and nothing of ours."""
    from torchvision import transforms as T

    network = packaged_network(PACKAGES["efficientnet_lite0"], where="test").eval()
    steps = T.Compose(
        [T.Resize(256, T.InterpolationMode.BICUBIC), T.CenterCrop(224), T.ToTensor(), T.Normalize(HALF, HALF)]
    )
    ids = sorted(path.relative_to(root).as_posix() for path in root.glob("*/*"))
    with torch.inference_mode():
        batch = torch.stack([steps(Image.open(root / one).convert("RGB")) for one in ids])
        return ids, network(batch).numpy().astype(np.float64)


@pytest.mark.slow
@needs_photographs
def test_restricted_and_many_to_one_maps_on_photographs_agree_with_numpy(tmp_path: Path) -> None:
    right = grouped(tmp_path / "groups")
    spec = {"folder": "groups", "map": GROUPS}
    track = load_track(track_file(tmp_path, photo=spec, few=spec | {"restrict": True}))
    places = {"data_root": tmp_path, "board_dir": tmp_path / "boards"}
    (card,) = submit(["package:efficientnet_lite0"], track=track, **places, quiet=True)
    ids, logits = logits_by_timm(tmp_path / "groups")
    truth = [right[one.split("/")[0]] for one in ids]
    mapped = sorted(one for classes in right.values() for one in classes)
    masked = np.full_like(logits, -np.inf)
    masked[:, mapped] = logits[:, mapped]
    for name, scores in (("photo", logits), ("few", masked)):
        best = np.argmax(scores, axis=1)
        correct = [int(answer) in classes for answer, classes in zip(best, truth, strict=True)]
        found = card.sets[name]
        assert found.n == len(ids) == 40
        assert found.bits().tolist() == correct
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        odds /= odds.sum(axis=1, keepdims=True)
        likelihood = -np.mean([np.log(row[classes].sum()) for row, classes in zip(odds, truth, strict=True)])
        assert found.nll == pytest.approx(likelihood, rel=5e-3, abs=1e-4)  # logits are kept in float16
    assert card.sets["few"].top1 >= card.sets["photo"].top1
