"""The images of one cell: real shots as the trial has them, and what a method makes of them, with its cost."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.core.data_cell import Settings
from bench.core.images import ImageSet
from bench.core.real_images import Conditioning
from bench.core.track import Track
from bench.pipelines.data_board.plan import write_recipe
from bench.pipelines.learned.spent import Spent, read_spent, spent_on
from bench.pipelines.tracks import open_training_set
from bench.pipelines.training.mixing import made_from, sources_of
from bench.pipelines.versions.adapt import Place, learn_all, state_files
from bench.pipelines.versions.generate import generate
from bench.pipelines.versions.recipes import load_recipe
from bench.store.atomic import write_json
from bench.store.versions import open_version


@dataclass(frozen=True)
class Drawn:
    """Generated images; `of[i]`: the rows of those made from real image i, or from none of its class's in particular.

    `from_source`: is each made from one real image?
    """

    images: ImageSet
    of: list[np.ndarray]
    from_source: bool
    reference: str
    recipe_digest: str
    learned: Spent
    drawn: Spent


def real_shots(track: Track, shots: int | None, trial: int, *, data_root: Path) -> ImageSet:
    """The real training images of a trial: of each class those that `Conditioning.chosen` draws, or all."""
    real = open_training_set(track, "real", data_root=data_root)
    if shots is None:
        return real
    choice = Conditioning(source="any", splits={"train": "train"}, shots=shots, trial=trial)
    rows = []
    for label in np.unique(real.labels):
        mine = np.flatnonzero(real.labels == label)
        rows += [mine[place] for place in choice.chosen(len(mine), str(label))]
    return real.pick(np.array(rows))


def draw_images(track: Track, settings: Settings, real: ImageSet, *, data_root: Path) -> Drawn | None:
    """What the method's recipe makes, found or drawn now in this process; None for a method that draws nothing."""
    if settings.recipe is None:
        return None
    path = write_recipe(data_root, settings)
    recipe = load_recipe(path)
    learned, drawn = _made(path, [one.id for one in recipe.classes], data_root)
    version = open_version(recipe.reference, data_root)
    images = version.image_set("train", [one.id for one in track.classes])
    sources = sources_of(version)
    return Drawn(
        images, made_from(real, images, sources), bool(sources), recipe.reference, recipe.digest, learned, drawn
    )


def _made(path: str, class_ids: Sequence[str], data_root: Path) -> tuple[Spent, Spent]:
    """Learn and draw what is not here; what all of it took, also where a part was made before this process began."""
    recipe = load_recipe(path)
    place = Place(recipe.model_dump_json(), str(data_root), "cpu")
    lessons: dict[Path, Spent] = {}
    for class_id in class_ids:
        files = state_files(place, class_id)
        with _measured() as measured:
            learned = learn_all(place, [class_id], workers=1, quiet=True)
        for file in files:
            kept = spent_on(data_root, file.stem)
            if learned and not kept.is_file():
                write_json(kept, measured[0].share(1 / learned).model_dump())
            lessons[file] = read_spent(kept)
    with _measured() as measured:
        report = generate(path, data_root=data_root, workers=1, quiet=True)
    kept = spent_on(data_root, f"drawn-{recipe.digest[7:31]}")
    if report.drawn:
        write_json(kept, measured[0].share(report.images / report.drawn).model_dump())
    return sum(lessons.values(), Spent()), read_spent(kept)


@contextmanager
def _measured() -> Iterator[list[Spent]]:
    """A list that holds, after the block, what it took in this process."""
    # It brings torch with it, which planning does without.
    from bench.synthesis.diffusion import EVALUATIONS

    spent: list[Spent] = []
    start, passed = time.process_time(), EVALUATIONS["images"]
    yield spent
    spent.append(Spent(seconds=time.process_time() - start, evaluations=EVALUATIONS["images"] - passed))
