"""What a GFlowNet learns of few digits: a policy for each setting, against its reward and before the oracle.

python -m bench.pipelines.learned.gflow_digits [--data-root DIR] [--out DIR]

A setting that is done is kept under the data root, and the training of one that was stopped goes on.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from bench.core.digests import digest_json
from bench.core.errors import BenchError
from bench.core.gflow_digits import GflowDigits, GflowRow
from bench.core.gflow_settings import GflowSettings, ReleasedSettings
from bench.core.record import parse
from bench.pipelines.learned.gflow_measured import CLASSES, SHOWN, SIDE, Judged, judged_digits, measured
from bench.pipelines.learned.learned_augmenters import LEARNERS
from bench.pipelines.place import settle
from bench.reports import gflow_table
from bench.reports.contact_sheet import contact_sheet
from bench.store.atomic import write_bytes, write_json, write_text
from bench.store.paths import leaderboards_folder
from bench.training.fitting import one_thread

SETTINGS: Mapping[str, GflowSettings | ReleasedSettings] = {
    "default": GflowSettings(),
    "0.7 % of the images": GflowSettings(fraction=0.00679, least=1),
    "21 % of the images": GflowSettings(fraction=0.208, least=1),
    "learned order": GflowSettings(order="learned"),
    "informative order": GflowSettings(order="informative"),
    "Haar wavelets": GflowSettings(haar=True),
    "detailed balance": GflowSettings(loss="detailed"),
    "sub-trajectories": GflowSettings(loss="subtrajectory"),
    "flow matching": GflowSettings(loss="flow-matching"),
    "600 steps": GflowSettings(steps=600),
    "seed 1": GflowSettings(seed=1),
    "seed 2": GflowSettings(seed=2),
    "as released": ReleasedSettings(),
}
EACH = 100  # samples of a class, and unseen digits of it
ROW = "row.json"
COMMAND = "python -m bench.pipelines.learned.gflow_digits"


def study(
    settings: Mapping[str, GflowSettings | ReleasedSettings] = SETTINGS,
    *,
    data_root: Path,
    out: Path | None = None,
    each: int = EACH,
) -> GflowDigits:
    """Learn and measure what is not measured yet; with `out`, `gflow.json`, `README.md` and two pictures there.

    They are written after each setting, so that what is stopped leaves a table of what is done, which says what is not.
    """
    judged = judged_digits(each)
    folders = {name: _folder(name, one, judged, data_root) for name, one in settings.items()}
    with one_thread():
        for name, one in settings.items():
            if not (folders[name] / ROW).is_file():
                row = measured(name, one, judged, folders[name])
                write_json(folders[name] / ROW, row.model_dump(mode="json"))
                _written(folders, judged, out)
        return _written(folders, judged, out)


def _written(folders: Mapping[str, Path], judged: Judged, out: Path | None) -> GflowDigits:
    """What is measured so far."""
    done = {name: folder for name, folder in folders.items() if (folder / ROW).is_file()}
    real = judged.unseen[:, 0].numpy()
    found = GflowDigits(
        oracle=judged.oracle.name,
        oracle_digest=judged.oracle.digest,
        classes=CLASSES,
        real=judged.share(real),
        rows=tuple(_row(folder / ROW) for folder in done.values()),
        missing=tuple(name for name in folders if name not in done),
        command=COMMAND,
    )
    if out is not None:
        write_json(out / "gflow.json", found.model_dump(mode="json"))
        write_text(out / "README.md", gflow_table.render(found))
        for kind in ("samples", "redrawn"):
            strips = {name: folder / f"{kind}.png" for name, folder in done.items()}
            rows = [(name, _tiles(strip)) for name, strip in strips.items() if strip.is_file()]
            top = ("real, unseen", [Image.fromarray(one) for one in real[:SHOWN]])
            write_bytes(out / f"{kind}.png", contact_sheet([top, *rows], tile=2 * SIDE))
    return found


def _row(path: Path) -> GflowRow:
    return parse(GflowRow, json.loads(path.read_bytes()), where=str(path))


def _folder(name: str, settings: GflowSettings | ReleasedSettings, judged: Judged, data_root: Path) -> Path:
    kind = LEARNERS[type(settings)][0]
    digest = digest_json([name, kind, settings.model_dump(), judged.oracle.digest, judged.each])
    return data_root / "gflow-digits" / f"{kind}-{digest[7:23]}"


def _tiles(path: Path) -> list[Image.Image]:
    """The pictures of a strip."""
    strip = np.asarray(Image.open(path))
    return [Image.fromarray(one) for one in np.split(strip, strip.shape[1] // SIDE, axis=1)]


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data-root", type=Path, help="where policies are kept (else BENCH_DATA, else the cache)")
    parser.add_argument("--out", type=Path, help="where the table goes (else leaderboards/digits-gflow)")
    chosen = parser.parse_args(arguments)
    try:
        found = study(data_root=settle(chosen.data_root), out=chosen.out or leaderboards_folder() / "digits-gflow")
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(gflow_table.render(found), end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
