"""The laws of fitting: same record, same weights; resumed is undisturbed; every refusal one line."""

import numpy as np
import pytest
import torch
from safetensors.torch import load

from bench.core.errors import BenchError, DataError, UsageError
from bench.core.training_run import TrainingData, TrainingRun
from bench.training import classifier
from bench.training.classifier import fit
from bench.training.fitting import Checkpoints, pack
from bench.training.recipe import rate_at


def record(**changes) -> TrainingRun:
    said = {
        "track": "toy",
        "arm": "real",
        "arch": "test_resnet",
        "data": (TrainingData(name="toy", digest="sha256:0", images=40),),
        "steps": 5,
        "batch": 16,
        "learning_rate": 0.003,
        "weight_decay": 0.05,
        "label_smoothing": 0.1,
        "image_size": 32,
        "classes": tuple("0123456789"),
    }
    return TrainingRun.model_validate(said | changes)


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.integers(0, 256, (40, 32, 32), dtype=np.uint8), np.arange(40) % 10


def weights(run: TrainingRun, digits, checkpoints: Checkpoints | None = None) -> bytes:
    return pack(fit(run, *digits, checkpoints=checkpoints, quiet=True).state, {})


def test_the_same_record_gives_the_same_weights_whatever_was_drawn_before(digits) -> None:
    torch.manual_seed(1)
    first = weights(record(), digits)
    torch.manual_seed(2)
    assert weights(record(), digits) == first
    assert weights(record(seed=1), digits) != first


def test_a_packed_file_is_the_same_bytes_and_reads_back(digits) -> None:
    state, said = fit(record(steps=1), *digits, quiet=True).state, {key: key * 3 for key in "zyxwvutsrq"}
    packed = pack(state, said)
    assert all(pack(state, dict(reversed(said.items()))) == packed for _ in range(5))
    again = load(packed)
    assert all(torch.equal(again[name], tensor) for name, tensor in state.items())


def test_no_global_state_is_left_changed(digits) -> None:
    torch.manual_seed(7)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    weights(record(steps=1), digits)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("arch", ["test_resnet", "test_vit"])
def test_a_run_resumed_at_any_step_gives_the_weights_of_an_undisturbed_one(digits, arch: str) -> None:
    run, kept = record(arch=arch), []
    undisturbed = weights(run, digits, Checkpoints(None, kept.append, seconds=0))
    assert len(kept) == 4
    for state in (kept[0], kept[3]):
        assert weights(run, digits, Checkpoints(state, kept.append)) == undisturbed


def test_an_interrupt_goes_up_and_the_kept_state_goes_on(digits) -> None:
    run, kept = record(), []

    def stop_at_two(state: bytes) -> None:
        kept.append(state)
        if len(kept) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        weights(run, digits, Checkpoints(None, stop_at_two, seconds=0))
    assert weights(run, digits, Checkpoints(kept[-1], kept.append)) == weights(run, digits)


def test_colour_images_are_taken_too(digits) -> None:
    images = np.repeat(digits[0][..., None], 3, axis=3)
    state = fit(record(steps=1), images, digits[1], quiet=True).state
    assert state["conv1.0.weight" if "conv1.0.weight" in state else "conv1.weight"].shape[1] == 3


def test_the_rate_rises_over_a_fifth_and_falls_to_nearly_zero() -> None:
    rates = [rate_at(step, steps=10, peak=1.0) for step in range(10)]
    assert rates[:3] == [0.5, 1.0, pytest.approx(8 / 9)]
    assert rates[-1] == pytest.approx(1 / 9)


def test_bad_input_is_one_line(digits) -> None:
    for run, error, text in (
        (record(arch="test_resnt"), UsageError, "unknown architecture 'test_resnt': did you mean test_resnet"),
        (record(arch="vit_tiny_patch16_224"), UsageError, "'vit_tiny_patch16_224' does not take 32x32 images: Input"),
        (record(arch="test_resnet", batch=1), UsageError, "test_resnet cannot be fitted on batches of one image; say"),
        (record(learning_rate=1e30, steps=3), BenchError, "lower the learning rate"),
    ):
        with pytest.raises(error) as caught:
            weights(run, digits)
        assert text in str(caught.value)
        assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="kept state of this run is damaged"):
        weights(record(), digits, Checkpoints(b"\x08\0\0\0", lambda state: None))


def test_views_cost_the_cross_entropy_of_the_first_and_the_consistency_of_all(monkeypatch, digits) -> None:
    """methods.md 10.2: CE(clean) + 12 JSD(clean, mixed, mixed)."""
    seen: dict = {}

    class Views:
        consistency = 12.0

        def __call__(self, images, labels):
            seen["labels"], clean = labels, images / 255
            return torch.cat([clean, 1 - clean, clean / 2]), labels

    def network(pixels):
        seen["answers"] = 3 * pixels.flatten(1)[:, :10]
        return seen["answers"]

    monkeypatch.setattr(classifier, "fit_network", lambda run, build, loss_of, **rest: seen.update(loss=loss_of))
    fit(record(label_smoothing=0.0), *digits, augment=Views(), quiet=True)
    loss, answers = seen["loss"](network, 0), seen["answers"].double()
    views = torch.softmax(answers, 1).view(3, 16, 10)
    mixture = views.mean(0)
    divergence = sum((view * (view / mixture).log()).sum(1).mean() for view in views) / 3
    clean = -torch.log_softmax(answers[:16], 1)[range(16), seen["labels"]].mean()
    assert loss.item() == pytest.approx((clean + 12 * divergence).item(), rel=1e-4)
