"""`predict`: what models answer on a track's sets, as prediction files; those that still hold are reused.

A run that was stopped goes on at the first block of images that is not answered yet, for each model and set.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from bench.core.images import ImageSet
from bench.core.model_ref import ModelRef
from bench.core.predictions import PredictionHeader
from bench.core.registry import look_up
from bench.core.track import Track
from bench.engines import ENGINES
from bench.models.classifier import Classifier
from bench.models.setting import Setting
from bench.pipelines.detection.detect import detect
from bench.pipelines.scoring import answering
from bench.pipelines.scoring.answering import Done, Question, Told, Work, answered, opened, told_by
from bench.pipelines.scoring.environment import library_versions
from bench.pipelines.tracks import open_set, sets_to_score
from bench.store.kept import KeptArrays
from bench.store.parts import Parts

PACKAGES = ("numpy", "pillow", "safetensors", "scikit-learn", "timm", "torch")
TEXT_FEATURES = 2**29


@dataclass(frozen=True)
class Means:
    """By what means models are asked; none changes more than the last digits of a probability.

    `workers`: chunks at work at once (default: one a core). `batch`: images asked at once. `kept_gib`:
    how much of the prepared images is kept for models to come.
    """

    device: str = "auto"
    backend: str = "auto"
    batch: int | None = None
    workers: int | None = None
    trust_code: bool = False
    engine: str = "local"
    kept_gib: float = 0.0


def predict(
    models: Sequence[str],
    track: Track,
    *,
    sets: Sequence[str] | None = None,
    data_root: Path,
    limit: int | None = None,
    means: Means = Means(),
    quiet: bool = False,
) -> list[Path]:
    """Prediction files of each different model on each set (default: every set that is ready), model by model.

    `limit`: at most that many images a set, marked in the file as not for publication. UsageError for
    an unknown model, set or backend; DataError for data or weights that are absent or damaged.
    """
    if track.task == "detection":
        return detect(models, track, sets=sets, data_root=data_root, limit=limit, workers=means.workers, quiet=quiet)
    setting = Setting(
        classes=track.classes,
        data_root=data_root,
        device=means.device,
        backend=means.backend,
        batch=means.batch,
        trust_code=means.trust_code,
        keep=KeptArrays(data_root / "cache" / "text-features", TEXT_FEATURES),
    )
    texts = tuple(dict.fromkeys(models))
    classifiers = opened(texts, setting, again=True)
    files: list[list[Path]] = []
    for name in sets or sets_to_score(track, data_root=data_root):
        question = Question(texts, setting, track, name, limit, means.workers, means.kept_gib)
        files.append(predict_set(question, classifiers, means.engine, quiet=quiet))
    return [of_set[index] for index in range(len(texts)) for of_set in files]


def predict_set(question: Question, models: Sequence[Classifier], engine: str, *, quiet: bool) -> list[Path]:
    """The files of opened models on one set, in their order; `question` is what other processes need to know."""
    track, name, data_root = question.track, question.set, question.setting.data_root
    whole = open_set(track, name, data_root=data_root)
    images = whole.first(question.limit)
    parts = [
        Parts(_path(data_root, model, images, name, track), _header(model, track, name, images, len(whole)))
        for model in models
    ]
    with ExitStack() as claims:
        for part in parts:
            if not part.whole():
                claims.enter_context(part.claimed())
        # Looked at again: another process may have come first.
        todo = [index for index, part in enumerate(parts) if not part.whole()]
        _answer(question, models, images, {index: parts[index] for index in todo}, engine=engine, quiet=quiet)
    return [part.path for part in parts]


def _answer(
    question: Question,
    models: Sequence[Classifier],
    images: ImageSet,
    todo: Mapping[int, Parts],
    *,
    engine: str,
    quiet: bool,
) -> None:
    """Answer the blocks that are missing of each model in `todo`, and join each model's blocks."""
    blocks = _blocks(images)
    work: list[Work] = []
    for start, ids in blocks.items():
        asked = tuple(index for index, part in todo.items() if not part.holds(start, ids))
        work += [(start, asked)] if asked else []
    seen: set[str] = set()
    for (start, answers), told in _done(question, models, images, work, engine=engine, quiet=quiet):
        for index, given in answers.items():
            backend, notice = told[index]
            todo[index].write(start, blocks[start], given, backend=backend)
            if notice and notice not in seen and not quiet:
                seen.add(notice)
                tqdm.write(f"note: {notice}", file=sys.stderr)
    for part in todo.values():
        part.join(blocks)


def _done(
    question: Question,
    models: Sequence[Classifier],
    images: ImageSet,
    work: Sequence[Work],
    *,
    engine: str,
    quiet: bool,
) -> Iterator[tuple[Done, Told]]:
    """Blocks as they are answered, by the threads of this process or by the workers of another engine."""
    run = look_up(ENGINES, engine, kind="engine")
    counts = {start: len(ids) for start, ids in _blocks(images).items()}
    total = sum(counts[start] * len(asked) for start, asked in work)
    with tqdm(total=total, desc=f"predict {question.set}", unit="image", disable=quiet or None, leave=False) as bar:
        if engine == "local":
            for done in answered(models, images, work, question, progress=bar.update):
                yield done, told_by(models, done[1])
            return
        alone = replace(question, threads=1)
        tasks = [(alone, one) for one in work]
        for done, told in run("bench.pipelines.scoring.answering:answer_task", tasks, workers=question.threads):
            bar.update(counts[done[0]] * len(done[1]))
            yield done, told


def _blocks(images: ImageSet) -> dict[int, tuple[str, ...]]:
    """First row -> the ids of a block, in the order of sorted ids."""
    ids = sorted(images.ids)
    return {start: tuple(ids[start : start + answering.BLOCK]) for start in range(0, len(ids), answering.BLOCK)}


def _header(model: Classifier, track: Track, name: str, images: ImageSet, whole: int) -> PredictionHeader:
    return PredictionHeader(
        track=track.name,
        set=name,
        dataset_digest=images.digest,
        classes_digest=track.classes_digest,
        kept_digest=images.kept_digest,
        model=model.model,
        preprocessing=model.preprocessing,
        versions=library_versions(PACKAGES),
        limited=len(images) < whole,
        weights=model.weights,
        title=model.title,
        declaration=model.declaration,
    )


def _path(data_root: Path, model: Classifier, images: ImageSet, name: str, track: Track) -> Path:
    folder = data_root / "predictions" / track.name / ModelRef.parse(model.model).slug
    return folder / f"{name}-{images.digest.removeprefix('sha256:')[:12]}.parquet"
