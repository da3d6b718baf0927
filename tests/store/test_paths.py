from pathlib import Path

from bench.store.paths import data_root, version_folder


def test_the_order_of_data_roots(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("BENCH_DATA", raising=False)
    assert data_root() == tmp_path / "cache" / "imagenet-g-bench"
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "data"))
    assert data_root() == tmp_path / "data"
    assert data_root(tmp_path / "chosen") == tmp_path / "chosen"
    monkeypatch.delenv("BENCH_DATA")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert data_root() == Path.home() / ".cache" / "imagenet-g-bench"


def test_a_limited_version_lies_apart(tmp_path):
    assert version_folder(tmp_path, "a", "1.0.0") == tmp_path / "generated" / "a" / "1.0.0"
    assert version_folder(tmp_path, "a", "1.0.0", limit=8) == tmp_path / "generated" / "a" / "1.0.0-limit8"
