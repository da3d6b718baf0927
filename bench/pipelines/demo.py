"""The digits benchmark end to end: generate, train, score, publish.

Every step is the verb that a user would run by hand, and reuses what is already there by digest.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from bench.core.record import Record
from bench.pipelines.boards.publish import Published, publish
from bench.pipelines.scoring.submit import submit
from bench.pipelines.tracks import load_track
from bench.pipelines.training.population import population, standard_plans
from bench.pipelines.training.train import train_all
from bench.pipelines.training.training_plan import Plan
from bench.pipelines.versions.generate import generate

TRACK = "digits"
ARMS: tuple[tuple[str, Literal["steps", "epochs"]], ...] = (
    ("real", "steps"),
    ("synthetic", "steps"),
    ("mixed", "steps"),
    ("mixed", "epochs"),
)


class Demo(Record):
    """What the demo made, and the seconds that each step took."""

    dataset: str
    published: Published
    seconds: dict[str, float]

    def __str__(self) -> str:
        steps = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.seconds.items())
        return f"{steps}; {sum(self.seconds.values()):.0f} s in all\n{self.dataset}\n{self.published}"


def demo(
    *, data_root: Path, board_dir: Path | None = None, seeds: int = 1, workers: int | None = None, quiet: bool = False
) -> Demo:
    """Run the whole chain on the track `digits`; boards go to `<data_root>/leaderboards` unless told otherwise."""
    track, boards = load_track(TRACK), board_dir or data_root / "leaderboards"
    seconds: dict[str, float] = {}

    step = timed(seconds)
    reference = track.synthetic.dataset if track.synthetic else None
    assert reference is not None, f"{TRACK}.yaml names its generated training data"
    made = step("generate", lambda: generate(reference, data_root=data_root, workers=workers, quiet=quiet))
    arms = [Plan(arm=arm, match=match, seed=seed) for seed in range(seeds) for arm, match in ARMS]
    # Arms and standard models together, so that no core waits for the last of the arms.
    plans = [*arms, *standard_plans(track)]
    runs = step("train", lambda: train_all(track, plans, data_root=data_root, workers=workers, quiet=quiet))
    models = [f"run:{run.id}" for run in runs[: len(arms)]]
    places: dict[str, Any] = {"data_root": data_root, "board_dir": boards, "quiet": quiet}
    step("score arms", lambda: submit(models, track=track, role="arm", **places))
    step("score standard models", lambda: population(track, workers=workers, **places))
    published = step("publish", lambda: publish(track, data_root=data_root, board_dir=boards))
    return Demo(dataset=f"{reference}: {made.note}", published=published, seconds=seconds)


def timed(seconds: dict[str, float]) -> Callable[[str, Callable[[], Any]], Any]:
    """A function that does a step, and writes down how long it took under its name."""

    def step(name: str, run: Callable[[], Any]) -> Any:
        start = time.monotonic()
        result = run()
        seconds[name] = round(time.monotonic() - start, 1)
        return result

    return step
