"""`train` on a track of WILDS: one replicate of an algorithm by the official recipe, with its predictions."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from bench.core.errors import DataError, UsageError
from bench.core.registry import unknown
from bench.core.wilds import Algorithm, WildsRecipe, WildsTrack
from bench.core.wilds_answers import WildsAnswers
from bench.core.wilds_run import Augment, WildsRun
from bench.models.hub import hub_file
from bench.models.timm_model import WEIGHTS, pretrained_config
from bench.models.torch_network import device_of
from bench.models.weights_file import file_digest, read_state
from bench.pipelines.wilds.detector import detector_of, found_in
from bench.pipelines.wilds.figures import figures
from bench.pipelines.wilds.material import Generated, generated_images, split_examples, training_examples
from bench.pipelines.wilds.tracks import wilds_root
from bench.sources.wilds_dataset import WildsData, open_wilds
from bench.store.wilds_runs import (
    WildsTrained,
    read_trained,
    read_unfinished,
    write_predictions,
    write_trained,
    write_unfinished,
)

SCRATCH, COCO = "none", "coco"
ARMS = ("real", "synthetic", "mixed")


@dataclass(frozen=True)
class WildsPlan:
    """What was asked of `train`. `weights`: a file to start from, or `none`; default: what the recipe names."""

    algorithm: Algorithm = "erm"
    arm: Literal["real", "synthetic", "mixed"] = "real"
    augment: Augment = "none"
    seed: int = 0
    fold: str | None = None
    arch: str | None = None
    epochs: int | None = None
    batch: int | None = None
    image_size: int | None = None
    weights: str | None = None
    generated: Path | None = None


@dataclass(frozen=True)
class WildsPlaces:
    """Where data and runs lie, and what computes."""

    data_root: Path
    root: Path | None = None
    device: str = "auto"
    workers: int = 0
    quiet: bool = False


def train_wilds(track: WildsTrack, plan: WildsPlan, places: WildsPlaces) -> WildsTrained:
    """One replicate: fitted, or found again, with predictions for every split but `train` beside it.

    UsageError for options that do not go together; DataError where the data or the weights are not here.
    """
    recipe = _recipe(track, plan)
    fold = plan.fold or ("A" if track.replicate == "fold" else None)
    data = open_wilds(track, wilds_root(places.data_root, places.root), fold=fold)
    weights = _weights_file(recipe, plan)
    generated = generated_images(plan.generated, data) if plan.generated else None
    run = _run(track, plan, data, recipe, weights, generated)
    found = read_trained(places.data_root, run)
    return found or _fit(run, data, weights, generated, places)


def plan_of(said: dict[str, Any], *, arm: str | None, arch: str | None, seed: int) -> WildsPlan:
    """The plan of what was said on a command line, where None stands for the default."""
    if arm not in (None, *ARMS):
        raise UsageError(unknown(str(arm), known=ARMS, kind="arm"))
    given = {name: value for name, value in (said | {"arm": arm, "arch": arch}).items() if value is not None}
    return WildsPlan(seed=seed, **given)


def _recipe(track: WildsTrack, plan: WildsPlan) -> WildsRecipe:
    """The track's recipe with what the plan changes; UsageError for options that do not go together."""
    recipe = track.recipe
    if recipe is None:
        raise UsageError(f"track {track.name} has no training recipe: it evaluates predictions and trains nothing")
    _check(track, plan, recipe)
    said = {name: getattr(plan, name) for name in ("arch", "epochs", "batch", "image_size")}
    changes = {name: value for name, value in said.items() if value is not None}
    return recipe.model_copy(update=changes | ({"weights": None} if plan.weights is not None else {}))


