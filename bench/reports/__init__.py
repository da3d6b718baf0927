"""**The presses**: one file for each format a result is published in; pure functions to text or bytes."""

# What one board is printed as, by path relative to its folder: a function of `Leaderboard` to text.
PRESSES = {
    "index.html": "bench.reports.page:render",
    "README.md": "bench.reports.markdown:render",
    "table.csv": "bench.reports.table_csv:render",
    "table.tex": "bench.reports.latex:render",
    "board.json": "bench.reports.board_json:render",
}

# What is many files: a function of `Leaderboard` to {path relative to the board's folder: text or bytes}.
FOLDERS = {
    "timm": "bench.reports.timm_csv:render_all",
    "hub": "bench.reports.hub_results:render_all",
}

# The figures: told which part of them, as a folder and as what the page takes of them.
FIGURES = {"plots": "bench.reports.page_charts:render_all"}

# Where a board can go besides its own folder: a function of `Leaderboard` and its files to the files of that place.
TARGETS = {"hub-space": "bench.reports.hub_space:render_all"}

# What the board of a WILDS dataset is printed as: a function of `WildsBoard` to text.
WILDS_PRESSES = {
    "index.html": "bench.reports.wilds_page:render",
    "README.md": "bench.reports.wilds_markdown:render",
    "table.csv": "bench.reports.wilds_csv:render",
    "table.tex": "bench.reports.wilds_latex:render",
    "board.json": "bench.reports.wilds_json:render",
}

# The same of a `DetectionBoard`.
DETECTION_PRESSES = {
    "index.html": "bench.reports.detection_page:render",
    "README.md": "bench.reports.detection_markdown:render",
    "table.csv": "bench.reports.detection_csv:render",
    "table.tex": "bench.reports.detection_latex:render",
    "board.json": "bench.reports.detection_json:render",
}
DETECTION_FILES = "bench.reports.detection_plots:render_all"

# The same of a `DataBoard`, which compares methods of making training data.
DATA_PRESSES = {
    "index.html": "bench.reports.data_page:render",
    "README.md": "bench.reports.data_markdown:render",
    "which.html": "bench.reports.data_which:render_page",
    "which.md": "bench.reports.data_which:render_markdown",
    "table.csv": "bench.reports.data_csv:render",
    "table.tex": "bench.reports.data_latex:render",
    "board.json": "bench.reports.data_json:render",
}
DATA_FILES = "bench.reports.data_plots:render_all"
