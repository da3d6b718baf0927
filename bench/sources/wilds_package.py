"""The `wilds` package, imported so that it works here: no look-up of its latest version, no `torch_scatter`.

Its group averages ask for `torch_scatter`, which has no build for current torch; `averaging` puts a stand-in for the
one function that they call in its place. Needs the extra `wilds`.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np

from bench.core.errors import DataError

INSTALL = 'pip install "imagenet-g-bench[wilds]"'


def wilds_package() -> Any:
    """The module `wilds`; DataError with the remedy where it is not installed."""
    if "wilds" not in sys.modules:
        if find_spec("wilds") is None:
            raise DataError(f"the wilds package is not installed: {INSTALL}")
        absent = object()
        before = sys.modules.get("outdated", absent)
        # With the module `outdated` it would ask the network for its latest version, in a thread, at import.
        sys.modules["outdated"] = None  # type: ignore[assignment]
        try:
            with redirect_stdout(sys.stderr):
                import wilds  # noqa: F401
        except ImportError as error:
            raise DataError(f"the wilds package cannot be imported ({error}): {INSTALL}") from None
        finally:
            if before is absent:
                del sys.modules["outdated"]
            else:
                sys.modules["outdated"] = before  # type: ignore[assignment]
    return sys.modules["wilds"]


def package_mean(values: np.ndarray) -> float:
    """The mean of float [n] in its own precision, added up in torch's order, as the package has it."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(values)).mean().item()


@contextmanager
def averaging() -> Iterator[None]:
    """Inside, the package can average by group, with `torch_scatter` or without."""
    if "torch_scatter" in sys.modules or find_spec("torch_scatter") is not None:
        yield
        return
    stand_in = ModuleType("torch_scatter")
    stand_in.scatter = scatter  # type: ignore[attr-defined]
    sys.modules["torch_scatter"] = stand_in
    try:
        yield
    finally:
        del sys.modules["torch_scatter"]


def scatter(src: Any, index: Any, *, dim_size: int, reduce: str) -> Any:
    """`torch_scatter.scatter` as the package calls it: means of `src` [n] by `index` [n], 0 for what has none."""
    if reduce != "mean" or src.ndim != 1:
        raise NotImplementedError(f"the stand-in for torch_scatter takes means of vectors, got {reduce!r}")
    sums = src.new_zeros(dim_size).scatter_add_(0, index, src)
    sizes = src.new_zeros(dim_size).scatter_add_(0, index, src.new_ones(len(src)))
    return sums / sizes.clamp_(min=1)
