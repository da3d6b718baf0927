"""The table in bench/sources/README.md: no test image and no held-out font is in any training set."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from bench.core.errors import DataError
from bench.core.registry import look_up
from bench.sources import SOURCES, fonts

ROOT = Path("/nowhere")
EMBEDDED = {
    "mnist-train": (4000, 400, 400),
    "mnist-test": (1000, 100, 100),
    "uci-digits": (1797, 174, 183),
    "printed-digits": (1000, 100, 100),
    "outlined-digits": (1000, 100, 100),
    "digits-on-paper": (1000, 100, 100),
}


@pytest.fixture(scope="module")
def sets():
    return {name: look_up(SOURCES, name, kind="source")(ROOT) for name in EMBEDDED}


def pixels(images) -> set[str]:
    return {images.sha256(i) for i in range(len(images))}


@pytest.mark.parametrize("name", EMBEDDED)
def test_each_set_is_complete_and_labelled(sets, name):
    images, (total, least, most) = sets[name], EMBEDDED[name]
    counts = np.bincount(images.labels, minlength=10)
    assert (len(images), counts.min(), counts.max(), len(counts)) == (total, least, most, 10)
    assert len(set(images.ids)) == total
    one = images.read(0)
    assert (one.size, one.mode) == ((32, 32), "L")
    assert images.sha256(0) == hashlib.sha256(np.asarray(one).tobytes()).hexdigest()


@pytest.mark.parametrize("name", EMBEDDED)
def test_a_set_is_the_same_each_time(sets, name):
    again = look_up(SOURCES, name, kind="source")(ROOT)
    assert again.digest == sets[name].digest


@pytest.mark.parametrize("name", [name for name in EMBEDDED if name != "mnist-train"])
def test_no_test_image_is_a_training_image(sets, name):
    assert not pixels(sets["mnist-train"]) & pixels(sets[name])


@pytest.mark.parametrize("name", ["outlined-digits", "digits-on-paper"])
def test_redrawn_sets_come_from_test_digits_only(sets, name):
    def rows(images):
        return {one.split("/")[1] for one in images.ids}

    assert rows(sets[name]) == rows(sets["mnist-test"])
    assert not rows(sets[name]) & rows(sets["mnist-train"])
    assert sets[name].labels.tolist() == sets["mnist-test"].labels.tolist()


def test_held_out_fonts_are_other_files_than_training_fonts():
    def files(found):
        return {hashlib.sha256(path.read_bytes()).hexdigest() for path in found.values()}

    training, held_out = files(fonts.training_fonts()), files(fonts.held_out_fonts())
    assert len(training) >= 20
    assert len(held_out) >= 20
    assert not training & held_out


def test_printed_digits_use_held_out_fonts_alone(sets, monkeypatch):
    used = []
    draw = fonts.render
    monkeypatch.setattr(fonts, "render", lambda font, *rest, **more: used.append(font) or draw(font, *rest, **more))
    look_up(SOURCES, "printed-digits", kind="source")(ROOT)
    assert set(used) <= set(fonts.held_out_fonts().values())
    assert not set(used) & set(fonts.training_fonts().values())


@pytest.mark.parametrize("name", ["qmnist", "usps", "svhn"])
def test_absent_data_are_said_with_the_remedy(name, tmp_path, monkeypatch):
    monkeypatch.delenv("BENCH_DOWNLOAD", raising=False)
    with pytest.raises(
        DataError, match=f"{name}: not found in .*put torchvision's files there or set BENCH_DOWNLOAD=1"
    ):
        look_up(SOURCES, name, kind="source")(tmp_path)
    assert not list(tmp_path.rglob("*"))


def test_usps_is_read_through_torchvision_where_the_user_has_it(tmp_path):
    import bz2

    folder = tmp_path / "torchvision" / "usps"
    folder.mkdir(parents=True)
    rows = [f"{label} " + " ".join(f"{i + 1}:{(-1) ** (i + label):.1f}" for i in range(256)) for label in (1, 10, 4)]
    (folder / "usps.t.bz2").write_bytes(bz2.compress("\n".join(rows).encode()))
    try:
        images = look_up(SOURCES, "usps", kind="source")(tmp_path)
    except DataError:
        pytest.skip("this torchvision holds USPS to its checksum")
    assert images.labels.tolist() == [0, 9, 3]
    assert images.read(1).size == (32, 32)
