"""The detection benchmark on digits end to end: train the arms, detect, score, publish.

Every step is the verb that a user would run by hand, and reuses what is already there by digest.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from bench.core.detection_score import DetectionCard
from bench.core.errors import UsageError
from bench.core.record import Record
from bench.pipelines.boards.publish import Published, publish
from bench.pipelines.demo import timed
from bench.pipelines.scoring.submit import submit
from bench.pipelines.tracks import load_track
from bench.pipelines.training.train import train_all
from bench.pipelines.training.training_plan import Plan

TRACK = "digits-detect"
ARMS = ("real", "naive", "synthetic", "mixed")


class DetectDemo(Record):
    """What was made, and the seconds that each step took."""

    cards: tuple[DetectionCard, ...]
    published: Published
    seconds: dict[str, float]

    def __str__(self) -> str:
        steps = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.seconds.items())
        cards = "\n".join(map(str, self.cards))
        return f"{cards}\n{steps}; {sum(self.seconds.values()):.0f} s in all\n{self.published}"


def digits_detect(
    *,
    data_root: Path,
    board_dir: Path | None = None,
    arms: Sequence[str] = ARMS,
    seeds: int = 1,
    workers: int | None = None,
    quiet: bool = False,
) -> DetectDemo:
    """Run the chain on the track `digits-detect`; boards go to `<data_root>/leaderboards` unless told otherwise.

    UsageError, before anything is trained, where what scores boxes is not installed.
    """
    if find_spec("pycocotools") is None:
        raise UsageError('digits-detect scores boxes by pycocotools: pip install "imagenet-g-bench[detection]"')
    track, boards = load_track(TRACK), board_dir or data_root / "leaderboards"
    seconds: dict[str, float] = {}

    step = timed(seconds)
    plans = [Plan(arm=arm, seed=seed) for seed in range(seeds) for arm in arms]
    runs = step("train", lambda: train_all(track, plans, data_root=data_root, workers=workers, quiet=quiet))
    models = [f"run:{run.id}" for run in runs]
    cards = step(
        "detect and score",
        lambda: submit(models, track=track, data_root=data_root, board_dir=boards, role="arm", quiet=quiet),
    )
    published = step("publish", lambda: publish(track, data_root=data_root, board_dir=boards))
    return DetectDemo(cards=tuple(cards), published=published, seconds=seconds)
