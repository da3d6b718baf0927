"""Who says what an image shows: an oracle, a classifier, or CLIP without training on the classes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.core.model_ref import ModelRef
from bench.core.quality import Consistency, Number, Share
from bench.core.track import Track
from bench.metrics.agreement import share_by_group
from bench.metrics.clip_score import clip_scores
from bench.models.door import open_model
from bench.models.extractor import ALIASES, open_extractor
from bench.models.oracle import open_oracle
from bench.pipelines.quality.features import features_of
from bench.pipelines.quality.image_sets import NamedSet

ZERO_SHOT = "a photo of a {}."
CONVENTION = "percent-cosine"
BLOCK = 1024


@dataclass(frozen=True)
class Answers:
    """Class ids [n] in the order of sorted image ids; `scores`: CLIP scores with the prompts, where there are any."""

    judge: str
    weights: str
    classes: np.ndarray
    scores: np.ndarray | None = None


def consistency(named: NamedSet, judge: str, track: Track, *, templates, data_root: Path, quiet: bool) -> Consistency:
    """Agreement of `judge` with the class of each image, by class and by template (of a generated version)."""
    answers = ask(named, judge, track, data_root=data_root, quiet=quiet)
    order = np.argsort(np.array(named.images.ids), kind="stable")
    ids, asked = np.array(named.images.ids)[order].tolist(), named.labels[order]
    right = answers.classes == asked
    prompts = [templates[named.items[one].template_id] for one in ids] if named.items and templates else []
    scores = {}
    if answers.scores is not None:
        scores = {"all": Number(value=float(answers.scores.mean()), n=len(ids))}
        for name in sorted(set(prompts)):
            chosen = answers.scores[np.array(prompts) == name]
            scores[name] = Number(value=float(chosen.mean()), n=len(chosen))
    return Consistency(
        judge=answers.judge,
        weights=answers.weights,
        overall=_shares(right, ["all"] * len(right))["all"],
        classes=_shares(right, asked),
        templates=_shares(right, prompts) if prompts else {},
        clip_score=scores,
        clip_convention=CONVENTION if scores else "",
    )


def ask(named: NamedSet, judge: str, track: Track, *, data_root: Path, quiet: bool) -> Answers:
    """What `judge` (`oracle:NAME`, `openclip:ARCH/TAG`, or a model reference) answers for each image."""
    source = ALIASES.get(judge, judge).partition(":")[0]
    ids = np.array([one.id for one in track.classes])
    if source == "openclip":
        return _clip(named, judge, track, ids, data_root=data_root, quiet=quiet)
    order = np.argsort(np.array(named.images.ids), kind="stable")
    if source == "oracle":
        oracle = open_oracle(judge.partition(":")[2])
        read, weights = (lambda block: oracle.read(block)[0]), oracle.digest
    else:
        model = open_model(ModelRef.parse(judge), classes=track.classes, data_root=data_root)
        read, weights = model.probabilities, model.weights
    best = [
        read([named.images.read(int(row)) for row in order[start : start + BLOCK]]).argmax(axis=1)
        for start in range(0, len(order), BLOCK)
    ]
    return Answers(judge, weights, ids[np.concatenate(best)])


def _clip(named: NamedSet, judge: str, track: Track, ids: np.ndarray, *, data_root: Path, quiet: bool) -> Answers:
    extractor = open_extractor(judge, data_root=data_root)
    assert extractor.read_text is not None
    found = features_of(named, extractor, data_root=data_root, quiet=quiet)
    texts = extractor.read_text([ZERO_SHOT.format(one.name) for one in track.classes])
    texts = texts / np.linalg.norm(texts, axis=1, keepdims=True)
    scores = None
    prompts = [named.items[one].prompt for one in found.ids.tolist()] if named.items else []
    if any(prompts):
        unique = sorted(set(prompts))
        read = dict(zip(unique, extractor.read_text(unique), strict=True))
        scores = clip_scores(found.features, np.stack([read[one] for one in prompts]), convention=CONVENTION)
    return Answers(extractor.card.name, extractor.card.weights, ids[(found.features @ texts.T).argmax(axis=1)], scores)


def _shares(right: np.ndarray, groups) -> dict[str, Share]:
    return {
        name: Share(right=hits, n=n, share=hits / n, interval=interval)
        for name, (hits, n, interval) in share_by_group(right, groups).items()
    }
