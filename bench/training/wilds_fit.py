"""Fitting a network by ERM, CORAL, IRM or group DRO: Adam, a rate that falls by epoch, the best epoch kept.

What is drawn depends on seed, epoch and step alone; a run that is stopped goes on after its last whole epoch.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from bench.core.digests import derive_seed
from bench.core.errors import BenchError, DataError, UsageError
from bench.core.registry import unknown
from bench.core.wilds import Penalty
from bench.core.wilds_run import WildsRun
from bench.training.wilds_batches import by_domain, shuffled, uniform_over_domains
from bench.training.wilds_inputs import BoxExamples, Examples
from bench.training.wilds_objectives import (
    coral_penalty,
    detection_losses,
    group_losses,
    group_weights,
    irm_objective,
    losses,
)

# How good a network is (higher is better); it is handed one in evaluation mode.
Judge = Callable[[nn.Module], float]


@dataclass(frozen=True)
class Material:
    """The training data: `examples`, `truth` (int64 or float32 [n]; boxes are in their examples), `domains` int64 [n]
    from 0 on."""

    examples: Examples | BoxExamples
    truth: np.ndarray
    domains: np.ndarray


@dataclass(frozen=True)
class Means:
    """Where and how it is fitted: `workers` read images; `saved` is the last kept state, `save` keeps a new one."""

    device: str = "cpu"
    workers: int = 0
    saved: bytes | None = None
    save: Callable[[bytes], None] = lambda state: None
    quiet: bool = False


def network_of(run: WildsRun, start: dict[str, Tensor] | None = None) -> nn.Module:
    """The run's timm network, from `start` (weights without those of its last layer) or from its seed.

    UsageError for an unknown architecture; DataError for weights of another one.
    """
    if run.recipe.arch not in timm.list_models():
        raise UsageError(unknown(run.recipe.arch, known=timm.list_models(), kind="architecture"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed("init", run.recipe.arch, run.seed))
        network = timm.create_model(run.recipe.arch, in_chans=run.recipe.channels, num_classes=run.classes)
    if start is not None:
        head = network.default_cfg.get("classifier", "fc")
        kept = {name: tensor for name, tensor in start.items() if name.rpartition(".")[0] != head}
        own = network.state_dict()
        wrong = [name for name, tensor in kept.items() if name not in own or own[name].shape != tensor.shape]
        wrong += [name for name in own if name not in kept and name.rpartition(".")[0] != head]
        if wrong:
            raise DataError(f"the weights are not those of {run.recipe.arch}: {len(wrong)} tensors, such as {wrong[0]}")
        network.load_state_dict(kept, strict=False)
    return network


def fit(run: WildsRun, network: nn.Module, material: Material, judge: Judge, means: Means) -> tuple[dict, list[float]]:
    """Train `network` in place as `run` says; the state of its best epoch by `judge`, and how good each epoch was.

    BenchError where the loss is no longer finite.
    """
    fitting = _Fitting(run, network.to(means.device), material, means)
    best, history = fitting.resume(means.saved)
    for epoch in range(len(history), run.recipe.epochs):
        fitting.epoch(epoch)
        history.append(judge(network.eval()))
        if best is None or history[-1] > max(history[:-1]):
            best = {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}
        means.save(fitting.state(best, history))
    assert best is not None
    return best, history


def outputs_of(network: nn.Module, examples: Examples, *, batch: int, means: Means) -> np.ndarray:
    """What `network` says to every example, float32 [n, outputs], in their order."""
    network.eval()
    with torch.inference_mode():
        parts = [
            network(inputs.to(means.device)).float().cpu()
            for inputs, _ in batches(DataLoader(examples, batch_size=batch, num_workers=means.workers))
        ]
    return torch.cat(parts).numpy()


def batches(loader: DataLoader) -> Iterator[tuple[Tensor, Tensor]]:
    """What `loader` gives; a DataError of another process, which arrives with its traceback, is one line again."""
    try:
        yield from loader
    except DataError as error:
        raise DataError(str(error).strip().splitlines()[-1].removeprefix("bench.core.errors.DataError: ")) from None


def _moved(inputs: Any, device: str) -> Any:
    if isinstance(inputs, Tensor):
        return inputs.to(device)
    return [(image.to(device), {key: one.to(device) for key, one in target.items()}) for image, target in inputs]


class _Fitting:
    """A network, its optimizer and its algorithm's state."""

    def __init__(self, run: WildsRun, network: nn.Module, material: Material, means: Means) -> None:
        self.run, self.network, self.material, self.means = run, network, material, means
        recipe = run.recipe
        self.optimizer = torch.optim.Adam(
            network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.truth = torch.from_numpy(material.truth)
        self.domains = torch.from_numpy(material.domains)
        self.count = int(material.domains.max()) + 1
        self.weights = torch.full((self.count,), 1 / self.count, device=means.device)
        self.steps = 0

    def epoch(self, epoch: int) -> None:
        self.network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self.run.recipe.learning_rate * self.run.recipe.gamma**epoch
        plan = list(self._plan(epoch))
        # The position in the epoch is part of the draw: a row that stands twice is augmented twice.
        keys = [[(int(row), 10**6 * epoch + step) for row in rows] for step, rows in enumerate(plan)]
        examples, workers = self.material.examples, self.means.workers
        loader = DataLoader(examples, batch_sampler=keys, num_workers=workers, collate_fn=examples.collate)
        name = f"{self.run.method}, epoch {epoch + 1} of {self.run.recipe.epochs}"
        bar = tqdm(
            batches(loader),
            total=len(plan),
            desc=name,
            unit="step",
            disable=True if self.means.quiet else None,
            leave=False,
        )
        for inputs, rows in bar:
            # Dropout draws from the global generator.
            torch.manual_seed(derive_seed("step", self.run.seed, self.steps))
            self._step(_moved(inputs, self.means.device), rows)
            self.steps += 1

    def _plan(self, epoch: int) -> Iterator[np.ndarray]:
        recipe, domains, seed = self.run.recipe, self.material.domains, self.run.seed
        if self.run.algorithm == "erm":
            return shuffled(len(domains), recipe.batch, seed=seed, epoch=epoch)
        if self.run.algorithm == "groupdro":
            return uniform_over_domains(domains, recipe.batch, seed=seed, epoch=epoch)
        number = recipe.domains_per_batch
        return by_domain(domains, recipe.batch, domains_per_batch=number, seed=seed, epoch=epoch)

    def _step(self, inputs: Any, rows: Tensor) -> None:
        device = self.means.device
        loss = self._objective(inputs, self.truth[rows].to(device), self.domains[rows].to(device))
        if not torch.isfinite(loss):
            raise BenchError(f"{self.run.method}: the loss is {loss.item()} at step {self.steps}; lower the rate")
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()

    def _objective(self, inputs: Any, truth: Tensor, domains: Tensor) -> Tensor:
        network: Any = self.network
        kind, penalty = self.run.recipe.loss, self.run.recipe.algorithms[self.run.algorithm]
        if kind == "detection":
            return self._over_groups(detection_losses(network, inputs), domains, penalty)
        features = network.forward_head(network.forward_features(inputs), pre_logits=True)
        outputs = network.get_classifier()(features)
        if self.run.algorithm == "irm":
            # The released code starts a fresh optimizer when the penalty gets its full weight.
            if self.steps == penalty.anneal > 0:
                self.optimizer.state.clear()
            weight = penalty.weight if self.steps >= penalty.anneal else 1.0
            return irm_objective(outputs, truth, domains, kind=kind, weight=weight)
        each = losses(outputs, truth, kind)
        if self.run.algorithm == "coral":
            return each.mean() + penalty.weight * coral_penalty(features, domains)
        return self._over_groups(each, domains, penalty)

    def _over_groups(self, each: Tensor, domains: Tensor, penalty: Penalty) -> Tensor:
        """The mean loss of ERM, or group DRO's weighted one."""
        if self.run.algorithm != "groupdro":
            return each.mean()
        found = group_losses(each, domains, self.count)
        self.weights = group_weights(self.weights, found, penalty.step)
        return found @ self.weights

    def state(self, best: dict[str, Tensor], history: list[float]) -> bytes:
        """Everything that a resumed run needs, after a whole epoch."""
        tensors = {f"best.{name}": tensor for name, tensor in best.items()}
        tensors |= {f"network.{name}": tensor.detach().cpu() for name, tensor in self.network.state_dict().items()}
        for name, parameter in self.network.named_parameters():
            found = self.optimizer.state.get(parameter, {})
            tensors |= {f"optimizer.{name}/{key}": value.cpu() for key, value in found.items()}
        tensors |= {"weights": self.weights.cpu(), "history": torch.tensor(history, dtype=torch.float64)}
        tensors["steps"] = torch.tensor(self.steps)
        return save_tensors({name: tensor.clone().contiguous() for name, tensor in tensors.items()})

    def resume(self, saved: bytes | None) -> tuple[dict[str, Tensor] | None, list[float]]:
        """Go on from a kept state, if there is one: the best state so far, and how good the epochs were."""
        if saved is None:
            return None, []
        try:
            tensors = load_tensors(saved)
            names = list(self.network.state_dict())
            self.network.load_state_dict({name: tensors[f"network.{name}"] for name in names})
            best = {name: tensors[f"best.{name}"] for name in names}
        except (SafetensorError, KeyError, RuntimeError) as error:
            raise DataError(f"the kept state of this run is damaged ({str(error)[:80]}); remove its file") from None
        for name, parameter in self.network.named_parameters():
            prefix = f"optimizer.{name}/"
            found = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
            if found:
                self.optimizer.state[parameter] = {
                    key: value if key == "step" else value.to(parameter.device) for key, value in found.items()
                }
        self.weights, self.steps = tensors["weights"].to(self.means.device), int(tensors["steps"])
        return best, tensors["history"].tolist()
