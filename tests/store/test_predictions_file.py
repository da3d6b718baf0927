import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.core.errors import DataError
from bench.core.predictions import Answers, PredictionHeader, Predictions
from bench.store.predictions import read_predictions, write_predictions

HEADER = PredictionHeader(
    track="digits",
    set="uci",
    dataset_digest="sha256:1",
    classes_digest="sha256:2",
    model="run:a",
    preprocessing={"size": 32, "mean": 0.5},
    versions={"torch": "2"},
)


@pytest.fixture
def predictions():
    classes = np.array([[1, 0, 2], [2, 1, 0]])
    odds = np.array([[0.7, 0.2, 0.1], [0.5, 0.3, 0.2]], dtype=np.float32)
    return Predictions(HEADER, ("b", "a"), Answers(classes, odds))


@pytest.fixture
def path(tmp_path, predictions):
    write_predictions(tmp_path / "file.parquet", predictions)
    return tmp_path / "file.parquet"


def test_what_is_written_is_read(path, predictions):
    found = read_predictions(path)
    assert found.header == HEADER
    assert found.image_ids == ("b", "a")
    np.testing.assert_array_equal(found.answers.topk_class, predictions.answers.topk_class)
    np.testing.assert_array_equal(found.answers.topk_probability, predictions.answers.topk_probability)
    assert found.answers.topk_probability.dtype == np.float32


def test_equal_predictions_give_equal_bytes(path, predictions):
    first = path.read_bytes()
    write_predictions(path, predictions)
    assert path.read_bytes() == first


@pytest.mark.parametrize("keep", [0, 3, 100, -10])
def test_a_truncated_file_is_one_line(path, keep):
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match="not a readable Parquet file") as caught:
        read_predictions(path)
    assert "\n" not in str(caught.value)


def test_an_absent_file_is_one_line(tmp_path):
    with pytest.raises(DataError, match="no such prediction file"):
        read_predictions(tmp_path / "none.parquet")


def test_a_foreign_parquet_file_is_refused(tmp_path):
    pq.write_table(pa.table({"x": [1]}), tmp_path / "foreign.parquet")
    with pytest.raises(DataError, match="not a prediction file of ours"):
        read_predictions(tmp_path / "foreign.parquet")


def _rewrite(path, change, header=None):
    table = pq.read_table(path)
    metadata = table.schema.metadata if header is None else {b"imagenet-g": header}
    pq.write_table(change(table).replace_schema_metadata(metadata), path)


def test_a_format_from_the_future_is_refused(path):
    _rewrite(path, lambda table: table, HEADER.model_copy(update={"format": 2}).model_dump_json())
    with pytest.raises(DataError, match="prediction format 2, this software reads 1"):
        read_predictions(path)


def test_ragged_lists_and_missing_columns_are_refused(path):
    _rewrite(path, lambda table: table.set_column(1, "topk_class", pa.array([[1, 2], [1]])))
    with pytest.raises(DataError, match="'topk_class' must hold lists of equally many numbers"):
        read_predictions(path)
    _rewrite(path, lambda table: table.drop_columns("topk_class"))
    with pytest.raises(DataError, match="no column 'topk_class'"):
        read_predictions(path)


def test_logits_become_the_best_five(path):
    logits = [[0.0, 3.0, 1.0, 2.0, 1.0, 0.0], [5.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
    column = pa.array(logits, pa.list_(pa.float32()))
    _rewrite(path, lambda table: table.drop_columns(["topk_class", "topk_probability"]).append_column("logits", column))
    found = read_predictions(path)
    assert found.answers.topk_class.tolist() == [[1, 3, 2, 4, 0], [0, 1, 2, 3, 4]]
    expected = np.exp(3) / (np.exp(3) + np.exp(2) + 2 * np.exp(1) + 2)
    assert found.answers.topk_probability[0, 0] == pytest.approx(expected, rel=1e-6)
