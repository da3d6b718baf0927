"""Miniature copies of iWildCam, PovertyMap and GlobalWheat, in the exact layouts that the `wilds` package reads."""

import csv
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.sources.wilds_package import wilds_package

# Found, not imported: at import the package would ask the network for its latest version.
NEEDED = pytest.mark.skipif(find_spec("wilds") is None, reason="needs the extra wilds")

SPLITS = ("train", "val", "test", "id_val", "id_test")
CLASSES, CAMERAS = 5, 10
# Cameras of each split: those of the in-distribution ones are training cameras.
CAMERAS_OF = {"train": (0, 1, 2, 3), "val": (4, 5), "test": (6, 7, 8, 9), "id_val": (0, 1), "id_test": (2, 3)}


def iwildcam(root: Path, *, version: str = "2.0", rows: int = 40, seed: int = 0) -> Path:
    """`rows` images a split, of classes that colours tell apart, from cameras that shade them."""
    folder = _release(root, "iwildcam", version)
    random = np.random.default_rng(seed)
    table: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}
    for split in SPLITS:
        for index in range(rows):
            camera = CAMERAS_OF[split][index % len(CAMERAS_OF[split])]
            # Every class occurs in training; elsewhere the last one is absent, so that macro averages differ.
            label = index % CLASSES if split == "train" else int(random.integers(CLASSES - 1))
            name = f"{split}-{index:04d}.jpg"
            _photo(folder / "train" / name, label, camera, random)
            table[split].append({"filename": name, "camera": camera, "label": label, "second": index % 60})
    (_iwildcam_old if version == "1.0" else _iwildcam_new)(folder, table)
    return root


def _iwildcam_new(folder: Path, table: dict[str, list[dict[str, Any]]]) -> None:
    rows = [(split, row) for split, found in table.items() for row in found]
    write_csv(
        folder / "metadata.csv",
        ["", "split", "location_remapped", "location", "sequence_remapped", "datetime", "y", "category_id", "filename"],
        [
            [
                index,
                split,
                row["camera"],
                100 + row["camera"],
                index,
                f"2013-06-05 05:44:{row['second']:02d}.000",
                row["label"],
                10 * row["label"],
                row["filename"],
            ]
            for index, (split, row) in enumerate(rows)
        ],
    )


def _iwildcam_old(folder: Path, table: dict[str, list[dict[str, Any]]]) -> None:
    names = {"train": "train", "val": "val_trans", "test": "test_trans", "id_val": "val_cis", "id_test": "test_cis"}
    for split, rows in table.items():
        write_csv(
            folder / f"{names[split]}.csv",
            ["", "category_id", "datetime", "filename", "location"],
            [
                [
                    index,
                    10 * row["label"],
                    f"2013-06-05 05:44:{row['second']:02d}.000",
                    row["filename"],
                    100 + row["camera"],
                ]
                for index, row in enumerate(rows)
            ],
        )


