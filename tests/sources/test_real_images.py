import pytest
from PIL import Image

from bench.core.errors import DataError
from bench.core.real_images import Conditioning
from bench.sources.real_images import RealImages

SPLITS = {"train": "train", "val": "val"}


@pytest.fixture
def tree(tmp_path):
    """Class a with three training images and two validation ones, all different."""
    for number, name in enumerate(("train/a/b.JPEG", "train/a/c.jpg", "train/a/a.png", "val/a/x.JPEG", "val/a/y.JPEG")):
        path = tmp_path / "real" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 6), (number, 50 * number, 9)).save(path)
    (tmp_path / "real" / "train" / "a" / "note.txt").write_text("no image")
    return tmp_path


def real(root):
    return RealImages(root, Conditioning(folder="real", splits=SPLITS))


def test_a_slot_takes_the_image_of_its_place_by_name_and_goes_round(tree):
    names = [real(tree).source("train", "a", slot, needed=3).partition("@")[0] for slot in range(4)]
    assert names == ["train/a/a.png", "train/a/b.JPEG", "train/a/c.jpg", "train/a/a.png"]
    assert real(tree).source("val", "a", 1, needed=2).startswith("val/a/y.JPEG@")


def test_an_image_is_read_as_it_was_when_it_was_named(tree):
    source = real(tree).source("train", "a", 0, needed=1)
    assert real(tree).read(source).getpixel((0, 0)) == (2, 100, 9)
    with pytest.raises(DataError, match=r"a\.png: changed while images were made from it"):
        real(tree).read(source[:-1] + ("0" if source[-1] != "0" else "1"))


def test_too_few_images_are_refused(tree):
    with pytest.raises(DataError, match="expected at least 4 images for split 'train', found 3; complete the real set"):
        real(tree).source("train", "a", 0, needed=4)
    with pytest.raises(DataError, match="expected at least 1 images for split 'val', found 0"):
        real(tree).source("val", "absent", 0, needed=1)


def test_an_image_in_both_splits_is_refused_by_its_bytes(tree):
    copy = tree / "real" / "train" / "a" / "other name.JPEG"
    copy.write_bytes((tree / "real" / "val" / "a" / "x.JPEG").read_bytes())
    for split in SPLITS:
        with pytest.raises(DataError, match="are the same image: training and evaluation images must not mix"):
            real(tree).source(split, "a", 0, needed=1)


def test_one_folder_for_both_splits_is_refused(tree):
    real(tree).check()
    link = tree / "linked"
    link.mkdir()
    for split in SPLITS:
        (link / split).symlink_to(tree / "real" / "train")
    with pytest.raises(DataError, match="train and val are one folder"):
        RealImages(tree, Conditioning(folder="linked", splits=SPLITS)).check()
    with pytest.raises(DataError, match=r"absent/train: no such folder; .*absent/\{train,val\}/<class id>/\*"):
        RealImages(tree, Conditioning(folder="absent", splits=SPLITS)).check()


def test_what_does_not_decode_is_named(tree):
    path = tree / "real" / "train" / "a" / "a.png"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(DataError, match=r"a\.png: does not decode as an image") as caught:
        real(tree).read(real(tree).source("train", "a", 0, needed=1))
    assert "\n" not in str(caught.value)
