"""Predictions join by id, and refuse with the first offender."""

import numpy as np
import pytest

from bench.core.digests import digest_json
from bench.core.errors import DataError
from bench.core.predictions import Answers, PredictionHeader, Predictions, answers_of, joined

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
    return Predictions(HEADER, tuple(ids), Answers(np.array(classes), np.array(odds, dtype=np.float32)))


def test_rows_come_in_the_order_asked_for():
    assert answers().aligned(("c", "a", "b"), classes=3).topk_class.tolist() == [[2, 1], [0, 1], [1, 0]]


BAD = {
    "image 'c' has no answer": answers(ids=IDS[:2], classes=((0, 1), (1, 0)), odds=((0.9, 0.1), (0.6, 0.4))),
    "image 'b' is answered twice": answers(ids=("a", "b", "b")),
    "image 'd' is not in the set": answers(ids=("a", "b", "d")),
    "image 'b': a probability is not a finite number": answers(odds=((0.9, 0.1), (np.nan, 0.4), (0.5, 0.5))),
    "image 'a': a probability is not a finite number": answers(odds=((1.9, 0.1), (0.6, 0.4), (0.5, 0.5))),
    "image 'b': probabilities are not best first": answers(odds=((0.9, 0.1), (0.3, 0.4), (0.5, 0.5))),
    "image 'c': a class is outside 0..2": answers(classes=((0, 1), (1, 0), (3, 1))),
    "image 'a': a class stands twice in one row": answers(classes=((0, 0), (1, 0), (2, 1))),
    "expected classes of [3, k]": Predictions(HEADER, IDS, Answers(np.zeros((2, 2), int), np.zeros((3, 2)))),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_answers_are_refused_naming_the_first_image(message):
    with pytest.raises(DataError) as caught:
        BAD[message].aligned(IDS, classes=3)
    assert message in str(caught.value)
    assert str(caught.value).startswith("predictions of run:m on s: ")


def test_a_tie_goes_to_the_lower_class():
    found = answers_of(np.log(np.array([[0.2, 0.3, 0.3, 0.2]])), k=3)
    assert found.topk_class.tolist() == [[1, 2, 0]]
    assert found.topk_probability.dtype == np.float32
    assert found.topk_probability == pytest.approx(np.array([[0.3, 0.3, 0.2]]))


def test_only_kept_classes_compete_and_their_probabilities_add_up_to_one():
    scores = np.array([[9.0, 1.0, 3.0, 2.0], [0.0, -1.0, -3.0, 5.0]])
    found = answers_of(scores, kept=(1, 3), k=2)
    assert found.topk_class.tolist() == [[3, 1], [3, 1]]
    odds = np.exp(scores[:, [3, 1]]) / np.exp(scores[:, [1, 3]]).sum(axis=1, keepdims=True)
    assert found.topk_probability == pytest.approx(odds, rel=1e-6)
    assert found.logits.dtype == np.float16
    assert np.exp(found.logits.astype(float)).sum(axis=1) == pytest.approx(1, abs=1e-3)
    halves = joined([answers_of(scores[:1], kept=(1, 3), k=2), answers_of(scores[1:], kept=(1, 3), k=2)])
    assert (halves.logits == found.logits).all()


KEPT = (1, 2)
SCORES = np.array([[5.0, 2.0, 1.0], [0.0, 1.0, 9.0], [3.0, 1.0, 2.0]])


def test_unrestricted_answers_are_restricted_where_they_say_enough():
    whole = Predictions(HEADER, IDS, answers_of(SCORES))
    assert whole.aligned(IDS, classes=3, kept=KEPT).topk_class.tolist() == [[1, 2], [2, 1], [2, 1]]
    bare = Predictions(HEADER, IDS, Answers(whole.answers.topk_class[:, :2], whole.answers.topk_probability[:, :2]))
    found = bare.aligned(IDS, classes=3, kept=KEPT)
    assert found.topk_class.tolist() == [[1], [2], [2]]
    assert found.topk_probability is None
    best = Predictions(HEADER, IDS, Answers(whole.answers.topk_class[:, :1]))
    with pytest.raises(DataError, match="image 'a': none of its 1 answers is one of the 2 classes that compete"):
        best.aligned(IDS, classes=3, kept=KEPT)


def test_restricted_answers_must_be_among_the_kept():
    header = HEADER.model_copy(update={"kept_digest": digest_json(KEPT)})
    given = answers_of(SCORES, kept=KEPT)
    assert Predictions(header, IDS, given).aligned(IDS, classes=3, kept=KEPT).topk_class[:, 0].tolist() == [1, 2, 2]
    foreign = Answers(np.array([[1, 2], [0, 1], [1, 2]]), given.topk_probability, given.logits)
    with pytest.raises(DataError, match="image 'b': a class is not one of the 2 that compete on this set"):
        Predictions(header, IDS, foreign).aligned(IDS, classes=3, kept=KEPT)


LOGITS = answers_of(SCORES)
WRONG_LOGITS = {
    "image 'b': a logit is not a finite number": np.where(np.eye(3)[1][:, None] > 0, np.nan, LOGITS.logits),
    "expected logits of (3, 3), a number a class, got (3, 2)": LOGITS.logits[:, :2],
    "image 'c': its best answer is not that of its highest logit": LOGITS.logits[[0, 1, 1]],
}


@pytest.mark.parametrize("message", WRONG_LOGITS)
def test_logits_that_do_not_fit_are_refused(message):
    given = Answers(LOGITS.topk_class, LOGITS.topk_probability, WRONG_LOGITS[message])
    with pytest.raises(DataError) as caught:
        Predictions(HEADER, IDS, given).aligned(IDS, classes=3)
    assert message in str(caught.value)
