"""Files that are cut short or no images are named, whole ones are not."""

from pathlib import Path

from bench.sources.image_health import broken_files
from tests.trees import draw


def test_only_broken_files_are_named(tmp_path: Path) -> None:
    names = ["a.JPEG", "b.png", "cut.JPEG", "cut.png", "empty.jpg", "text.jpg", "trailing.jpg"]
    for value, name in enumerate(names):
        draw(tmp_path / name, value)
    for name in ("cut.JPEG", "cut.png"):
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("<html>quota exceeded</html>")
    trailing = tmp_path / "trailing.jpg"
    trailing.write_bytes(trailing.read_bytes() + bytes(500))  # odd, and whole
    assert broken_files(tmp_path, [*names, "gone.jpg"]) == ["cut.JPEG", "cut.png", "empty.jpg", "text.jpg", "gone.jpg"]
