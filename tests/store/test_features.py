"""Features on the disk: keyed by content, made once, mended where damaged, whole after a stop."""

import numpy as np
import pytest

from bench.core.errors import DataError
from bench.store import features as module
from bench.store.features import FeatureFolder


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 10)
    return FeatureFolder.of(tmp_path, set_digest="sha256:a", extractor={"name": "x"}, n=25)


ROWS = np.arange(50, dtype=np.float32).reshape(25, 2)


def maker(asked):
    def make(rows):
        asked.append((rows.start, rows.stop))
        return ROWS[rows], {"PNG L": rows.stop - rows.start}

    return make


def test_blocks_are_made_once_and_read_back(folder):
    asked = []
    folder.fill(maker(asked))
    folder.fill(maker(asked))
    assert asked == [(0, 10), (10, 20), (20, 25)]
    assert np.array_equal(folder.whole(), ROWS)
    assert [len(block) for block in folder.stream()] == [10, 10, 5]
    assert folder.encodings() == {"PNG L": 25}


def test_a_stop_loses_one_block_at_most(folder):
    asked = []

    def stops(rows):
        if rows.start == 20:
            raise KeyboardInterrupt
        return maker(asked)(rows)

    with pytest.raises(KeyboardInterrupt):
        folder.fill(stops)
    with pytest.raises(DataError, match="absent or damaged; run the command again"):
        folder.whole()
    folder.fill(maker(asked))
    assert asked == [(0, 10), (10, 20), (20, 25)]
    assert np.array_equal(folder.whole(), ROWS)


@pytest.mark.parametrize("harm", ["cut", "flip", "foreign"])
def test_a_damaged_block_is_made_again(folder, harm):
    folder.fill(maker([]))
    path = sorted(folder.folder.glob("*.safetensors"))[1]
    data = bytearray(path.read_bytes())
    if harm == "cut":
        data = data[: len(data) // 2]
    elif harm == "flip":
        data[-3] ^= 255
    else:
        data = bytearray(sorted(folder.folder.glob("*.safetensors"))[2].read_bytes())
    path.write_bytes(data)
    with pytest.raises(DataError):
        folder.whole()
    asked = []
    folder.fill(maker(asked))
    assert asked == [(10, 20)]
    assert np.array_equal(folder.whole(), ROWS)


def test_the_key_is_the_content(tmp_path):
    def place(digest, **extractor):
        return FeatureFolder.of(tmp_path, set_digest=digest, extractor=extractor, n=3).folder

    assert place("sha256:a", name="x", size=3) == place("sha256:a", size=3, name="x")
    assert len({place("sha256:a", size=3), place("sha256:b", size=3), place("sha256:a", size=4)}) == 3
