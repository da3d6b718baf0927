"""The command that makes one row of a board again, as it is typed into a shell."""

import shlex

from bench.core.detection_score import DetectionCard
from bench.core.score import ScoreCard
from bench.core.track import Track
from bench.core.training_run import TrainingRun
from bench.models import MODEL_SOURCES
from bench.pipelines.robustness.populations import Choice

PROGRAM = "python run_bench.py"
FILE = "file:"  # what the model of a CSV, or of COCO results, is called when its sender gave no name
DETECTION = "detection"


def of_card(track: Track, card: ScoreCard | DetectionCard) -> str:
    """Train where we trained, then submit; where only predictions came, submit the file with them."""
    submit = f"{PROGRAM} submit {_submitted(track, card)} --track {shlex.quote(track.name)}"
    run = card.declaration.training
    if run is None:
        return submit
    return f"{PROGRAM} train {' '.join(_training(track, run))} && {submit}"


def of_published(population: str, choice: Choice, axes: dict[str, str], model: str) -> str:
    """Effective robustness of one model of a published table, by the lines that the board has.

    `axes`: for each shifted set the set on its x-axis; a command for each of those.
    """
    given = [("population", population), ("types", choice.types_file), *(("type", one) for one in choice.types)]
    given += [("unit", choice.unit), ("key", choice.key), *(("exclude", one) for one in choice.exclude or ())]
    commands = []
    for x in dict.fromkeys(axes.values()):
        asked = [("model", model), ("x", x), *(("y", y) for y, on in axes.items() if on == x)]
        options = (f"--{name} {shlex.quote(str(value))}" for name, value in given + asked if value is not None)
        commands.append(f"{PROGRAM} robustness {' '.join(options)}")
    return " && ".join(commands)


def _submitted(track: Track, card: ScoreCard | DetectionCard) -> str:
    source = card.model.partition(":")[0]
    if source in MODEL_SOURCES:
        return shlex.quote(card.model) + (" --trust-code" if source == "py" else "")
    if card.model.startswith(FILE) and len(card.sets) == 1:
        ending = "json" if track.task == DETECTION else "csv"
        return f"{shlex.quote(card.model.removeprefix(FILE))}.{ending} --set {shlex.quote(*card.sets)}"
    return "PREDICTIONS.parquet"


def _training(track: Track, run: TrainingRun) -> list[str]:
    options = [f"--track {shlex.quote(track.name)}", f"--arm {run.arm}", f"--arch {run.arch}", f"--seed {run.seed}"]
    real, *generated = run.data
    if run.arm == "mixed" and generated and track.task != DETECTION:
        options.append(f"--ratio {generated[0].images / real.images:g}")
    steps = run.steps
    if run.match == "epochs":
        options.append("--match epochs")
        # Only the mixed arm's record tells the number of real images, to which its steps were matched.
        steps = steps and round(steps * real.images / sum(part.images for part in run.data)) if generated else None
    options += [f"--steps {steps}"] if steps else []
    options += [f"--mix-probability {run.mix:g}"] if run.mix is not None else []
    options += [f"--augment {shlex.quote(str(run.augment))}"] if run.augment else []
    return options + ([f"--fraction {run.fraction:g}"] if run.fraction < 1 else [])
