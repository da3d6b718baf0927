"""What filters get from the other shelves: classifiers, and real images."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.core.classes import ClassName
from bench.core.errors import DataError
from bench.core.images import ImageSet
from bench.core.model_ref import ModelRef
from bench.core.recipe import Recipe
from bench.core.registry import look_up
from bench.filters.rule import Probabilities, Tools
from bench.sources import SOURCES
from bench.store import paths

ORACLE = "oracle:"


def filter_tools(recipe: Recipe, *, device: str, data_root: str = "") -> Tools:
    """Tools for the rules of `recipe`; nothing is loaded before a rule asks. `data_root`: empty for the default."""
    root = paths.data_root(data_root)
    return Tools(
        class_ids=tuple(one.id for one in recipe.classes),
        classifier=partial(classifier, recipe.classes, device=device, data_root=root),
        real_images=partial(real_images, data_root=root),
        device=device,
    )


def real_images(name: str, *, data_root: Path) -> ImageSet:
    """A real set by its name in `bench/sources/`."""
    return look_up(SOURCES, name, kind="source")(data_root)


def classifier(
    classes: tuple[ClassName, ...], model: str, weights: str | None, *, device: str, data_root: Path
) -> Probabilities:
    """A function of images to probabilities [n, C]: `oracle:NAME`, or a model source.

    DataError when its weights are not those of the digest `weights`; None takes any.
    """
    found, answer = _opened(classes, model, device=device, data_root=data_root)
    if weights not in (None, found):
        raise DataError(f"model {model}: its weights have digest {found}, the recipe expects {weights}")
    return answer


def _opened(
    classes: tuple[ClassName, ...], model: str, *, device: str, data_root: Path
) -> tuple[str, Callable[..., object]]:
    if model.startswith(ORACLE):
        from bench.models.oracle import open_oracle

        oracle = open_oracle(model.removeprefix(ORACLE))
        return oracle.digest, oracle.probabilities
    from bench.models.door import open_model

    opened = open_model(ModelRef.parse(model), classes=classes, device=device, data_root=data_root)
    return opened.weights, partial(opened.probabilities, workers=1)
