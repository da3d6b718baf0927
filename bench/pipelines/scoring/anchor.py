"""The anchor: stored predictions re-scored on the images that two versions share, so that both can stand side by side.

Scores on different versions are not comparable, and a leaderboard refuses to mix them. On the images that both
versions have, bit for bit, an answer given for the one holds for the other.
"""

from collections.abc import Sequence
from pathlib import Path

from bench.core.errors import DataError, UsageError
from bench.core.images import ImageSet
from bench.core.record import Record
from bench.core.registry import unknown
from bench.core.score import ScoreCard
from bench.core.track import Track
from bench.pipelines.scoring.score import score_on
from bench.store.predictions import read_predictions
from bench.store.versions import open_version


class AnchorRow(Record):
    """One model: top-1 on the version that it answered, and on the anchor with its interval; fractions."""

    model: str
    title: str
    version: str
    n: int
    top1: float
    anchor_top1: float
    anchor_interval: tuple[float, float]


class Anchor(Record):
    """`n` images of `split` that both `versions` have; `digest` is theirs. The best model comes first.

    `cards` are score cards on the anchor alone, which one board takes together.
    """

    track: str
    set: str
    versions: tuple[str, str]
    split: str
    n: int
    digest: str
    rows: tuple[AnchorRow, ...]
    cards: tuple[ScoreCard, ...]

    def __str__(self) -> str:
        lines = [f"anchor of {' and '.join(self.versions)}, {self.split}: {self.n} images, {self.digest}"]
        lines += [f"  {'model':<32}{'answered':<20}{'n':>7}  {'top-1':>6}  anchor  95 % interval"]
        for row in self.rows:
            low, high = (100 * bound for bound in row.anchor_interval)
            own = f"{row.n:>7}  {100 * row.top1:6.2f}"
            lines.append(
                f"  {row.title:<32}{row.version:<20}{own}  {100 * row.anchor_top1:6.2f}  {low:5.2f} to {high:6.2f}"
            )
        return "\n".join(lines)


def anchor(files: Sequence[Path | str], versions: tuple[str, str], *, track: Track, data_root: Path) -> Anchor:
    """Score prediction files about either version on the images that both have.

    UsageError for a file about another set; DataError for a version that was not made here, answers about neither
    version, and versions that share no image.
    """
    name, split = _set_of(track, versions)
    class_ids = tuple(one.id for one in track.classes)
    images = {one: open_version(one, data_root).image_set(split, class_ids) for one in versions}
    shared = _shared(*images.values())
    if not shared:
        raise DataError(f"{versions[0]} and {versions[1]} share no image of {split}; models must answer one of them")
    rows, cards = [], []
    for path in map(Path, files):
        predictions = read_predictions(path)
        header = predictions.header
        if header.set != name:
            raise UsageError(f"{path}: answers the set {header.set!r}, the two versions are the set {name!r}")
        about = next((one for one in versions if images[one].digest == header.dataset_digest), None)
        if about is None:
            raise DataError(
                f"{path}: answers the dataset {header.dataset_digest[:19]}…, which is neither {versions[0]}"
                f" nor {versions[1]} here; predict again on one of them"
            )
        own, card = (score_on(predictions, images[about], track=track, path=path, only=only) for only in (None, shared))
        rows.append(_row(own, card, name, about))
        cards.append(card)
    part = images[versions[0]].only(shared)
    order = sorted(range(len(rows)), key=lambda i: (-rows[i].anchor_top1, rows[i].title))
    return Anchor(
        track=track.name,
        set=name,
        versions=versions,
        split=split,
        n=len(shared),
        digest=part.digest,
        rows=tuple(rows[i] for i in order),
        cards=tuple(cards[i] for i in order),
    )


def _set_of(track: Track, versions: tuple[str, str]) -> tuple[str, str]:
    """The track's set that is a split of one of the versions, and the split."""
    for name, spec in track.sets.items():
        if spec.dataset in versions and spec.split:
            return name, spec.split
    known = [spec.dataset for spec in track.sets.values() if spec.dataset]
    raise UsageError(f"track {track.name}: {unknown(versions[0], known=known, kind='dataset version of its sets')}")


def _shared(old: ImageSet, new: ImageSet) -> frozenset[str]:
    """The ids of the images that both have, bit for bit, under one label."""
    before = {old.ids[i]: (old.sha256(i), int(old.labels[i])) for i in range(len(old))}
    return frozenset(
        new.ids[i] for i in range(len(new)) if before.get(new.ids[i]) == (new.sha256(i), int(new.labels[i]))
    )


def _row(own: ScoreCard, card: ScoreCard, name: str, about: str) -> AnchorRow:
    return AnchorRow(
        model=own.model,
        title=own.title,
        version=about,
        n=own.sets[name].n,
        top1=own.sets[name].top1,
        anchor_top1=card.sets[name].top1,
        anchor_interval=card.sets[name].interval,
    )
