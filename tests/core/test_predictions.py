"""Predictions join by id, and refuse with the first offender."""

import numpy as np
import pytest

from bench.core.errors import DataError
from bench.core.predictions import PredictionHeader, Predictions

HEADER = PredictionHeader(
    track="t",
    set="s",
    dataset_digest="sha256:0",
    classes_digest="sha256:1",
    model="run:m",
    preprocessing={},
    versions={},
)
IDS = ("a", "b", "c")


def answers(ids=IDS, classes=((0, 1), (1, 0), (2, 1)), odds=((0.9, 0.1), (0.6, 0.4), (0.5, 0.5))) -> Predictions:
    return Predictions(HEADER, tuple(ids), np.array(classes), np.array(odds, dtype=np.float32))


def test_rows_come_in_the_order_asked_for():
    assert answers().aligned(("c", "a", "b"), classes=3).tolist() == [[2, 1], [0, 1], [1, 0]]


BAD = {
    "image 'c' has no answer": answers(ids=IDS[:2], classes=((0, 1), (1, 0)), odds=((0.9, 0.1), (0.6, 0.4))),
    "image 'b' is answered twice": answers(ids=("a", "b", "b")),
    "image 'd' is not in the set": answers(ids=("a", "b", "d")),
    "image 'b': a probability is not a finite number": answers(odds=((0.9, 0.1), (np.nan, 0.4), (0.5, 0.5))),
    "image 'a': a probability is not a finite number": answers(odds=((1.9, 0.1), (0.6, 0.4), (0.5, 0.5))),
    "image 'b': probabilities are not best first": answers(odds=((0.9, 0.1), (0.3, 0.4), (0.5, 0.5))),
    "image 'c': a class is outside 0..2": answers(classes=((0, 1), (1, 0), (3, 1))),
    "image 'a': a class stands twice in one row": answers(classes=((0, 0), (1, 0), (2, 1))),
    "expected [n, k] classes": Predictions(HEADER, IDS, np.zeros((2, 2), int), np.zeros((3, 2))),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_answers_are_refused_naming_the_first_image(message):
    with pytest.raises(DataError) as caught:
        BAD[message].aligned(IDS, classes=3)
    assert message in str(caught.value)
    assert str(caught.value).startswith("predictions of run:m on s: ")
