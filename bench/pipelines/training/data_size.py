"""`data-size`: a classifier for each amount of real and of generated data, at equal optimizer steps, on every set.

Cells are training runs as `train` keeps them, and their answers are prediction files: what is finished is kept,
whenever this is stopped. Effective robustness is read off the line of the board's standard models.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np

from bench.core.data_size import DataSizes, SizeCell, SizeRun
from bench.core.errors import UsageError
from bench.core.leaderboard import Mean
from bench.core.score import ScoreCard
from bench.core.track import Track
from bench.metrics.arms import mean_over_seeds
from bench.pipelines.boards.arms import mean_of
from bench.pipelines.boards.fits import Accuracies, Lines
from bench.pipelines.scoring.predict import predict
from bench.pipelines.scoring.score_set import score_set
from bench.pipelines.tracks import open_set, open_training_set, sets_to_score
from bench.pipelines.training.train import train_all
from bench.pipelines.training.training_plan import Plan
from bench.reports import data_size_plots, data_size_tables
from bench.store.atomic import write_bytes, write_json, write_text
from bench.store.cards import read_cards
from bench.store.paths import leaderboards_folder
from bench.store.predictions import read_predictions
from bench.store.runs import TrainedRun

SHARES = (0.1, 0.25, 0.5, 1.0)
RATIOS = (0.0, 0.5, 1.0, 2.0, 4.0)
TRANSFORM = "logit"


@dataclass(frozen=True)
class SizePlan:
    """`shares` of the real images, `ratios` of generated images to those; `steps` None: the track's."""

    shares: tuple[float, ...] = SHARES
    ratios: tuple[float, ...] = RATIOS
    seeds: int = 2
    steps: int | None = None


def data_size(
    track: Track,
    plan: SizePlan,
    *,
    data_root: Path,
    out: Path | None = None,
    board_dir: Path | None = None,
    workers: int | None = None,
    quiet: bool = False,
) -> DataSizes:
    """Train and score what is missing; with `out`, a folder of JSON, CSV, Markdown and figures.

    UsageError for shares or ratios out of range; otherwise errors as `train` and `predict` have them.
    """
    _check(track, plan)
    grid = list(product(sorted(plan.shares), sorted(plan.ratios)))
    plans = [_plan(share, ratio, plan, seed) for share, ratio in grid for seed in range(plan.seeds)]
    runs = train_all(track, plans, data_root=data_root, workers=workers, quiet=quiet)
    top1 = _top1(track, runs, data_root=data_root, quiet=quiet)
    cards = read_cards((board_dir or leaderboards_folder()) / track.name / "results")
    above, line = _robustness(track, runs, top1, [card for card in cards if card.role == "standard"])
    generated = open_training_set(track, "synthetic", data_root=data_root)
    scored = [_run(*one) for one in zip(runs, top1, above, strict=True)]
    cells = [
        _cell(track, place, runs[start], scored[start : start + plan.seeds])
        for start, place in zip(range(0, len(runs), plan.seeds), grid, strict=True)
    ]
    assert track.budget is not None
    found = DataSizes(
        track=track.name,
        arch=track.budget.arch,
        steps=runs[0].run.steps or 0,
        batch=track.budget.batch,
        seeds=tuple(range(plan.seeds)),
        real_set=open_training_set(track, "real", data_root=data_root).name,
        generated_set=generated.name,
        generated_images=len(generated),
        in_distribution=track.in_distribution,
        headline=track.headline.sets,
        titles={name: track.sets[name].title for name in top1[0]},
        line=line,
        cells=tuple(cells),
        command=_command(track, plan),
    )
    if out is not None:
        write_study(found, out)
    return found


def study_text(found: DataSizes) -> str:
    """The study as Markdown."""
    return data_size_tables.markdown(found)


def write_study(found: DataSizes, out: Path) -> None:
    """`data-size.json`, `table.csv`, `README.md` and the figures as SVG and PNG; equal studies give equal bytes."""
    write_json(out / "data-size.json", found.model_dump(mode="json"))
    write_text(out / "table.csv", data_size_tables.csv_table(found))
    write_text(out / "README.md", data_size_tables.markdown(found))
    for path, data in data_size_plots.render_all(found).items():
        write_bytes(out / path, data)


