"""From a WILDS dataset to what its networks are trained on and asked: examples, truth, domains."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.core.digests import content_digest
from bench.core.errors import DataError
from bench.core.wilds_run import WildsRun
from bench.sources.image_folder import list_tree, open_image
from bench.sources.image_health import sha256_of
from bench.sources.wilds_dataset import WildsData, WildsPart


@dataclass(frozen=True)
class Generated:
    """Generated images by class: `paths` [n], `labels` int64 [n], and the digest of names and files."""

    paths: tuple[Path, ...]
    labels: np.ndarray
    digest: str


def generated_images(folder: Path, data: WildsData) -> Generated:
    """The images of `folder`, in folders named by the number of the class; DataError for another name."""
    tree = list_tree(folder)
    paths: list[Path] = []
    labels: list[int] = []
    for name, files in tree.files.items():
        if not (name.isascii() and name.isdecimal() and int(name) < (data.classes or 0)):
            raise DataError(f"{folder / name}: expected folders named by class, 0 to {(data.classes or 0) - 1}")
        paths += [folder / name / file for file in files]
        labels += [int(name)] * len(files)
    if not paths:
        raise DataError(f"{folder}: no images in its folders")
    digest = content_digest((str(path.relative_to(folder)), sha256_of(path)) for path in paths)
    return Generated(tuple(paths), np.array(labels, dtype=np.int64), digest)


def training_examples(data: WildsData, run: WildsRun, generated: Generated | None, *, data_root: Path) -> Any:
    """The run's training material. Generated images are a domain of their own; `gflow` is learned first."""
    from bench.pipelines.wilds.redraw import learned_redraw
    from bench.training.wilds_fit import Material
    from bench.training.wilds_inputs import Examples

    part = data.parts["train"]
    if run.recipe.loss == "detection":
        boxed, truth, domains = _boxed(data, part, run), np.zeros(len(part)), _domains(data, run.recipe.domain)
        if run.augment == "gflow":
            boxed.redraw = learned_redraw(run, boxed, truth, data_root=data_root)
        return Material(boxed, truth, _dense(domains[part.rows]))
    rows = part.rows if run.arm != "synthetic" else part.rows[:0]
    truth, domains = np.asarray(part.truth)[: len(rows)], _domains(data, run.recipe.domain)[rows]
    paths: tuple[Path, ...] = ()
    if generated is not None:
        paths = generated.paths
        truth = np.concatenate([truth, generated.labels])
        domains = np.concatenate([domains, np.full(len(paths), domains.max(initial=-1) + 1)])
    read = partial(_read, data.package, tuple(rows.tolist()), paths)
    examples = Examples(read, len(truth), size=run.recipe.image_size, augment=run.augment, seed=run.seed)
    if run.augment == "gflow":
        examples.redraw = learned_redraw(run, examples, truth, data_root=data_root)
    return Material(examples, truth, _dense(domains))


def split_examples(data: WildsData, split: str, run: WildsRun) -> Any:
    """The examples of a split to be asked about, in the official order."""
    from bench.training.wilds_inputs import Examples

    part = data.parts[split]
    if run.recipe.loss == "detection":
        return _boxed(data, part, run)
    return Examples(partial(_read, data.package, tuple(part.rows.tolist()), ()), len(part), size=run.recipe.image_size)


def _boxed(data: WildsData, part: WildsPart, run: WildsRun) -> Any:
    """The images of a detection split with their boxes; what the run's augmentation is, training alone asks for."""
    from bench.augment.naive_boxes import naive
    from bench.models.detector_network import first_label
    from bench.training.wilds_inputs import BoxExamples

    augment = partial(naive, kinds=("flip",)) if run.augment != "none" else None
    read = partial(_read, data.package, tuple(part.rows.tolist()), ())
    return BoxExamples(read, part.truth, label=first_label(run.recipe.arch), augment=augment, seed=run.seed)


def _dense(domains: np.ndarray) -> np.ndarray:
    """Domains from 0 on without gaps, whatever countries or cameras a fold has."""
    return np.unique(domains, return_inverse=True)[1]


def _domains(data: WildsData, field: str) -> np.ndarray:
    column = data.package.metadata_fields.index(field)
    return data.package.metadata_array[:, column].numpy().astype(np.int64)


def _read(package: Any, rows: tuple[int, ...], paths: tuple[Path, ...], index: int) -> Any:
    """The index-th image: real ones first, then generated ones. A damaged one is a DataError."""
    if index >= len(rows):
        return open_image(paths[index - len(rows)]).convert("RGB")
    try:
        found = package.get_input(rows[index])
        # A PIL image is read only when it is asked for its pixels.
        return found.convert("RGB") if hasattr(found, "convert") else found
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise DataError(f"{package.data_dir}: image {rows[index]} cannot be read ({str(error)[:100]})") from None
