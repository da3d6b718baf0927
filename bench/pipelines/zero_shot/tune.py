"""`zero-shot`: tune a CLIP's text head on synthetic images and judge it by the sets of a track (methods.md 12)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from bench.core.digests import derive_seed
from bench.core.errors import DataError, UsageError
from bench.core.real_images import EVALUATION
from bench.core.recipe import SLOT
from bench.core.zero_shot import ZeroShotCard, ZeroShotSet
from bench.filters.of_many import kept_of_many
from bench.metrics.accuracy import proportion_interval
from bench.models.extractor import Extractor, open_extractor
from bench.pipelines.quality.features import features_of
from bench.pipelines.quality.image_sets import NamedSet, open_images, track_images
from bench.pipelines.scoring.environment import environment
from bench.pipelines.scoring.score_set import right_answers
from bench.pipelines.tracks import load_track, sets_to_score
from bench.sources.prompt_banks import prompt_bank
from bench.store.machine import library_versions
from bench.training.head_tuning import HeadTuning, tuned_heads


@dataclass(frozen=True)
class Wanted:
    """`model`: an open-clip extractor; `data`: a version, a set or a folder; `keep`: images a class, 0 for no filter.

    `templates`: the bank of prompts whose embeddings are a class's; `tuning`: how the head is fitted.
    """

    model: str
    data: str
    track: str
    keep: int = 800
    templates: str = "openai-imagenet-80"
    tuning: HeadTuning = field(default_factory=HeadTuning)


def zero_shot(wanted: Wanted, *, data_root: Path, device: str = "auto", quiet: bool = False) -> ZeroShotCard:
    """The card of the tuned head; UsageError where the model reads no text, or the data are of other classes."""
    track = load_track(wanted.track)
    extractor = open_extractor(wanted.model, data_root=data_root, device=device)
    if extractor.read_text is None or extractor.logit_scale is None:
        raise UsageError(f"{wanted.model}: has no text tower to begin with; expected openclip:ARCH/TAG")
    data = open_images(_training_split(wanted.data), data_root=data_root)
    if data.classes != track.class_ids:
        raise UsageError(f"{wanted.data}: its classes are not those of track {track.name}; choose another track")
    first = text_head(extractor, [one.name for one in track.classes], prompt_bank(wanted.templates))
    features, labels = _features(data, extractor, data_root, quiet)
    rows = _filtered(features @ first.T, labels, wanted)
    heads = list(tuned_heads(features[rows], labels[rows], first=first, tuning=wanted.tuning))
    names = sets_to_score(track, data_root=data_root)
    sets = {name: track_images(track, name, data_root=data_root) for name in names}
    return ZeroShotCard(
        model=wanted.model.partition("?")[0],
        weights=extractor.card.weights,
        track=track.name,
        data=data.text,
        data_digest=data.images.digest,
        images=len(labels),
        kept=len(rows),
        templates=wanted.templates,
        settings=asdict(wanted.tuning) | {"keep": wanted.keep},
        sets={
            name: _judged(one, extractor, first, heads, data_root=data_root, quiet=quiet) for name, one in sets.items()
        },
        environment=environment(library_versions()),
    )


def text_head(extractor: Extractor, names: Sequence[str], templates: Sequence[str]) -> np.ndarray:
    """float32 [C, d]: a class's mean normalised text embedding, of length 1 again, times the scale of logits."""
    assert extractor.read_text is not None
    assert extractor.logit_scale is not None
    rows = []
    for name in names:
        found = _normalised(extractor.read_text([template.replace(SLOT, name) for template in templates]))
        rows.append(found.mean(axis=0))
    head: np.ndarray = _normalised(np.stack(rows)) * extractor.logit_scale()
    return head.astype(np.float32)


def _training_split(text: str) -> str:
    """A version's `train` where no split is named; UsageError for a split that judges models."""
    name, at, rest = text.partition("@")
    if not at or Path(text).is_dir():
        return text
    version, _, split = rest.partition("/")
    if split in EVALUATION:
        raise UsageError(f"{text}: images of split {split} judge models; tune on {name}@{version}/train")
    return f"{name}@{version}/{split or 'train'}"


def _features(named: NamedSet, extractor: Extractor, data_root: Path, quiet: bool) -> tuple[np.ndarray, np.ndarray]:
    """Features of length 1 and class indices, in the order of sorted ids."""
    found = features_of(named, extractor, data_root=data_root, quiet=quiet)
    place = {class_id: index for index, class_id in enumerate(named.classes)}
    return _normalised(found.features), np.array([place[str(one)] for one in found.labels])


def _filtered(logits: np.ndarray, labels: np.ndarray, wanted: Wanted) -> np.ndarray:
    if not wanted.keep:
        return np.arange(len(labels))
    # In float64 and shifted by the largest, so that nothing overflows.
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    shares, classes = powers / powers.sum(axis=1, keepdims=True), logits.shape[1]
    kept = []
    for label in np.unique(labels):
        mine = np.flatnonzero(labels == label)
        seed = derive_seed("clip-filter", wanted.tuning.seed, int(label))
        kept.append(mine[kept_of_many(shares[mine, label], classes=classes, keep=wanted.keep, seed=seed)])
    return np.sort(np.concatenate(kept))


def _judged(
    named: NamedSet,
    extractor: Extractor,
    first: np.ndarray,
    heads: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    data_root: Path,
    quiet: bool,
) -> ZeroShotSet:
    features, _ = _features(named, extractor, data_root, quiet)
    images = named.images.pick(np.argsort(np.array(named.images.ids), kind="stable"))

    def right(weight: np.ndarray, bias: np.ndarray | float) -> int:
        logits = features @ weight.T + bias
        if images.kept is not None:
            logits[:, np.setdiff1d(np.arange(len(weight)), images.kept)] = -np.inf
        return int(right_answers(logits.argmax(axis=1)[:, None], images, classes=len(weight)).sum())

    n, counts = len(images), [right(*head) for head in heads]
    best = int(np.argmax(counts))
    return ZeroShotSet(
        n=n,
        text_head=right(first, 0.0) / n,
        tuned=counts[-1] / n,
        interval=proportion_interval(counts[-1], n),
        best=counts[best] / n,
        best_epoch=best + 1,
    )


def _normalised(rows: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    if not (lengths > 0).all():
        raise DataError("zero-shot: an embedding is zero; the model's weights are damaged")
    return np.asarray(rows / lengths)
