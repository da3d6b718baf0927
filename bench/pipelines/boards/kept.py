"""What is kept beside a board's cards, bound to the digests of what it shows.

The FID table, the contact sheets and the quality report need the images; kept, they let a board be published
again, byte for byte, without them.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bench.core.dataset_version import DatasetVersion
from bench.core.errors import DataError, UsageError
from bench.core.leaderboard import Distances
from bench.core.quality import how_drawn
from bench.core.record import Record, parse
from bench.core.score import ScoreCard
from bench.core.track import Track
from bench.pipelines.boards.version import with_findings
from bench.store.atomic import write_json

DISTANCES, VERSION = "distances.json", "version.json"
SEED = 0
R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Beside:
    """A board's folder, and where the images are; with `write` False the folder is read and nothing else."""

    folder: Path
    data_root: Path
    write: bool = True

    def read(self, kind: type[R], name: str) -> R | None:
        """The record that is kept as `name`, if any; a damaged one is a DataError."""
        path = self.folder / name
        if not path.is_file():
            return None
        try:
            return parse(kind, json.loads(path.read_bytes()), where=str(path))
        except (ValueError, UsageError) as error:
            what = error if isinstance(error, UsageError) else f"{path}: not JSON"
            raise DataError(f"{what}; remove the file and publish again") from None

    def keep(self, name: str, record: Record) -> None:
        """Write `record` there for the next time."""
        if self.write:
            write_json(self.folder / name, record.model_dump(mode="json"))


def distances_of(track: Track, cards: tuple[ScoreCard, ...], beside: Beside) -> Distances | None:
    """The FID table of the sets that the cards were scored on: kept, or computed where their images are here."""
    digests = cards[0].dataset_digests if cards else {}
    kept = beside.read(Distances, DISTANCES)
    if kept and any(kept.digests.get(name) != digest for name, digest in digests.items()):
        kept = None
    if track.oracle is None or (kept and kept.draw == how_drawn(SEED)):
        return kept
    from bench.pipelines.boards.distances import distances

    try:
        fresh = distances(track, data_root=beside.data_root, seed=SEED)
    except (DataError, UsageError):
        return kept
    if any(fresh.digests.get(name, digest) != digest for name, digest in digests.items()):
        return kept
    beside.keep(DISTANCES, fresh)
    return fresh


def version_of(track: Track, cards: tuple[ScoreCard, ...], beside: Beside) -> DatasetVersion | None:
    """The generated dataset that the cards were scored on, with what an audit and `diff` say of it by now."""
    source = track.synthetic.dataset if track.synthetic else None
    if source is None:
        return None
    generated = {name for name, spec in track.sets.items() if spec.dataset}
    used = {card.sets[name].dataset_digest for card in cards for name in generated & card.sets.keys()}
    kept = beside.read(DatasetVersion, VERSION)
    found = kept if kept and used <= set(kept.digests.values()) else None
    if found is None:
        from bench.pipelines.boards.sheets import dataset_version

        try:
            found = dataset_version(source, data_root=beside.data_root)
        except (DataError, UsageError):
            return None
        if not used <= set(found.digests.values()):
            return None
    found = with_findings(found, source, data_root=beside.data_root)
    if found != kept:
        beside.keep(VERSION, found)
    return found