def _photo(path: Path, label: int, camera: int, random: np.random.Generator) -> None:
    colours = np.array([[200, 40, 40], [40, 200, 40], [40, 40, 200], [200, 200, 40], [120, 120, 120]])
    pixels = colours[label] * (0.7 + 0.06 * camera) + random.normal(0, 10, (18, 24, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path, quality=95)


def poverty(root: Path, *, version: str = "1.1", places: int = 180, few: Sequence[str] = (), seed: int = 0) -> Path:
    """`places` rows a country (ten in `few` ones): in every fold more than the 2,000 that it evaluates in distribution.

    The images are eight, linked: what a place looks like goes with its wealth.
    """
    wilds_package()
    from wilds.datasets.poverty_dataset import DHS_COUNTRIES

    folder = _release(root, "poverty", version)
    random = np.random.default_rng(seed)
    kinds = random.normal(0, 0.3, (8, 8, 16, 16)) + np.linspace(-1, 1, 8)[:, None, None, None]
    countries = [one for place in range(places) for one in DHS_COUNTRIES if place < 10 or one not in few]
    chosen = random.integers(8, size=len(countries))
    wealth = np.linspace(-1, 1, 8)[chosen] + random.normal(0, 0.3, len(chosen))
    urban = random.random(len(chosen)) < 0.4
    write_csv(
        folder / "dhs_metadata.csv",
        ["", "lat", "lon", "wealthpooled", "country", "year", "urban", "nl_mean", "nl_center", "households"],
        [
            [row, 1.5, 2.5, float(wealth[row]), country, 2010, bool(urban[row]), 1.0, 1.0, 20]
            for row, country in enumerate(countries)
        ],
    )
    if version == "1.0":
        np.save(folder / "landsat_poverty_imgs.npy", kinds[chosen].transpose(0, 2, 3, 1).astype(np.float32))
        return root
    for kind, image in enumerate(kinds):
        np.savez_compressed(folder / f"kind{kind}.npz", x=image.astype(np.float32))
    (folder / "images").mkdir()
    for row, kind in enumerate(chosen):
        os.link(folder / f"kind{kind}.npz", folder / "images" / f"landsat_poverty_img_{row}.npz")
    return root


WHEAT = {"official_train": 9, "official_val": 5, "official_test": 8, "fixed_train_val": 4, "fixed_train_test": 4}
WHEAT_SPLIT = dict(zip(WHEAT, SPLITS, strict=True))
STAGES = ("Filling", "Filling-Ripening", "multiple", "Post-flowering", "Ripening")


def globalwheat(root: Path, *, version: str = "1.1", side: int = 1024, times: int = 1, seed: int = 0) -> Path:
    """A few images a split with up to six boxes, some with none, from sessions that are its own.

    Boxes lie within `side` pixels. The images are of 96 pixels at most, dark, with light boxes where those are within
    them. `times` as many images.
    """
    wilds_package()
    from wilds.datasets.globalwheat_dataset import SESSIONS

    folder = _release(root, "globalwheat", version)
    random = np.random.default_rng(seed)
    (folder / "images").mkdir()
    write_csv(
        folder / "metadata_domain.csv",
        ["name", "country", "location", "development_stage"],
        [[name, "France", "Mons", STAGES[index % 5]] for index, name in enumerate(SESSIONS)],
        separator=";",
    )
    for number, (part, count) in enumerate(WHEAT.items()):
        rows = []
        for index in range(count * times):
            name = f"{part}-{index}.png"
            boxes = wheat_boxes(random, index % 7, side)
            pixels = random.integers(0, 60, (min(side, 96), min(side, 96), 3), dtype=np.uint8)
            for x, y, right, low in boxes:
                pixels[y:low, x:right] = 200
            Image.fromarray(pixels).save(folder / "images" / name)
            text = ";".join(" ".join(map(str, box)) for box in boxes.tolist()) or "no_box"
            rows.append([name, text, 3 * number + index % 3])
        write_csv(folder / f"{part}.csv", ["image_name", "BoxesString", "domain"], rows)
    return root


def wheat_boxes(random: np.random.Generator, count: int, side: int = 1024) -> np.ndarray:
    """int64 [count, 4]: boxes within `side` x `side` pixels."""
    corner = random.integers(0, side * 7 // 8, (count, 2))
    return np.concatenate([corner, corner + random.integers(min(20, side // 10), side // 8, (count, 2))], axis=1)


def write_csv(path: Path, head: list[str], rows: list[list[Any]], *, separator: str = ",") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=separator, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


def _release(root: Path, name: str, version: str) -> Path:
    folder = root / f"{name}_v{version}"
    folder.mkdir(parents=True)
    (folder / f"RELEASE_v{version}.txt").write_text("miniature\n")
    return folder


MAKERS = {"iwildcam": iwildcam, "poverty": poverty, "globalwheat": globalwheat}
