"""A board as a static Space of the Hugging Face hub: its files, and a README.md whose front matter configures it."""

import yaml

from bench.core.leaderboard import Leaderboard
from bench.reports.plain_text import one_line, shorten


def render_all(board: Leaderboard, files: dict[str, str | bytes]) -> dict[str, str | bytes]:
    """The files of the Space: those of the board, with the Space's settings before the text of README.md."""
    settings = {
        "title": shorten(one_line(f"ImageNet-G Bench: {board.title}"), 60),
        "sdk": "static",
        "app_file": "index.html",
        "pinned": False,
        "license": "mit",
        "short_description": shorten(one_line(board.question), 60),
        "tags": ["leaderboard", "image-classification", "robustness"],
    }
    front = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=1000)
    return files | {"README.md": f"---\n{front}---\n\n{files['README.md']}"}
