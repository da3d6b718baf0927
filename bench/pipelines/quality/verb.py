"""The verb `quality`: two sets, a version against a track, or two cards that were kept."""

import shlex
from pathlib import Path

from bench.core.errors import UsageError
from bench.core.quality import QualityCard, VersionQuality
from bench.core.record import Record
from bench.pipelines.quality.card import CardComparison, Settings, compare_cards
from bench.pipelines.quality.card import quality as compare_sets
from bench.pipelines.quality.report import pair_report, version_report, write_report
from bench.pipelines.tracks import load_track
from bench.store.paths import leaderboards_folder, quality_folder


class Choice(Record):
    """The options of the verb; `extractor` None takes the track's oracle, else Inception."""

    extractor: str | None = None
    per_class: int | None = None
    n: int | None = None
    infinity: bool = False
    interval: bool = False
    seed: int = 0
    limit: int | None = None
    device: str = "auto"
    quiet: bool = False

    def settings(self, oracle: str | None) -> Settings:
        """With the extractor that is used."""
        chosen = self.extractor or (f"oracle:{oracle}" if oracle else "inception")
        return Settings(**{**self.model_dump(), "extractor": chosen})


def quality(
    a: str,
    b: str | None,
    choice: Choice,
    *,
    track: str | None,
    judge: str | None,
    out: Path | None,
    board_dir: Path | None,
    data_root: Path,
) -> QualityCard | VersionQuality | CardComparison:
    """A card for two sets, a report for a version on a track, or a comparison of two card files."""
    if a.endswith(".json") and b and b.endswith(".json"):
        return compare_cards(Path(a), Path(b))
    if (b is None) == (track is None):
        raise UsageError("quality: expected two image sets A B, or A with --track; see imagenet-g quality --help")
    if judge and track is None:
        raise UsageError(f"--judge {judge} goes with --track: two sets are compared without asking what they show")
    command = _command(a, b, choice, track) + (f" --judge {shlex.quote(judge)}" if judge else "")
    if track is not None:
        found = load_track(track)
        settings = choice.settings(found.oracle)
        report = version_report(
            a,
            found,
            settings,
            judge=judge,
            data_root=data_root,
            boards=board_dir or leaderboards_folder(),
            command=command,
        )
        return write_report(report, out or quality_folder(data_root, a, found.name))
    card = compare_sets(a, b or "", choice.settings(None), data_root=data_root)
    if out is not None:
        write_report(pair_report(card, command), out)
    return card


def _command(a: str, b: str | None, choice: Choice, track: str | None) -> str:
    words = ["python", "run_bench.py", "quality", a, *([b] if b else []), *(["--track", track] if track else [])]
    for key in ("extractor", "per_class", "n", "seed", "limit"):
        value = getattr(choice, key)
        words += [f"--{key.replace('_', '-')}", str(value)] if value else []
    words += [f"--{key}" for key in ("infinity", "interval") if getattr(choice, key)]
    return shlex.join(words)
