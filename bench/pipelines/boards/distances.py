"""The FID table of a board: training sources against test sets, by the track's oracle."""

from pathlib import Path

from bench.core.errors import DataError
from bench.core.leaderboard import Distances
from bench.core.quality import how_drawn
from bench.core.track import Track
from bench.pipelines.quality.class_distances import PRECISION, class_distances
from bench.pipelines.quality.features import features_of
from bench.pipelines.quality.image_sets import track_images
from bench.pipelines.tracks import sets_to_score

SOURCES = ("real", "synthetic")
DIGITS = 9  # significant enough to compare, few enough to be the same after another summation order


def distances(track: Track, *, data_root: Path, seed: int) -> Distances:
    """Mean over classes of the FID between each training source and each set, at equal n (methods.md 9.1).

    n is the largest number that every shared class of every set has. DataError where images are missing.
    """
    if track.oracle is None:
        raise DataError(f"track {track.name} names no oracle: no feature extractor for FID")
    names = (*SOURCES, *sets_to_score(track, data_root=data_root))
    opened = {name: track_images(track, name, data_root=data_root) for name in names}
    # It brings torch with it, which most boards can do without.
    from bench.models.extractor import open_extractor

    extractor = open_extractor(f"oracle:{track.oracle}", data_root=data_root)
    known = {name: features_of(one, extractor, data_root=data_root) for name, one in opened.items()}
    sources = {name: known.pop(name) for name in SOURCES}
    found = class_distances(sources, known, per_class=None, seed=seed)
    return Distances(
        extractor=extractor.card.name,
        extractor_digest=extractor.card.weights,
        dimension=sources["real"].features.shape[1],
        per_class=found.per_class,
        draw=how_drawn(seed),
        input=extractor.card.prepared,
        precision=f"{extractor.card.precision}, {PRECISION}",
        digests={name: side.card.digest for name, side in (sources | known).items()},
        values={
            source: {name: round(value, DIGITS) for name, value in row.items()} for source, row in found.means().items()
        },
    )
