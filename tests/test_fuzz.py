"""Mutated prediction files, cards, recipes and track files: each is read or refused in one line; nothing is harmed.

10,000 inputs in all, the same ones every time; one in forty where tests must be quick.
"""

import io
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import hypothesis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st

from bench.core.errors import BenchError
from bench.core.images import ImageSet
from bench.core.predictions import PredictionHeader, Predictions, answers_of
from bench.core.score import Declaration, Environment, Score, ScoreCard, pack_bits
from bench.pipelines.scoring.score_set import score_set
from bench.pipelines.track_files import load_track
from bench.pipelines.versions.recipes import load_recipe
from bench.store.cards import read_card, write_card
from bench.store.foreign_predictions import read_csv
from bench.store.paths import datasets_folder
from bench.store.predictions import HEADER_KEY, read_predictions, table_of

IMAGES = ImageSet("s", ("a", "b", "c", "d"), np.array([0, 1, 2, 0]), lambda i: None, lambda i: f"{i:064x}")
HEADER = PredictionHeader(
    track="t", set="s", dataset_digest=IMAGES.digest, classes_digest="c", model="run:m", preprocessing={}, versions={}
)
PREDICTIONS = Predictions(HEADER, IMAGES.ids, answers_of(np.eye(4, 3) * 3))
SCORE = Score(
    n=4,
    top1=0.5,
    top5=1,
    interval=(0.1, 0.9),
    dataset_digest="d",
    predictions_digest="p",
    correct=pack_bits(np.array([1, 0, 1, 0])),
)
CARD = ScoreCard(
    model="run:m",
    slug="run-m",
    title="M",
    track="t",
    role="arm",
    declaration=Declaration(arch="a"),
    preprocessing={"size": 32},
    sets={"s": SCORE},
    environment=Environment(machine="m", versions={}),
    state="listed",
    reason="",
)
HOSTILE = st.sampled_from(
    [
        "",
        "\x00",
        "../../x",
        "=1+1",
        "<script>",
        "\u202e",
        "a" * 5000,
        "NaN",
        "1e999",
        "\ud7ff",
        "*",
        "{}",
        "wnid",
        "index",
    ]
)
ODD: st.SearchStrategy = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), HOSTILE, st.text(max_size=20)
)
VALUES = st.recursive(
    ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
TRACK = {
    "name": "pets",
    "classes": "digits",
    "in_distribution": "photo",
    "headline": {"metric": "top1", "sets": ["art"]},
    "sets": {
        "photo": {"folder": "photos", "map": {"dog": {"range": [1, 5]}, "guitar": [7, "8"]}},
        "art": {"folder": "art", "map": {"dog": {"range": [1, 5]}, "guitar": 7}, "restrict": True},
        "val": {"folder": "val", "map": "wnid", "x_axis": "photo", "expect": {"images": [5]}},
    },
}
BYTES = st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6), st.integers(0, 12)), min_size=1, max_size=4)


def refused_in_one_line_or_read(read: Callable[[], object], folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    refusal = ""
    try:
        read()
    except BenchError as error:
        refusal = str(error) or "silence"
    assert "\n" not in refusal
    assert refusal != "silence"
    assert len(refusal) < 2000
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def cut_up(data: bytes, edits: list[tuple[float, bytes, int]]) -> bytes:
    """`data` with some bytes replaced by others at some places."""
    for place, new, removed in edits:
        at = int(place * len(data))
        data = data[:at] + new + data[at + removed :]
    return data


def mutated(document: object, draw: Callable, depth: int = 0) -> object:
    """`document` with one value, key or branch replaced, removed or added."""
    if isinstance(document, dict) and document and depth < 6:
        key = draw(st.sampled_from(sorted(document, key=str)))
        choice = draw(st.integers(0, 5))
        if choice == 0:
            return {name: value for name, value in document.items() if name != key}
        if choice == 1:
            return document | {draw(HOSTILE | st.text(max_size=8)): draw(VALUES)}
        return document | {key: mutated(document[key], draw, depth + 1)}
    if isinstance(document, list) and document and depth < 6:
        at = draw(st.integers(0, len(document) - 1))
        choice = draw(st.integers(0, 3))
        if choice == 0:
            return document + document[at : at + 1]
        return [*document[:at], mutated(document[at], draw, depth + 1), *document[at + 1 :]]
    return draw(VALUES)


def score_file(path: Path) -> None:
    score_set(read_predictions(path), IMAGES, classes=3)


@cache
def whole_file() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table_of(PREDICTIONS), buffer, compression="zstd")
    return buffer.getvalue()


