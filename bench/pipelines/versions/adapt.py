"""What a recipe's generator learns before it draws: which states that takes, and learning those that are not here.

A state's identity is all that it is learned from, so that recipes which learn the same share it. Whatever is drawn, it
is learned from training images: those of the first split of the recipe's conditioning that judges no model.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.core.digests import derive_seed, digest_json
from bench.core.errors import DataError, UsageError
from bench.core.real_images import EVALUATION
from bench.core.recipe import Adaptation, Recipe
from bench.core.registry import look_up
from bench.engines.local import run
from bench.sources.real_images import open_real_images
from bench.store.atomic import lock_folder
from bench.store.states import find_state, keep_state, state_path, work_folder
from bench.synthesis import ADAPTATIONS, LEARNS_FROM
from bench.synthesis.adaptation import Lesson, State, read_state
from bench.synthesis.parameters import for_each_class, read_adaptation

FITTED = {
    "dagan": "bench.pipelines.learned.dagan_fit:learn",
    "deepaugment": "bench.pipelines.learned.deepaugment_fit:learn",
    "gflow": "bench.pipelines.learned.gflow_fit:learn",
}
"""Learning that takes a loop of the gym: name -> `function(parameters, lesson, work folder) -> tensors`."""


@dataclass(frozen=True)
class Place:
    """Where states lie and are learned: the recipe as JSON, the data root, the device. It can be sent."""

    recipe_json: str
    data_root: str
    device: str

    @property
    def recipe(self) -> Recipe:
        """The recipe."""
        return _recipe(self.recipe_json)


@dataclass(frozen=True)
class LearnTask:
    """The state of the recipe's adaptation number `level`, for the images of one class."""

    place: Place
    class_id: str
    level: int
    quiet: bool = False


def learn_all(place: Place, class_ids: Iterable[str], *, workers: int | None, quiet: bool) -> int:
    """Learn what is not here yet for the images of each class, several at once; how many states were learned."""
    wanted, learned = list(class_ids), 0
    for level, one in enumerate(place.recipe.adaptations or ()):
        missing: dict[Path, LearnTask] = {}
        for class_id in wanted:
            path = _paths(place, class_id)[level]
            if find_state(path) is None:
                missing.setdefault(path, LearnTask(place, class_id, level, quiet))
        tasks, hidden = list(missing.values()), True if quiet or not missing else None
        bar = tqdm(total=len(tasks), desc=f"learn {one.name}", unit="state", disable=hidden)
        with (
            bar,
            closing(run("bench.pipelines.versions.adapt:learn", tasks, workers=workers, device=place.device)) as done,
        ):
            for _ in done:
                bar.update()
        learned += len(tasks)
    return learned


def state_files(place: Place, class_id: str) -> list[Path]:
    """Where the states behind the images of one class lie, or will, in the recipe's order."""
    return _paths(place, class_id)


def learn(task: LearnTask) -> str:
    """Learn one state, and those before it that are not here; the digest of its file."""
    # Imported here: it brings torch with it.
    from bench.training.resumable import silent

    with silent(task.quiet):
        return states_of(task.place, task.class_id, upto=task.level + 1)[-1].digest


def states_of(place: Place, class_id: str, *, upto: int | None = None) -> list[State]:
    """The states behind the images of one class, found or learned, in the recipe's order."""
    states: list[State] = []
    for level, path in enumerate(_paths(place, class_id)[:upto]):
        states.append(_found(path) or _learned(place, class_id, level, states))
    return states


def _found(path: Path) -> State | None:
    data = find_state(path)
    return None if data is None else read_state(data, str(path))


def _learned(place: Place, class_id: str, level: int, before: Sequence[State]) -> State:
    """Learned and kept; where another process is at it, what that one learns."""
    path = _paths(place, class_id)[level]
    with lock_folder(work_folder(path), wait=True):
        state = _found(path)
        if state is None:
            state = _learn(place, class_id, level, before)
            keep_state(path, state.data)
    return state


def state_file(place: Place, class_id: str) -> Path:
    """Where the last state behind the images of one class lies, once it is learned."""
    return _paths(place, class_id)[-1]