def _check(track: Track, plan: SizePlan) -> None:
    if track.budget is None or track.task != "classification":
        raise UsageError(f"track {track.name} trains no classifiers: data-size is for tracks that do")
    for share in plan.shares:
        if not 0 < share <= 1:
            raise UsageError(f"--share {share:g}: expected a share of the real images above 0 and at most 1")
    for ratio in plan.ratios:
        if not 0 <= ratio <= 100:
            raise UsageError(f"--ratio {ratio:g}: expected 0 to 100 generated images for each real one")
    for name, values in (("share", plan.shares), ("ratio", plan.ratios)):
        if len(set(values)) < len(values):
            raise UsageError(f"--{name}: a value stands twice")


def _plan(share: float, ratio: float, plan: SizePlan, seed: int) -> Plan:
    mixed = {"arm": "mixed", "ratio": ratio, "repeat": True} if ratio else {"arm": "real"}
    return Plan(fraction=share, steps=plan.steps, seed=seed, **mixed)


def _top1(track: Track, runs: Sequence[TrainedRun], *, data_root: Path, quiet: bool) -> list[dict[str, float]]:
    """Set -> top-1, of each run."""
    sets = sets_to_score(track, data_root=data_root)
    files = predict([f"run:{run.id}" for run in runs], track, sets=sets, data_root=data_root, quiet=quiet)
    images = {name: open_set(track, name, data_root=data_root) for name in sets}

    def share(file: Path, name: str) -> float:
        return score_set(read_predictions(file), images[name], classes=len(track.classes)).top1

    return [
        {name: share(files[row * len(sets) + column], name) for column, name in enumerate(sets)}
        for row in range(len(runs))
    ]


def _robustness(
    track: Track, runs: Sequence[TrainedRun], top1: Sequence[dict[str, float]], standard: Sequence[ScoreCard]
) -> tuple[list[dict[str, float]], str]:
    """Set -> effective robustness, of each run, and what line it is measured from."""
    data = Accuracies.of(track, tuple(standard))
    extra = np.full(len(runs), False)
    shares = {
        name: np.concatenate([values, [one.get(name, np.nan) for one in top1]]) for name, values in data.shares.items()
    }
    slugs = (*data.slugs, *(run.id for run in runs))
    joined = replace(data, slugs=slugs, standard=np.concatenate([data.standard, extra]), shares=shares)
    lines = Lines.of(track, joined)
    if not lines.sets:
        return [{} for _ in runs], f"no line: the board of {track.name} has no three standard models"
    found = lines.robustness()
    above = [{name: by[TRANSFORM].value for name, by in found[run.id].items()} for run in runs]
    return above, f"{TRANSFORM} line of the {int(data.standard.sum())} standard models of the board {track.name}"


def _run(run: TrainedRun, top1: dict[str, float], above: dict[str, float]) -> SizeRun:
    return SizeRun(seed=run.run.seed, run=run.id, accuracy=top1, robustness=above)


def _cell(track: Track, place: tuple[float, float], run: TrainedRun, runs: list[SizeRun]) -> SizeCell:
    real, *generated = run.run.data
    headline = track.headline.sets
    robust = [[one.robustness.get(name, np.nan) for name in headline] for one in runs]
    values = np.array(robust).mean(axis=1)
    return SizeCell(
        share=place[0],
        ratio=place[1],
        real=real.images,
        generated=sum(part.images for part in generated),
        distinct=max((part.images for part in generated), default=0),
        in_distribution=_mean([one.accuracy[track.in_distribution] for one in runs]),
        shifted=_mean([float(np.mean([one.accuracy[name] for name in headline])) for one in runs]),
        robustness=_mean(values.tolist()) if np.isfinite(values).all() else None,
        sets={name: _mean([one.accuracy[name] for one in runs]) for name in runs[0].accuracy},
        runs=tuple(runs),
    )


def _mean(values: list[float]) -> Mean:
    return mean_of(mean_over_seeds(np.array(values)))


def _command(track: Track, plan: SizePlan) -> str:
    options = [f"--seeds {plan.seeds}", *([f"--steps {plan.steps}"] if plan.steps else [])]
    if plan.shares != SHARES:
        options += [f"--share {share:g}" for share in plan.shares]
    if plan.ratios != RATIOS:
        options += [f"--ratio {ratio:g}" for ratio in plan.ratios]
    return f"python run_bench.py data-size --track {track.name} {' '.join(options)}"
