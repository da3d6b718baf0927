"""`quality`: cards of two folders, what they refuse to compare, and a report of one against another."""

import json
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from bench import cli
from bench.core.errors import DataError, UsageError
from bench.core.quality import QualityCard, differences
from bench.metrics.frechet import frechet_distance
from bench.metrics.frechet_classes import class_mean_frechet
from bench.models.oracle import open_oracle
from bench.pipelines.quality.card import Settings, quality
from bench.pipelines.quality.features import _merged
from bench.pipelines.quality.image_sets import open_images
from bench.pipelines.quality.report import pair_report, write_report

ORACLE = Settings(extractor="oracle:digits-oracle", quiet=True)


def fill(folder, *, seed, each=12, classes=("a", "b"), shift=0):
    rng = np.random.default_rng(seed)
    for k, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for slot in range(each):
            pixels = rng.normal(90 + 60 * k + shift, 40, (32, 32)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{slot:02d}.png")
    return str(folder)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("sets")
    return root, fill(root / "one", seed=0), fill(root / "two", seed=1, each=15, shift=30)


@pytest.fixture(scope="module")
def card(folders):
    root, one, two = folders
    return quality(one, two, Settings(**ORACLE.model_dump() | {"interval": True}), data_root=root / "d")


def test_the_numbers_are_those_of_the_metrics_on_the_drawn_images(card):
    assert (card.n, card.per_class, card.dimension) == (24, 12, 96)
    assert card.numbers["frechet"].interval[0] < card.numbers["frechet"].value < card.numbers["frechet"].interval[1]
    assert card.a.encodings == {"PNG L 32x32": 24}
    assert {"kid", "precision", "coverage", "vendi a", "authenticity"} <= card.numbers.keys()
    assert card.classes["frechet"].keys() == {"a", "b"}
    mean = np.mean(list(card.classes["frechet"].values()))
    assert card.numbers["frechet-class-mean"].value == pytest.approx(mean)
    assert any("below the 96 features" in note for note in card.notes)


def test_the_distance_is_that_of_the_oracles_features(folders, tmp_path):
    _, one, _ = folders
    other = fill(tmp_path / "three", seed=5)
    sets = [open_images(text, data_root=tmp_path) for text in (one, other)]
    oracle = open_oracle("digits-oracle")
    features = [oracle.features([s.images.read(k) for k in range(24)]).astype(np.float64) for s in sets]
    found = quality(one, other, ORACLE, data_root=tmp_path)
    assert found.numbers["frechet"].value == pytest.approx(frechet_distance(*features), rel=1e-4)
    mean = class_mean_frechet(features[0], sets[0].labels, features[1], sets[1].labels).mean
    assert found.numbers["frechet-class-mean"].value == pytest.approx(mean, rel=1e-4)


def test_features_are_kept_by_content_and_survive_a_move(folders, card, tmp_path, monkeypatch):
    root, one, two = folders
    moved = tmp_path / "elsewhere"
    moved.symlink_to(one)
    monkeypatch.setattr("bench.models.extractor.Extractor.features", lambda *a, **k: pytest.fail("extracted again"))
    again = quality(str(moved), two, ORACLE, data_root=root / "d")
    assert again.numbers["frechet"].value == card.numbers["frechet"].value


def test_a_set_against_itself_and_swapped(folders):
    root, one, two = folders
    same = quality(one, one, ORACLE, data_root=root / "d")
    assert same.numbers["frechet"].value == pytest.approx(0, abs=1e-6)
    assert "both sides are the same set" in same.notes
    there, back = (quality(*pair, ORACLE, data_root=root / "d") for pair in ((one, two), (two, one)))
    assert there.numbers["frechet"].value == pytest.approx(back.numbers["frechet"].value, rel=1e-9)
    assert there.numbers["precision"].value == back.numbers["recall"].value


def test_parts_split_a_set_in_two(folders, tmp_path):
    _, one, _ = folders
    halves = [open_images(f"{one}?part={k}/2", data_root=tmp_path).images for k in (1, 2)]
    assert set(halves[0].ids) | set(halves[1].ids) == set(open_images(one, data_root=tmp_path).images.ids)
    assert not set(halves[0].ids) & set(halves[1].ids)
    with pytest.raises(UsageError, match="part=K/N"):
        open_images(f"{one}?part=3/2", data_root=tmp_path)


def test_bad_sets_are_one_line(folders, tmp_path):
    _, one, _ = folders

    def line(a, b, **options):
        with pytest.raises((DataError, UsageError)) as caught:
            quality(a, b, Settings(**ORACLE.model_dump() | options), data_root=tmp_path)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    empty = tmp_path / "empty"
    empty.mkdir()
    assert "expected images" in line(str(empty), one)
    assert "a folder of images that exists" in line("/nowhere", one)
    assert "unknown track 'digts'" in line("digts/test", one)
    assert "expected at least 13 images, got 12" in line(one, one, per_class=13)
    assert "expected at least 99 images, got 24" in line(one, one, n=99)
    single = fill(tmp_path / "single", seed=2, each=1, classes=("a",))
    assert "expected at least 2 images a side, got 1" in line(single, one)
    assert "expected at least 192 images a side for 96 features, got 24" in line(one, one, infinity=True)
    flat = fill(tmp_path / "flat", seed=4, classes=("c",))
    assert "no class has 2 images in each; use sets of the same classes" in line(flat, one, per_class=2)
    (tmp_path / "single" / "a" / "00.png").write_bytes(b"\x89PNG\r\n")
    assert line(single, one).endswith("00.png: not a readable image (no format that Pillow knows)")
    size = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = [
        len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4)
        for name, data in ((b"IHDR", size), (b"IDAT", b""), (b"IEND", b""))
    ]
    (tmp_path / "single" / "a" / "00.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    assert "00.png: not a readable image (Image size (3600000000 pixels) exceeds limit" in line(single, one)


def test_copies_constant_images_and_mixed_modes_are_on_the_card(folders, tmp_path):
    _, one, _ = folders
    (tmp_path / "odd").mkdir()
    for k in range(4):
        Image.new("L", (32, 32), 128).save(tmp_path / "odd" / f"{k}.png")
    Image.new("RGBA", (32, 32), (128, 128, 128, 255)).save(tmp_path / "odd" / "alpha.png")
    Image.new("RGB", (32, 32), (128, 128, 128)).save(tmp_path / "odd" / "rgb.png")
    found = quality(str(tmp_path / "odd"), one, ORACLE, data_root=tmp_path)
    notes = " ".join([*found.notes, *found.a.notes])
    assert "3 images are copies of another" in notes
    assert "all features are equal" in notes
    assert found.a.encodings == {"PNG L 32x32": 4, "PNG RGB 32x32": 1, "PNG RGBA 32x32": 1}
    assert found.numbers["vendi a"].value == pytest.approx(1, abs=1e-6)


def test_pictures_of_every_mode_and_size_are_read_and_counted(folders, tmp_path):
    _, one, _ = folders
    rgb = Image.fromarray(np.random.default_rng(6).integers(0, 256, (32, 32, 3), dtype=np.uint8))
    deep = Image.fromarray(np.random.default_rng(7).integers(0, 65536, (32, 32)).astype(np.uint16))
    (tmp_path / "modes").mkdir()
    for name, image in {
        "grey.png": rgb.convert("L"),
        "bits.png": rgb.convert("1"),
        "palette.png": rgb.quantize(16),
        "alpha.png": rgb.convert("RGBA"),
        "grey-alpha.png": rgb.convert("LA"),
        "deep.png": deep,
        "ink.jpg": rgb.convert("CMYK"),
    }.items():
        image.save(tmp_path / "modes" / name)
    found = quality(str(tmp_path / "modes"), one, ORACLE, data_root=tmp_path)
    modes = ("JPEG CMYK", "PNG 1", "PNG I;16", "PNG L", "PNG LA", "PNG P", "PNG RGBA")
    assert found.a.encodings == {f"{mode} 32x32": 1 for mode in modes}
    assert "modes: grey, palette and CMYK" in str(found)
    for width in range(20, 26):
        rgb.resize((width, 30)).save(tmp_path / "modes" / f"{width}.png")
    with pytest.raises(DataError, match=r"modes, image 20.png: .* expected images of 32x32, got 20x30; use another"):
        quality(str(tmp_path / "modes"), one, ORACLE, data_root=tmp_path)


def test_many_sizes_are_counted_together():
    encodings = {f"JPEG RGB {width}x30": 2 for width in range(6)} | {"PNG L 8x8": 1, "PNG L 9x9": 1}
    assert _merged(encodings) == {"JPEG RGB, mixed sizes": 12, "PNG L 8x8": 1, "PNG L 9x9": 1}


def test_unlike_cards_are_refused_with_what_differs(card):
    assert differences(card, card) == []
    other = card.model_copy(
        update={"n": 50, "a": card.a.model_copy(update={"digest": "x", "encodings": {"JPEG RGB": 1}})}
    )
    other = other.model_copy(update={"extractor": card.extractor.model_copy(update={"weights": "sha256:0"})})
    found = differences(card, other)
    assert any(one.startswith("extractor weights: sha256:") for one in found)
    assert "n: 24 against 50" in found
    assert "file formats of side a: PNG against JPEG" in found
    both = other.model_copy(update={"b": card.b.model_copy(update={"digest": "y"})})
    assert any(one.startswith("both sets") for one in differences(card, both))


def test_a_report_is_whole_and_the_same_twice(card, tmp_path):
    report = pair_report(card, "python run_bench.py quality a b")
    for folder in ("x", "y"):
        write_report(report, tmp_path / folder)
    files = sorted(path.relative_to(tmp_path / "x") for path in (tmp_path / "x").rglob("*") if path.is_file())
    assert {str(path) for path in files} >= {"index.html", "README.md", "quality.json", "plots/classes.svg"}
    assert all((tmp_path / "x" / path).read_bytes() == (tmp_path / "y" / path).read_bytes() for path in files)
    page = (tmp_path / "x" / "index.html").read_text()
    assert "://" not in page.replace("http://www.w3.org", "")
    assert QualityCard(**json.loads(next((tmp_path / "x" / "cards").iterdir()).read_text())) == card


def test_hostile_names_stay_text(card, tmp_path):
    evil = '<script>alert(1)</script>|`"'
    named = card.model_copy(update={"b": card.b.model_copy(update={"name": evil}), "class_names": {"a": evil}})
    write_report(pair_report(named, f"quality {evil}"), tmp_path)
    assert "<script>" not in (tmp_path / "index.html").read_text()
    assert "<script>" not in (tmp_path / "README.md").read_text().split("## Reproduce")[0]
    assert all(path.parent == tmp_path / "cards" for path in (tmp_path / "cards").rglob("*.json"))


def test_the_door_compares_cards_and_refuses(card, tmp_path, monkeypatch, capsys):
    for name, one in (("x", card), ("y", card.model_copy(update={"n": 50}))):
        (tmp_path / f"{name}.json").write_text(json.dumps(one.model_dump(mode="json")))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["run_bench.py", "quality", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return stop.value.code, *capsys.readouterr()

    x, y = (str(tmp_path / f"{name}.json") for name in "xy")
    assert run(x, x)[0] == 0
    code, _, error = run(x, y)
    assert (code, error.count("\n")) == (3, 1)
    assert "cannot be compared: n: 24 against 50; compute both alike" in error
    (tmp_path / "z.json").write_text("{}")
    assert "not a quality card" in run(x, str(tmp_path / "z.json"))[2]
    assert run(x)[0] == 2
