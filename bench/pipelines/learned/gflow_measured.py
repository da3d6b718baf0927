"""One setting of a GFlowNet on digits: learned, held against its own reward, and read by the oracle."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from bench.augment import AUGMENTERS
from bench.augment.augmenter import Augmenter, Setting
from bench.core.audit import Share
from bench.core.augmentation import Augmentation
from bench.core.digests import derive_seed
from bench.core.gflow_digits import Flow, GflowRow
from bench.core.gflow_settings import GflowSettings, ReleasedSettings, class_share
from bench.core.record import Record
from bench.core.registry import look_up
from bench.models.oracle import Oracle, open_oracle
from bench.pipelines.audits.measures import share
from bench.pipelines.learned.learned_augmenters import LEARNERS
from bench.pipelines.learned.spent import FILE, accounted, read_spent
from bench.pipelines.learned.trainer import trainer
from bench.reports.contact_sheet import png
from bench.sources import mnist
from bench.store.atomic import write_bytes
from bench.synthesis.gflow.evidence import imbalance
from bench.synthesis.gflow.flows import from_nothing
from bench.synthesis.gflow.learn import begun_policy, learn_policy, learn_reward, resized
from bench.synthesis.gflow.policy import Policy
from bench.synthesis.gflow.reward import Reward
from bench.training.resumable import average_of

LOG_Z_DRAWS = 1000
CLASSES, SIDE, SHOWN = len(mnist.CLASS_NAMES), 32, 20


@dataclass(frozen=True)
class Judged:
    """What is learned from, float32 [n, 1, 32, 32] in 0..1; what is redrawn, uint8 [m, 1, 32, 32]; and who reads."""

    images: Tensor
    labels: Tensor
    unseen: Tensor
    oracle: Oracle
    each: int

    @property
    def asked(self) -> Tensor:
        """The classes in turn, `each` times."""
        return torch.arange(CLASSES).repeat(self.each)

    def read(self, pixels: np.ndarray) -> np.ndarray:
        """Which images uint8 [n, 32, 32] of the classes `asked` the oracle reads as them, bool [n]."""
        return self.oracle.read(pixels)[0].argmax(1) == self.asked.numpy()

    def share(self, pixels: np.ndarray) -> Share:
        """How many of them."""
        return share(self.read(pixels), len(pixels))


def judged_digits(each: int) -> Judged:
    """All training digits, `each` unseen ones of a class, and the digits' oracle."""
    train, test = mnist.train(), mnist.test()
    # Classes in turn, so that no batch is of one class.
    unseen = test.images.reshape(CLASSES, -1, 1, SIDE, SIDE)[:, :each].swapaxes(0, 1).reshape(-1, 1, SIDE, SIDE)
    return Judged(
        torch.from_numpy(train.images)[:, None].float() / 255,
        torch.from_numpy(train.labels),
        torch.from_numpy(unseen.copy()),
        open_oracle("digits-oracle"),
        each,
    )


def measured(name: str, settings: GflowSettings | ReleasedSettings, judged: Judged, folder: Path) -> GflowRow:
    """Learned in `folder`, where its first samples are left as pictures."""
    kind, learn = LEARNERS[type(settings)]
    data = (settings, judged.images, judged.labels)
    with trainer(folder) as fit, torch.random.fork_rng(devices=[]):

        def learned(_: Record) -> Callable[..., Tensor]:
            return learn(*data, classes=CLASSES, fit=fit)

        with accounted(folder):
            shelf = look_up(AUGMENTERS, kind, kind="augmentation")
            augment = shelf(
                shelf.Parameters(**settings.model_dump(), share=1.0), Setting(CLASSES, 1, SIDE, learned=learned)
            )
        redrawn = _redrawn(augment, judged)
        write_bytes(folder / "redrawn.png", _strip(redrawn))
        flow = None
        if isinstance(settings, GflowSettings):
            reward = learn_reward(*data, classes=CLASSES, fit=fit)
            begun = begun_policy(settings, reward, classes=CLASSES)
            flow, samples = flow_of(learn_policy(*data, classes=CLASSES, fit=fit), reward, begun, judged)
            write_bytes(folder / "samples.png", _strip(samples))
    return GflowRow(
        name=name,
        augment=str(Augmentation(name=kind, parameters=settings.model_dump(exclude_defaults=True))),
        images=len(class_share(judged.labels.numpy(), settings, classes=CLASSES)),
        steps=average_of("policy" if flow else "released", folder)[1],
        seconds=read_spent(folder / FILE).seconds,
        flow=flow,
        redrawn=judged.share(redrawn),
    )


@torch.no_grad()
def flow_of(policy: Policy, reward: Reward, begun: Policy, judged: Judged) -> tuple[Flow, np.ndarray]:
    """The policy against its reward, beside the untrained one; and what it draws of the classes asked for."""
    generator = torch.Generator().manual_seed(derive_seed("gflow digits", "drawn"))
    labels = judged.asked
    own, first = (from_nothing(one, labels, generator) for one in (policy, begun))
    near, samples = reward.draw(labels, generator), _pixels(reward.words.decode(own.codes))
    right = judged.read(_pixels(reward.words.decode(near)))
    weights = torch.softmax(reward.said(near, labels).view(judged.each, CLASSES).double(), 0).numpy()
    said = [reward.log_z(label, draws=LOG_Z_DRAWS, generator=generator) for label in range(CLASSES)]
    flow = Flow(
        begun=imbalance(begun, first, reward(first.codes, labels)),
        learned=imbalance(policy, own, reward(own.codes, labels)),
        log_z=tuple(ours - theirs for ours, theirs in zip(policy.log_z.tolist(), said, strict=True)),
        drawn=judged.share(samples),
        near=share(right, len(right)),
        wanted=min(1.0, float((weights * right.reshape(weights.shape)).sum(0).mean())),
    )
    return flow, samples


def _redrawn(augment: Augmenter, judged: Judged) -> np.ndarray:
    """The unseen digits, uint8 [n, 32, 32], as training would augment them in batches of one of each class."""
    torch.manual_seed(derive_seed("gflow digits", "redrawn"))
    batches = zip(judged.unseen.split(CLASSES), judged.asked.split(CLASSES), strict=True)
    with torch.no_grad():
        return _pixels(torch.cat([augment(*batch)[0] for batch in batches]))


def _pixels(images: Tensor) -> np.ndarray:
    return (resized(images, SIDE)[:, 0].clamp(0, 1) * 255).round().byte().numpy()


def _strip(pixels: np.ndarray) -> bytes:
    return png(Image.fromarray(np.hstack(pixels[:SHOWN])))