def _check(track: WildsTrack, plan: WildsPlan, recipe: WildsRecipe) -> None:
    photographs = recipe.channels == 3
    if plan.algorithm not in recipe.algorithms:
        raise UsageError(f"--algorithm {plan.algorithm}: {track.name} has {', '.join(recipe.algorithms)}")
    if plan.augment == "randaugment" and recipe.loss == "detection":
        raise UsageError(f"--augment randaugment moves no boxes; {track.name} has flips and gflow")
    if plan.fold is not None and track.replicate != "fold":
        raise UsageError(f"--fold is for tracks of folds; {track.name} has seeds: give --seed")
    if plan.fold is not None and plan.fold not in track.replicates:
        raise UsageError(f"--fold {plan.fold!r}: expected one of {', '.join(track.replicates)}")
    if (plan.arm != "real") != (plan.generated is not None):
        raise UsageError(f"--arm {plan.arm}: generated images come by --generated, for arms synthetic and mixed")
    if plan.generated is not None and track.task != "classes":
        raise UsageError(f"--generated: {track.name} has no classes, so a folder a class says nothing about it")
    if plan.augment not in get_args(Augment):
        raise UsageError(f"--augment {plan.augment}: on tracks of WILDS expected {', '.join(get_args(Augment))}")
    if plan.augment == "randaugment" and not photographs:
        raise UsageError(f"--augment randaugment is for photographs; {track.name} has {recipe.channels} bands: flips")
    if plan.image_size is not None and not photographs:
        raise UsageError(f"--image-size is for photographs; the images of {track.name} are used as released")
    if recipe.weights is not None and plan.weights is None and plan.arch not in (None, recipe.arch):
        raise UsageError(
            f"--arch {plan.arch}: the recipe starts from {recipe.weights}; say --weights FILE of this architecture, or"
            " --weights none"
        )


def _weights_file(recipe: WildsRecipe, plan: WildsPlan) -> Path | None:
    if plan.weights == SCRATCH:
        return None
    if plan.weights is not None:
        return Path(plan.weights).expanduser()
    if recipe.weights is None:
        return None
    try:
        return _pretrained(recipe.weights)
    except DataError as error:
        raise DataError(f"{str(error).partition(';')[0]}; give a copy by --weights FILE, or --weights none") from None


def _pretrained(name: str) -> Path:
    if name == COCO:
        from bench.models.torchvision_detector import coco_weights

        return coco_weights()
    where = f"timm:{name}"
    config = pretrained_config(name, where=where)
    return hub_file(config.hf_hub_id, config.hf_hub_filename or WEIGHTS, where=where)


def _run(
    track: WildsTrack,
    plan: WildsPlan,
    data: WildsData,
    recipe: WildsRecipe,
    weights: Path | None,
    generated: Generated | None,
) -> WildsRun:
    part = data.parts["train"]
    real = len(part) if plan.arm != "synthetic" else 0
    return WildsRun(
        track=track.name,
        version=data.version,
        algorithm=plan.algorithm,
        arm=plan.arm,
        augment=plan.augment,
        recipe=recipe,
        weights=file_digest(weights) if weights else None,
        classes=data.classes or 1,
        images=real + (len(generated.labels) if generated else 0),
        data=part.digest,
        generated=(generated.digest, len(generated.labels)) if generated else None,
        replicate=("fold", data.fold) if data.fold else ("seed", str(plan.seed)),
        seed=plan.seed,
    )


def _fit(
    run: WildsRun, data: WildsData, weights: Path | None, generated: Generated | None, places: WildsPlaces
) -> WildsTrained:
    from bench.training.fitting import pack
    from bench.training.resumable import silent
    from bench.training.wilds_fit import Means, fit

    def keep(state: bytes) -> None:
        write_unfinished(places.data_root, run, state)

    means = Means(device_of(places.device), places.workers, read_unfinished(places.data_root, run), keep, places.quiet)
    select = run.recipe.select

    def judge(network: Any) -> float:
        try:
            return figures(data, select.split, _answers(run, network, data, select.split, means))[select.metric]
        except DataError:
            # A network that says the same of every image has no correlation: no epoch is worse.
            return float("-inf")

    network = _network(run, weights)
    with silent(places.quiet):
        examples = training_examples(data, run, generated, data_root=places.data_root)
    best, history = fit(run, network, examples, judge, means)
    network.load_state_dict(best)
    for split in data.parts:
        if split != "train":
            write_predictions(places.data_root, run, split, _answers(run, network, data, split, means))
    return write_trained(places.data_root, run, pack(best, {"arch": run.recipe.arch}), history)


def _network(run: WildsRun, weights: Path | None) -> Any:
    from bench.training.wilds_fit import network_of

    if run.recipe.loss == "detection":
        return detector_of(run, weights)
    return network_of(run, read_state(weights) if weights else None)


def _answers(run: WildsRun, network: Any, data: WildsData, split: str, means: Any) -> WildsAnswers:
    from bench.training.wilds_fit import outputs_of

    examples = split_examples(data, split, run)
    if run.recipe.loss == "detection":
        return found_in(network, examples, device=means.device)
    found = outputs_of(network, examples, batch=run.recipe.batch, means=means)
    return found.argmax(axis=1) if run.recipe.loss == "cross_entropy" else found[:, 0].astype(np.float64)