def _learn(place: Place, class_id: str, level: int, before: Sequence[State]) -> State:
    # Imported here: what only plans or finds states must not pull in torch.
    from bench.synthesis.diffusion import open_pipeline, settled

    recipe, one = place.recipe, _adaptations(place)[level]
    names = _names(recipe, one, class_id)
    sources = _sources(place, one, class_id)
    real = open_real_images(Path(place.data_root), recipe.conditioning) if recipe.conditioning else None
    class_name = names[class_id] if for_each_class(one) else ""
    lesson = Lesson(
        recipe=recipe,
        class_name=class_name,
        images=[real.read(source) for of in sources.values() for source in of] if real else [],
        names=[names[owner] for owner, of in sources.items() for _ in of],
        seed=derive_seed("learn", _keys(place, class_id)[level]),
    )
    if one.name in FITTED:
        # A folder in the one that is locked: a trainer locks its own.
        work = work_folder(_paths(place, class_id)[level]) / one.name
        tensors = look_up(FITTED, one.name, kind="adaptation")(read_adaptation(one), lesson, work)
        return State(one.name, class_name, f"{recipe.generator.name}@{recipe.generator.revision}", tensors)
    maker: Any = look_up(ADAPTATIONS, one.name, kind="adaptation")
    # Half a precision is enough to draw with, not to learn in.
    whole = recipe.generator.model_copy(update={"dtype": "float32"})
    with settled():
        pipeline = open_pipeline(recipe.model_copy(update={"generator": whole}), device=place.device, states=before)
        if not hasattr(pipeline, "unet") or not hasattr(pipeline, "text_encoder"):
            raise DataError(
                f"generator {recipe.generator.name!r} is a {type(pipeline).__name__}; {one.name} is learned by Stable"
                " Diffusion's classes alone"
            )
        tensors = maker(read_adaptation(one)).learn(pipeline, lesson)
    return State(one.name, class_name, f"{recipe.generator.name}@{recipe.generator.revision}", tensors)


def _paths(place: Place, class_id: str) -> list[Path]:
    keys = _keys(place, class_id)
    named = zip(_adaptations(place), keys, strict=True)
    return [state_path(Path(place.data_root), one.name, key) for one, key in named]


@lru_cache(maxsize=4096)
def _keys(place: Place, class_id: str) -> tuple[str, ...]:
    """The identity of each state: generator, what was learned before, parameters, class, real images, size."""
    recipe = place.recipe
    keys: list[str] = []
    for one in _adaptations(place):
        identity = {
            "adaptation": one.name,
            "parameters": read_adaptation(one).model_dump(mode="json"),
            "generator": recipe.generator.model_dump(mode="json", exclude={"licence"}),
            "before": keys[-1:],
            "names": _names(recipe, one, class_id),
            "sources": _sources(place, one, class_id),
            "size": recipe.size.model_dump(mode="json"),
            "mode": recipe.mode,
        }
        keys.append(digest_json(identity))
    return tuple(keys)


def _names(recipe: Recipe, one: Adaptation, class_id: str) -> dict[str, str]:
    """The classes that an adaptation learns about, by id: that one, all, or those that it names."""
    if source := _source(one):
        return {class_id: class_id for class_id in source}
    return {item.id: item.name for item in recipe.classes if item.id == class_id or not for_each_class(one)}


def _learns_once(one: Adaptation) -> bool:
    """Is one state learned from all images of its classes, whichever shots are drawn from?"""
    return bool(_source(one)) or getattr(read_adaptation(one), "images", "") == "all"


def _source(one: Adaptation) -> tuple[str, ...]:
    """The classes that it learns from, where it names them."""
    return tuple(getattr(read_adaptation(one), "source", ()))


def _sources(place: Place, one: Adaptation, class_id: str) -> dict[str, list[str]]:
    """The real images that it learns from, by class id; none where it needs none."""
    recipe = place.recipe
    if recipe.conditioning is None or "images" not in LEARNS_FROM[one.name]:
        return {}
    split = next((split for split in recipe.splits if split not in EVALUATION), None)
    if split is None:
        raise UsageError(f"{recipe.reference}: {one.name} learns from training images, and no split is made from any")
    whole = _learns_once(one)
    found = {owner: _sources_of(place, split, owner, whole=whole) for owner in _names(recipe, one, class_id)}
    for owner, sources in found.items():
        if not sources:
            raise DataError(f"{recipe.reference}: {one.name}: no real image of class {owner!r} for split {split!r}")
    return found


@lru_cache(maxsize=4096)
def _sources_of(place: Place, split: str, class_id: str, *, whole: bool) -> list[str]:
    conditioning = place.recipe.conditioning
    assert conditioning is not None
    if whole:
        conditioning = conditioning.model_copy(update={"shots": None, "trial": None})
    return open_real_images(Path(place.data_root), conditioning).sources(split, class_id)


def _adaptations(place: Place) -> tuple[Adaptation, ...]:
    return place.recipe.adaptations or ()


@lru_cache(maxsize=1)
def _recipe(text: str) -> Recipe:
    return Recipe.model_validate_json(text)
