"""How long a cell may take on one quiet core, before it is made."""

from bench.pipelines.data_board.plan import Task

# Seconds, measured on a core of an AMD EPYC with digits-sd and test_resnet at 32 x 32: a pass of one image through the
# generator, one of a lesson with its gradient, an image of a training step, and a judgement on all sets.
PASS, LESSON, IMAGE, JUDGEMENT, START = 0.0033, 0.012, 0.0011, 1.6, 1.5
# Augmentations that take more than a plain step, by how much.
SLOWER = {"augmix": 5.2, "pixmix": 2.7, "randaugment": 1.5, "trivialaugment": 1.2, "standard": 1.8}
SLOWER |= {"gflow": 1.7, "gflow-released": 7.0}
# Seconds that an augmentation takes to learn before the run.
LEARNED = {"gflow": 55.0}


def estimate(task: Task, *, learns: bool) -> float:
    """Seconds; `learns`: is it the first of those that share what a generator learns?"""
    protocol, row = task.settings.protocol, task.row
    augment = (row.augment or "").partition("?")[0]
    images = int(task.settings.recipe["splits"]["train"]) * 10 if task.settings.recipe else 0
    training = protocol.steps * protocol.batch * IMAGE * SLOWER.get(augment, 1.0)
    learning = row.lessons * LESSON * learns + LEARNED.get(augment, 0.0)
    return START + images * row.evaluations * PASS + learning + training + protocol.epochs * JUDGEMENT


def in_minutes(minutes: float) -> str:
    """`12 min`, or `40 s` below two minutes."""
    return f"{minutes:.0f} min" if minutes >= 2 else f"{60 * minutes:.0f} s"
