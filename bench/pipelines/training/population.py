"""The standard models of a track: trained on real data only, scored, and filed for the robustness line."""

from pathlib import Path

from bench.core.score import ScoreCard
from bench.core.track import Track
from bench.pipelines.scoring.submit import submit
from bench.pipelines.training.train import train_all
from bench.pipelines.training.training_plan import Plan


def population(
    track: Track,
    *,
    data_root: Path,
    board_dir: Path | None = None,
    workers: int | None = None,
    quiet: bool = False,
) -> list[ScoreCard]:
    """Train, or find again, every model of `track.standard` and submit them together, role `standard`."""
    runs = train_all(track, standard_plans(track), data_root=data_root, workers=workers, quiet=quiet)
    models = [f"run:{run.id}" for run in runs]
    if not models:
        return []
    return submit(models, track=track, data_root=data_root, board_dir=board_dir, role="standard", quiet=quiet)


def standard_plans(track: Track) -> list[Plan]:
    """How the standard models are trained: on real data, one seed."""
    return [Plan(arm="real", arch=model.arch, steps=model.steps, fraction=model.fraction) for model in track.standard]