Body = Callable[[Path, st.DataObject], None]
KINDS: dict[str, tuple[Body, int]] = {}
CSVS = ["image_id,predicted_class,probability\na,1,0.5\nb,2,1\nc,0,0\nd,1,1\n", "1\n2\n0\n1\n"]


def kind(count: int) -> Callable[[Body], Body]:
    """Names a body that makes one input and reads it, and how many of the 10,000 inputs are its share."""

    def add(body: Body) -> Body:
        KINDS[body.__name__] = (body, count)
        return body

    return add


@kind(2500)
def prediction_files_with_other_bytes(tmp_path: Path, data) -> None:
    path = tmp_path / "p.parquet"
    path.write_bytes(cut_up(whole_file(), data.draw(BYTES)))
    refused_in_one_line_or_read(lambda: score_file(path), tmp_path)


@kind(1500)
def prediction_files_with_other_columns_and_headers(tmp_path: Path, data) -> None:
    path, table = tmp_path / "p.parquet", table_of(PREDICTIONS)
    header = (
        mutated(HEADER.model_dump(mode="json"), data.draw)
        if data.draw(st.booleans())
        else HEADER.model_dump(mode="json")
    )
    for name in data.draw(st.sets(st.sampled_from(table.column_names), max_size=2)):
        values = mutated(table.column(name).to_pylist(), data.draw)
        try:
            column = pa.array(values)
            table = table.set_column(table.column_names.index(name), name, column)
        except (pa.ArrowException, TypeError, ValueError, OverflowError, AttributeError):
            continue
    text = json.dumps(header).encode("utf-8", "surrogatepass")
    pq.write_table(table.replace_schema_metadata({HEADER_KEY: text}), path)
    refused_in_one_line_or_read(lambda: score_file(path), tmp_path)


@kind(1000)
def csv_predictions(tmp_path: Path, data) -> None:
    path = tmp_path / "p.csv"
    path.write_bytes(cut_up(data.draw(st.sampled_from(CSVS)).encode(), data.draw(BYTES)))

    def read() -> None:
        ids, answers = read_csv(path, IMAGES.ids)
        score_set(Predictions(HEADER, ids, answers), IMAGES, classes=3)

    refused_in_one_line_or_read(read, tmp_path)


@kind(2000)
def score_cards(tmp_path: Path, data) -> None:
    path = write_card(tmp_path, CARD)
    if data.draw(st.booleans()):
        path.write_bytes(cut_up(path.read_bytes(), data.draw(BYTES)))
    else:
        document = mutated(CARD.model_dump(mode="json"), data.draw)
        path.write_bytes(json.dumps(document).encode("utf-8", "surrogatepass"))

    def read() -> None:
        str(read_card(path))

    refused_in_one_line_or_read(read, tmp_path)


@kind(1500)
def track_files(tmp_path: Path, data) -> None:
    path = tmp_path / "own.yaml"
    text = yaml.safe_dump(TRACK)
    if data.draw(st.booleans()):
        path.write_bytes(cut_up(text.encode(), data.draw(BYTES)))
    else:
        path.write_bytes(yaml.safe_dump(mutated(TRACK, data.draw), allow_unicode=False).encode())
    refused_in_one_line_or_read(lambda: load_track(str(path)), tmp_path)


@kind(1500)
def recipes(tmp_path: Path, data) -> None:
    path = tmp_path / "own.yaml"
    text = (datasets_folder() / "digits-g" / "1.0.0.yaml").read_text()
    if data.draw(st.booleans()):
        path.write_bytes(cut_up(text.encode(), data.draw(BYTES)))
    else:
        path.write_bytes(yaml.safe_dump(mutated(yaml.safe_load(text), data.draw)).encode())
    refused_in_one_line_or_read(lambda: load_recipe(str(path)), tmp_path)


def run(name: str, folder: Path, share: float) -> None:
    body, count = KINDS[name]

    @seed(0)
    @settings(max_examples=int(count * share), deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @hypothesis.given(data=st.data())
    def every(data: st.DataObject) -> None:
        body(folder, data)

    every()


@pytest.mark.parametrize("name", KINDS)
def test_one_in_forty_of_the_mutated_inputs(name: str, tmp_path: Path) -> None:
    run(name, tmp_path, 1 / 40)


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_all_mutated_inputs(name: str, tmp_path: Path) -> None:
    assert sum(count for _, count in KINDS.values()) == 10_000
    run(name, tmp_path, 1)


@pytest.mark.parametrize("ending", [".yaml", ".json"])
def test_documents_nested_without_end(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"deep{ending}"
    path.write_text("[" * 3_000)
    with pytest.raises(BenchError):
        load_track(str(path)) if ending == ".yaml" else read_card(path)
