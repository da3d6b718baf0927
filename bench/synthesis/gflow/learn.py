"""Training a GFlowNet on few images, so that P(x | class) is proportional to a declared reward R(x).

At first the policy is fitted to draws of the reward's density by likelihood, and log Z begun where both say. Then, half
of each batch is drawn by the policy, half are such draws, taken apart in random order: balance may be asked for on any
trajectory.
"""

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from bench.core.digests import derive_seed
from bench.core.gflow_settings import GflowSettings, class_share
from bench.synthesis.gflow.evidence import begin, level
from bench.synthesis.gflow.flows import (
    backwards,
    from_nothing,
    loss_of,
    roll_out,
    settling_of,
    unlikelihood_of,
)
from bench.synthesis.gflow.layout import Grid, Words, learn_words
from bench.synthesis.gflow.policy import Policy, Reader, State
from bench.synthesis.gflow.reward import Reward, judge_of

JUDGE_STEPS, LOG_Z_RATE, CHECKS = 200, 0.1, 20
WIDE, NARROW = 8, 8  # of `batch`: how many times as many images, and what part of it as trajectories, at first
Fit = Callable[..., dict[str, Tensor]]
"""`fit(name, model, loss_of, steps=, rate=, …)` as bench/training/resumable.py has it, in a work folder."""


def learn_policy(settings: GflowSettings, images: Tensor, labels: Tensor, *, classes: int, fit: Fit) -> Policy:
    """The trained policy of images float32 [n, c, h, w] in 0..1 with labels int64 [n].

    DataError where a class has no image, or where the reward of its images is zero.
    """
    with torch.random.fork_rng(devices=[]):
        reward = learn_reward(settings, images, labels, classes=classes, fit=fit)
        policy = begun_policy(settings, reward, classes=classes)
        average = fit(
            "policy",
            policy,
            balance_step(settings, policy, reward),
            steps=settings.steps,
            rate=settings.rate,
            warmup=min(50, settings.steps),
            seed=settings.seed,
            ema=0.95,
            save_every=100,
        )
        policy.load_state_dict(average)
    return policy.eval()


def learn_reward(settings: GflowSettings, images: Tensor, labels: Tensor, *, classes: int, fit: Fit) -> Reward:
    """Codebook, density and judge of the share of the images that is used."""
    rows = torch.tensor(class_share(labels.numpy(), settings, classes=classes))
    used = resized(images[rows], settings.side)
    grid = Grid(images.shape[1], settings.side, settings.side, settings.patch, settings.haar)
    words = learn_words(grid, used, codes=settings.codes, seed=derive_seed("gflow", "words", settings.seed))
    reward = Reward(settings, words, used, labels[rows])
    if classes > 1:
        torch.manual_seed(derive_seed("gflow", "judge", settings.seed))
        judge = judge_of(grid.channels, grid.height, classes=classes)
        loss_of = partial(reward.judge_loss, judge)
        steps = min(JUDGE_STEPS, settings.steps)
        known = fit("judge", judge, loss_of, steps=steps, rate=2e-3, warmup=20, seed=settings.seed, ema=0.98)
        judge.load_state_dict(known)
        reward.judge = judge.eval().requires_grad_(False)
    return reward


def begun_policy(settings: GflowSettings, reward: Reward, *, classes: int) -> Policy:
    """An untrained one of the settings' seed, with log Z where its learning begins."""
    torch.manual_seed(derive_seed("gflow", settings.seed))
    policy = new_policy(settings, reward.words, classes=classes)
    begin(policy, reward)
    return policy


def new_policy(settings: GflowSettings, words: Words, *, classes: int) -> Policy:
    """An untrained one."""
    reader = Reader(words, classes=classes)
    return Policy(words, reader, classes=classes, order=settings.order, log_z_rate=LOG_Z_RATE / settings.rate)


def balance_step(settings: GflowSettings, policy: Policy, reward: Reward) -> Callable[[int, torch.Generator], Tensor]:
    """What a step's loss is, in squared nats; at first, in nats too, how unlikely draws of the density are."""
    warm = round(settings.likelihood * settings.steps)

    def drawn(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        labels = torch.randint(len(policy.log_z), (count,), generator=generator)
        return reward.draw(labels, generator), labels

    def step(number: int, generator: torch.Generator) -> Tensor:
        if number == warm:
            level(policy, reward, count=CHECKS * settings.batch)
        count = settings.batch // NARROW if number < warm else settings.batch // 2
        codes, labels = drawn(max(1, count), generator)
        given = backwards(policy, codes, labels, generator)
        if number < warm:
            behind = settling_of(policy, given, reward(codes, labels), loss=settings.loss)
            return behind + unlikelihood_of(policy, *drawn(WIDE * settings.batch, generator), generator)
        both = from_nothing(policy, labels, generator).and_also(given)
        return loss_of(policy, both, reward(both.codes, both.labels), loss=settings.loss, generator=generator)

    return step


def resized(images: Tensor, side: int) -> Tensor:
    """Images [b, c, side, side]."""
    if images.shape[-2:] == (side, side):
        return images
    return interpolate(images, (side, side), mode="bilinear", antialias=True, align_corners=False)


@torch.no_grad()
def completed(policy: Policy, images: Tensor, labels: Tensor, *, keep: int, generator: torch.Generator) -> Tensor:
    """Images float32 [b, c, h, w], about 0 to 1, of which `keep` places, at random, stay; the others are drawn."""
    words = policy.words
    small = resized(images, words.grid.height)
    own = words.encode(small)
    filled = backwards(policy, own, labels, generator).order.argsort(1) < keep
    drawn = roll_out(policy, State(own, filled, labels), generator).codes
    values = [
        torch.where(stays[..., None], before, book[code])
        for stays, before, book, code in zip(
            words.by_scale(filled), words.grid.cut(small), words.books, words.by_scale(drawn), strict=True
        )
    ]
    # What is finer than the words stays too, and what is kept stays bit for bit.
    return images + resized(words.grid.join(values) - small, images.shape[-1])


def to_tensors(policy: Policy) -> dict[str, Tensor]:
    """Everything that was learned, by name."""
    books = {f"book.{scale}": book for scale, book in enumerate(policy.words.books)}
    return books | {f"policy.{name}": tensor for name, tensor in policy.state_dict().items()}


def from_tensors(settings: GflowSettings, tensors: Mapping[str, Tensor]) -> Policy:
    """The policy in `to_tensors`; KeyError or RuntimeError where it is of other settings."""
    books = tuple(tensors[f"book.{scale}"] for scale in range(sum(name.startswith("book.") for name in tensors)))
    values = sum(book.shape[1] for book in books)
    grid = Grid(values // settings.patch**2, settings.side, settings.side, settings.patch, settings.haar)
    policy = new_policy(settings, Words(grid, books), classes=len(tensors["policy._log_z"]))
    named = {name.removeprefix("policy."): tensor for name, tensor in tensors.items() if name.startswith("policy.")}
    policy.load_state_dict(named)
    return policy.eval()
