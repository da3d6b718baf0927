"""What a stopped training goes on from: a disk that takes no more is one line, and leaves what was kept."""

import pytest
import torch
from torch import nn

from bench.core.errors import DiskError
from bench.training.resumable import Schedule, fit, repeat


def fitted(work, steps):
    network = nn.Linear(64, 64)
    return fit("one", network, lambda step, generator: network(torch.ones(1, 64)).sum(), Schedule(steps, 1e-3), work)


def repeated(work, steps):
    repeat("one", {"net": nn.Linear(64, 64)}, lambda step: 0.0, steps=steps, work=work)


@pytest.mark.parametrize("train", [fitted, repeated])
def test_a_full_disk_is_one_line_and_leaves_what_was_kept(tmp_path, largest_file, train):
    train(tmp_path, 2)
    kept = (tmp_path / "one.pt").read_bytes()
    with largest_file(4000), pytest.raises(DiskError, match=r"^cannot write .*/one\.pt: .*; make room") as caught:
        train(tmp_path, 3)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["one.pt"]
    assert (tmp_path / "one.pt").read_bytes() == kept
    train(tmp_path, 3)
    assert (tmp_path / "one.pt").read_bytes() != kept
