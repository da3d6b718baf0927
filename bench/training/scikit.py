"""Fitting scikit-learn classifiers: the standard population's simple members, as the ImageNet testbed has them.

Each sees flattened pixels in [0, 1]. Saved with skops, never pickled, with fixed dates in the archive.
"""

import io
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import skops.io
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from bench.core.digests import derive_seed
from bench.core.registry import look_up
from bench.core.training_run import TrainingRun

PREFIX = "sklearn:"
METADATA = "imagenet-g.json"
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)

CLASSIFIERS: dict[str, Callable[[int], Any]] = {
    "tree-5": lambda seed: DecisionTreeClassifier(max_depth=5, random_state=seed),
    "tree": lambda seed: DecisionTreeClassifier(random_state=seed),
    "naive-bayes": lambda seed: GaussianNB(var_smoothing=0.1),
    "pca4-lda": lambda seed: make_pipeline(PCA(4, random_state=seed), LinearDiscriminantAnalysis()),
    "pca8-logistic": lambda seed: make_pipeline(PCA(8, random_state=seed), LogisticRegression(max_iter=300)),
    "lda": lambda seed: LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1),
    "logistic": lambda seed: LogisticRegression(C=0.05, max_iter=200),
    "knn-1": lambda seed: KNeighborsClassifier(1, algorithm="brute"),
    "knn-5": lambda seed: KNeighborsClassifier(5, algorithm="brute"),
    "forest-10": lambda seed: RandomForestClassifier(10, random_state=seed),
    "forest-100": lambda seed: RandomForestClassifier(100, random_state=seed),
    "extra-trees-100": lambda seed: ExtraTreesClassifier(100, random_state=seed),
    "svm-linear": lambda seed: LinearSVC(C=0.003, random_state=seed),
    "svm-rbf": lambda seed: make_pipeline(PCA(40, random_state=seed), SVC(C=5.0)),
}
"""Name (after `sklearn:`) -> `function(seed)`, an unfitted estimator."""


@dataclass(frozen=True)
class FittedEstimator:
    """`estimator`: fitted; `seconds`: of fitting."""

    estimator: Any
    seconds: float


def fit_estimator(run: TrainingRun, images: np.ndarray, labels: np.ndarray) -> FittedEstimator:
    """Fit `run.arch` (`sklearn:NAME`) on images uint8 [n, h, w] or [n, h, w, 3] and labels int64 [n].

    UsageError for an unknown name.
    """
    started = time.monotonic()
    make = look_up(CLASSIFIERS, run.arch.removeprefix(PREFIX), kind="scikit-learn classifier")
    estimator = make(derive_seed("scikit", run.arch, run.seed))
    pixels = images.reshape(len(images), -1).astype(np.float32) / 255
    estimator.fit(pixels, labels)
    return FittedEstimator(estimator, time.monotonic() - started)


def pack_estimator(estimator: Any, metadata: dict[str, str]) -> bytes:
    """A skops archive as bytes, with `metadata` as one more entry that skops itself passes over."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(skops.io.dumps(estimator))) as source,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target,
    ):
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), source.read(name), zipfile.ZIP_DEFLATED)
        text = json.dumps(metadata, sort_keys=True)
        target.writestr(zipfile.ZipInfo(METADATA, _ZIP_EPOCH), text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
