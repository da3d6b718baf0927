"""`dagan`: accuracy on classes that DAGAN has not seen, with and without it, at few real images each (methods.md 11).

A recipe says what DAGAN learns and from which classes; the classes that it draws are those tested here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import timm
import torch
from safetensors.torch import load_file
from tqdm import tqdm

from bench.core.augmentation import Augmentation
from bench.core.dagan import HeldOut, HeldOutRow, QuotedRow
from bench.core.digests import digest_bytes
from bench.core.errors import UsageError
from bench.core.images import ImageSet
from bench.core.real_images import Conditioning
from bench.core.recipe import Recipe
from bench.core.track import Track
from bench.core.training_run import TrainingData, TrainingRun
from bench.metrics.arms import mean_over_seeds, paired_difference
from bench.pipelines.boards.arms import mean_of
from bench.pipelines.tracks import open_set, open_training_set
from bench.pipelines.training.augmentation import open_augmenter, settle_augmentation
from bench.pipelines.training.train import preprocessing_of
from bench.pipelines.versions.adapt import Place, learn_all, state_file
from bench.pipelines.versions.recipes import load_recipe
from bench.reports import dagan_table
from bench.store.atomic import write_json, write_text
from bench.store.runs import TrainedRun, find_run, run_folder, write_run
from bench.training.classifier import fit
from bench.training.fitting import pack
from bench.training.recipe import LABEL_SMOOTHING, MEAN, SCHEDULE, STD, WEIGHT_DECAY

SHOTS = (5, 15, 25)
STEPS, BATCH = 60, 32
PUBLISHED = (
    QuotedRow(shots=5, standard=0.0446948, dagan=0.125969),
    QuotedRow(shots=15, standard=0.39329, dagan=0.429385),
    QuotedRow(shots=25, standard=0.579942, dagan=0.584666),
)
PUBLISHED_SOURCE = (
    "VGG-Face, test accuracy by samples per class, as quoted in Trabucco's slides Generative Models For Data"
    " Augmentation (2023); its classifier and its number of generated images are not known"
)


@dataclass(frozen=True)
class HeldOutPlan:
    """What was asked for. `steps` of the classifier, the same with and without DAGAN."""

    shots: tuple[int, ...] = SHOTS
    seeds: int = 5
    steps: int = STEPS


@dataclass(frozen=True)
class _Held:
    """Classes that DAGAN has not seen, their real training images and their test images."""

    track: Track
    classes: tuple[str, ...]
    real: ImageSet
    test: ImageSet
    data_root: Path


def held_out(
    reference: str, track: Track, plan: HeldOutPlan, *, data_root: Path, out: Path | None = None, quiet: bool = False
) -> HeldOut:
    """Learn DAGAN where it is not learned yet, fit a classifier for each shots, arm and seed, compare on the test set.

    What is finished under `data_root` is kept. With `out`, a folder with `held-out.json` and `README.md`. UsageError
    for a recipe of another method, or without real images.
    """
    recipe = load_recipe(reference)
    conditioning, budget = recipe.conditioning, track.budget
    if recipe.method.name != "dagan" or conditioning is None or not recipe.adaptations:
        raise UsageError(f"{reference}: expected a recipe of the method dagan, got {recipe.method.name}")
    if budget is None or track.task != "classification":
        raise UsageError(f"track {track.name} trains no classifiers: dagan is for tracks that do")
    held = _held(recipe, track, plan, data_root=data_root)
    classes, place = held.classes, Place(recipe.model_dump_json(), str(data_root), "cpu")
    learn_all(place, classes[:1], workers=1, quiet=quiet)
    state = state_file(place, classes[0])
    rows = _rows(held, plan, str(Augmentation(name="dagan", parameters={"state": str(state)})), quiet=quiet)
    found = HeldOut(
        recipe=recipe.reference,
        recipe_digest=recipe.digest,
        state=digest_bytes(state.read_bytes()),
        track=track.name,
        source=_source(recipe),
        classes=classes,
        n=len(held.test),
        arch=budget.arch,
        steps=plan.steps,
        batch=BATCH,
        arms={"without": "real images as they are", "dagan": "half of each batch, on average, drawn by DAGAN"},
        seeds=tuple(range(plan.seeds)),
        rows=rows,
        published=PUBLISHED,
        published_source=PUBLISHED_SOURCE,
        command=_command(reference, track, plan),
    )
    if out is not None:
        write_json(out / "held-out.json", found.model_dump(mode="json"))
        write_text(out / "README.md", dagan_table.render(found))
    return found


def _held(recipe: Recipe, track: Track, plan: HeldOutPlan, *, data_root: Path) -> _Held:
    """Before anything is learned: what cannot be asked is refused at once."""
    classes = tuple(item.id for item in recipe.classes)
    if absent := set(classes) - set(track.class_ids):
        raise UsageError(f"{recipe.reference}: track {track.name} has no class {min(absent)!r}; name a track that has")
    if len(set(plan.shots)) < len(plan.shots):
        raise UsageError("--shots: a value stands twice")
    real = _only(open_training_set(track, "real", data_root=data_root), track, classes)
    test = _only(open_set(track, track.in_distribution, data_root=data_root), track, classes)
    _shots(real, max(plan.shots), 0)
    return _Held(track, classes, real, test, data_root)


def _rows(held: _Held, plan: HeldOutPlan, augment: str, *, quiet: bool) -> tuple[HeldOutRow, ...]:
    rows, arms = [], {"without": None, "dagan": settle_augmentation(augment)}
    total = len(plan.shots) * plan.seeds * len(arms)
    with tqdm(total=total, desc="held out", unit="run", disable=quiet or None) as bar:
        for shots in plan.shots:
            values: dict[str, list[float]] = {arm: [] for arm in arms}
            for seed in range(plan.seeds):
                images = _shots(held.real, shots, seed)
                for arm, said in arms.items():
                    run = _run(held, images, arm=arm, steps=plan.steps, seed=seed, augment=said)
                    values[arm].append(_accuracy(run, images, held))
                    bar.update()
            rows.append(_row(shots, values))
    return tuple(rows)


def held_out_text(found: HeldOut) -> str:
    """The comparison as Markdown."""
    return dagan_table.render(found)


def _only(images: ImageSet, track: Track, classes: Sequence[str]) -> ImageSet:
    """The images of some classes, labelled by their place among those."""
    labels = [track.class_ids.index(one) for one in classes]
    chosen = images.pick(np.flatnonzero(np.isin(images.labels, labels)))
    return replace(chosen, labels=np.array([labels.index(label) for label in chosen.labels]))


def _shots(images: ImageSet, shots: int, trial: int) -> ImageSet:
    """So many images of each class; those of fewer shots are among those of more. UsageError where there are fewer."""
    said, rows = Conditioning(source="held-out", splits={"train": "train"}, shots=shots, trial=trial), []
    for label in np.unique(images.labels):
        own = np.flatnonzero(images.labels == label)
        if len(own) < shots:
            raise UsageError(f"--shots {shots}: {images.name} has {len(own)} images of a class; ask for at most those")
        rows += [int(own[place]) for place in said.chosen(len(own), str(label))]
    return images.pick(np.array(sorted(rows)))


def _run(
    held: _Held, images: ImageSet, *, arm: str, steps: int, seed: int, augment: Augmentation | None
) -> TrainingRun:
    track, classes = held.track, held.classes
    assert track.budget is not None
    name = f"{images.name}, {len(images) // len(classes)} shots, trial {seed}"
    return TrainingRun(
        track=track.name,
        arm=f"held-out-{arm}",
        arch=track.budget.arch,
        data=(TrainingData(name=name, digest=images.digest, images=len(images)),),
        steps=steps,
        epochs=round(steps * BATCH / len(images), 6),
        batch=BATCH,
        learning_rate=track.budget.learning_rate,
        weight_decay=WEIGHT_DECAY,
        label_smoothing=LABEL_SMOOTHING,
        schedule=SCHEDULE,
        image_size=track.image_size or min(images.read(0).size),
        seed=seed,
        classes=classes,
        augment=augment,
    )


def _accuracy(run: TrainingRun, images: ImageSet, held: _Held) -> float:
    """Top-1 on the test set of the run, fitted now where it is not found."""
    test, data_root = held.test, held.data_root
    prepare = preprocessing_of(run, [images])
    pixels = prepare.pixels([images.read(i) for i in range(len(images))])
    found = find_run(data_root, run)
    if found is None:
        augment = open_augmenter(run, pixels, images.labels, data_root=data_root, quiet=True)
        fitted = fit(run, pixels, images.labels, augment=augment, quiet=True)
        model = pack(fitted.state, {})
        found = TrainedRun(
            run=run,
            file="model.safetensors",
            weights=digest_bytes(model),
            parameters=fitted.parameters,
            seconds=round(fitted.seconds, 3),
        )
        write_run(data_root, found, model)
    channels = pixels.shape[3] if pixels.ndim == 4 else 1
    network = timm.create_model(run.arch, in_chans=channels, num_classes=len(run.classes)).eval()
    network.load_state_dict(load_file(run_folder(data_root, run) / found.file))
    asked = torch.from_numpy(prepare.pixels([test.read(i) for i in range(len(test))]))
    asked = asked.permute(0, 3, 1, 2) if asked.ndim == 4 else asked[:, None]
    with torch.no_grad():
        answers = torch.cat([network((part / 255 - MEAN) / STD).argmax(1) for part in asked.float().split(100)])
    return float(np.mean(answers.numpy() == test.labels))


def _row(shots: int, values: dict[str, list[float]]) -> HeldOutRow:
    seeds = list(range(len(values["dagan"])))
    arrays = {arm: np.array(one) for arm, one in values.items()}
    others = [arm for arm in arrays if arm != "dagan"]
    return HeldOutRow(
        shots=shots,
        accuracy={arm: mean_of(mean_over_seeds(one)) for arm, one in arrays.items()},
        gain={
            arm: mean_of(paired_difference(arrays["dagan"], arrays[arm], seeds_a=seeds, seeds_b=seeds))
            for arm in others
        },
        values={arm: tuple(one) for arm, one in values.items()},
    )


def _source(recipe: Recipe) -> tuple[str, ...]:
    return tuple(str(one) for one in dict((recipe.adaptations or ())[0].parameters)["source"])


def _command(reference: str, track: Track, plan: HeldOutPlan) -> str:
    shots = " ".join(f"--shots {one}" for one in plan.shots)
    return (
        f"python run_bench.py dagan {reference} --track {track.name} {shots} --seeds {plan.seeds} --steps {plan.steps}"
    )
