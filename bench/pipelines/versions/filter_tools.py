"""What filters get from the other shelves: classifiers, and real images."""

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
    classes: tuple[ClassName, ...], model: str, weights: str, *, device: str, data_root: Path
) -> Probabilities:
    """A function of images to probabilities [n, C]; DataError when its weights have another digest than `weights`."""
    found, answer = identified_classifier(classes, model, device=device, data_root=data_root)
    if weights != found:
        raise DataError(f"model {model}: its weights have digest {found}, the recipe expects {weights}")
    return answer


def identified_classifier(
    classes: tuple[ClassName, ...], model: str, *, device: str, data_root: Path
) -> tuple[str, Probabilities]:
    """The digest of its weights, and a function of images to probabilities [n, C]: `oracle:NAME`, or a model source."""
    if model.startswith(ORACLE):
        from bench.models.oracle import open_oracle

        oracle = open_oracle(model.removeprefix(ORACLE))
        if oracle.classes != len(classes):
            raise DataError(f"model {model}: answers for {oracle.classes} classes, the dataset has {len(classes)}")
        return oracle.digest, oracle.probabilities
    from bench.models.door import open_model

    opened = open_model(ModelRef.parse(model), classes=classes, device=device, data_root=data_root)
    return opened.weights, partial(opened.probabilities, workers=1)
