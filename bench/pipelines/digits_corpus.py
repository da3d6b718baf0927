"""The corpus that the generator `digits-sd` and the oracle learn from, rendered once and kept in a work folder."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from open_clip import OPENAI_IMAGENET_TEMPLATES

from bench.sources import styles

COUNT = 64_000
SEED = 20_260
_CHUNK = 500


def templates() -> list[str]:
    """The 80 CLIP templates as format strings with one {} for the class word."""
    return [template("{}") for template in OPENAI_IMAGENET_TEMPLATES]


def corpus(work: Path, *, count: int = COUNT, workers: int = 2) -> styles.Corpus:
    """The corpus of `count` captioned pictures: read from `work/corpus.npz`, else rendered and written there.

    After a change to a style, remove that file.
    """
    path = work / "corpus.npz"
    if path.exists():
        stored = np.load(path)
        if len(stored["labels"]) == count:
            return styles.Corpus(
                stored["images"], tuple(stored["captions"].tolist()), stored["labels"], stored["styles"]
            )
    parts = list(_rendered(count, workers))
    made = styles.Corpus(
        np.concatenate([part.images for part in parts]),
        tuple(caption for part in parts for caption in part.captions),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.styles for part in parts]),
    )
    work.mkdir(parents=True, exist_ok=True)
    temporary = work / "corpus.tmp.npz"
    np.savez(temporary, images=made.images, captions=np.array(made.captions), labels=made.labels, styles=made.styles)
    os.replace(temporary, path)
    return made


def _rendered(count: int, workers: int) -> Iterator[styles.Corpus]:
    started = time.monotonic()
    starts = range(0, count, _CHUNK)
    with ProcessPoolExecutor(workers) as pool:
        for done, part in enumerate(pool.map(_chunk, starts, [count] * len(starts)), start=1):
            yield part
            if done % 10 == 0 or done == len(starts):
                left = (time.monotonic() - started) / done * (len(starts) - done)
                print(
                    f"corpus: {min(done * _CHUNK, count)}/{count} pictures, {left:.0f} s left",
                    file=sys.stderr,
                    flush=True,
                )


def _chunk(start: int, count: int) -> styles.Corpus:
    return styles.make(range(start, min(start + _CHUNK, count)), templates(), seed=SEED)
