"""The FID table of a board: training sources against test sets, by the track's oracle."""

from pathlib import Path

from bench.core.errors import DataError
from bench.core.leaderboard import Distances
from bench.core.track import Track
from bench.models.extractor import open_extractor
from bench.pipelines.class_distances import class_distances
from bench.pipelines.features import features_of, how_drawn
from bench.pipelines.image_sets import track_images
from bench.pipelines.quality_card import PRECISION
from bench.pipelines.tracks import sets_to_score

SEED = 0
DRAW = how_drawn(SEED)
DIGITS = 9  # significant enough to compare, few enough to be the same after another summation order


def distances(track: Track, *, data_root: Path) -> Distances:
    """Mean over classes of the FID between each training source and each set, at equal n (methods.md 9.1).

    n is the largest number that every shared class of every set has. DataError where images are missing.
    """
    if track.oracle is None:
        raise DataError(f"track {track.name} names no oracle: no feature extractor for FID")
    extractor = open_extractor(f"oracle:{track.oracle}", data_root=data_root)
    known = {
        name: features_of(track_images(track, name, data_root=data_root), extractor, data_root=data_root)
        for name in ("real", "synthetic", *sets_to_score(track, data_root=data_root))
    }
    sources = {name: known[name] for name in ("real", "synthetic")}
    sets = {name: side for name, side in known.items() if name not in sources}
    found = class_distances(sources, sets, per_class=None, seed=SEED)
    return Distances(
        extractor=extractor.card.name,
        extractor_digest=extractor.card.weights,
        dimension=known["real"].features.shape[1],
        per_class=found.per_class,
        draw=DRAW,
        input=extractor.card.prepared,
        precision=f"{extractor.card.precision}, {PRECISION}",
        digests={name: side.card.digest for name, side in known.items()},
        values={
            source: {name: round(value, DIGITS) for name, value in row.items()} for source, row in found.means().items()
        },
    )
