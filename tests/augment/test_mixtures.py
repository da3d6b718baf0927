"""AugMix, PixMix, CutMix and Mixup, mixture by mixture against the facts sheet (methods.md 10.2, 10.3)."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bench.augment import augmix, pixmix
from bench.augment.augmenter import Setting, to_unit
from bench.augment.automatic import RandAugment, TrivialAugment
from bench.augment.fractals import fractal, fractal_bank
from bench.augment.label_mixing import CutMix, Mixup
from bench.augment.learned import Dagan, DeepAugment
from bench.augment.standard import Standard
from bench.core.errors import UsageError

GREY = Setting(classes=4, channels=1, size=16)
LABELS = torch.tensor([0, 1, 2, 3])


@pytest.fixture
def images():
    torch.manual_seed(3)
    return torch.randint(0, 256, (4, 1, 16, 16), dtype=torch.uint8)


def mixer(kind, setting=GREY, **said):
    return kind(kind.Parameters.model_validate(said), setting)


def test_an_augmix_mixture_is_the_published_sum(images, monkeypatch):
    chains = iter(torch.tensor([10, 100, 250], dtype=torch.uint8))
    one = mixer(augmix.AugMix)
    monkeypatch.setattr(one, "_chain", lambda pixels: np.full_like(pixels, next(chains)))
    fixed = SimpleNamespace(sample=lambda: torch.tensor([0.5, 0.3, 0.2]))
    monkeypatch.setattr(augmix, "Dirichlet", lambda weights: fixed if weights.tolist() == [1, 1, 1] else None)
    monkeypatch.setattr(augmix, "Beta", lambda a, b: SimpleNamespace(sample=lambda: torch.tensor(0.25 * a * b)))
    mixed = one.mixed(images[0])
    assert torch.allclose(mixed, 0.75 * images[0] / 255 + 0.25 * (0.5 * 10 + 0.3 * 100 + 0.2 * 250) / 255)


def test_augmix_chains_are_one_to_three_deep_and_start_from_the_image(images, monkeypatch):
    depths: Counter[int] = Counter()
    one, steps = mixer(augmix.AugMix), []
    monkeypatch.setattr(augmix, "apply", lambda operation, picture, severity: steps.append(severity) or picture)
    for _ in range(600):
        steps.clear()
        assert (one._chain(images[0].numpy()) == images[0].numpy()).all()
        depths[len(steps)] += 1
    assert set(depths) == {1, 2, 3}
    assert all(abs(count - 200) < 50 for count in depths.values())
    assert torch.allclose(one.mixed(images[0]), to_unit(images[0]), atol=1e-6)


@pytest.mark.parametrize(("said", "known"), [({}, 9), ({"all_ops": True}, 13)])
def test_each_step_of_a_chain_is_one_operation_on_what_the_step_before_left(monkeypatch, said, known):
    one, read, drawn = mixer(augmix.AugMix, severity=1, depth=3, **said), [], Counter()

    def brighter(operation, picture, severity):
        assert severity == 1
        drawn[operation.__name__] += 1
        read.append(int(picture[0].getpixel((0, 0))))
        return tuple(image.point(lambda value: value + 1) for image in picture)

    monkeypatch.setattr(augmix, "apply", brighter)
    dark = torch.full((1, 16, 16), 7, dtype=torch.uint8)
    assert (one._chain(dark.numpy()) == 10).all()
    assert read == [7, 8, 9]
    read.clear()
    for _ in range(60):
        one.mixed(dark)
    assert read == [7, 8, 9] * 3 * 60  # each of three chains begins with the image
    assert len(drawn) == known


def test_augmix_gives_the_clean_view_and_two_mixed_ones(images):
    views, targets = mixer(augmix.AugMix)(images, LABELS)
    assert views.shape == (12, 1, 16, 16)
    assert torch.equal(views[:4], to_unit(images))
    assert torch.equal(targets, LABELS)
    assert not torch.equal(views[4:8], views[8:])
    one = mixer(augmix.AugMix, jsd=0)
    assert one(images, LABELS)[0].shape == images.shape
    assert (mixer(augmix.AugMix).consistency, one.consistency) == (12, 0)


def test_pixmix_combines_as_published():
    x, y = torch.tensor([0.0, 0.5, 1.0]), torch.tensor([1.0, 0.5, 0.0])
    a, b = torch.tensor(1.5), torch.tensor(-0.5)
    assert torch.allclose(pixmix.add(x, y, a, b), torch.tensor([-0.5, 0.5, 1.5]))
    assert torch.allclose(pixmix.multiply(x, y, a, b)[:2], torch.tensor([0.0, 0.5]))
    assert torch.isfinite(pixmix.multiply(x, y, torch.tensor(2.0), torch.tensor(-1.0))).all()
    assert torch.allclose(pixmix.multiply(x, y, torch.tensor(1.0), torch.tensor(1.0)), 2 * x * y, atol=1e-6)
    # 0.64^1.5 = 0.512, 0.16^-0.5 = 2.5; and 1e-37 under an exponent of -0.5 is 10^18.5.
    assert pixmix.multiply(torch.tensor(0.32), torch.tensor(0.08), a, b).item() == pytest.approx(0.64)
    assert pixmix.multiply(torch.tensor(0.5), torch.tensor(0.0), a, b).item() == pytest.approx(10**18.5 / 2, rel=1e-3)
    # 1.25 (-0.2) - 0.25 (0.6) = -0.4 on the scale from -1 to 1.
    found = pixmix.add(torch.tensor(0.4), torch.tensor(0.8), torch.tensor(1.25), torch.tensor(-0.25))
    assert found.item() == pytest.approx(0.3)


def test_pixmix_coefficients_are_of_two_kinds():
    torch.manual_seed(0)
    pairs = torch.stack([torch.stack(pixmix.coefficients(4.0)) for _ in range(4000)])
    convex = pairs[pairs[:, 0] <= 1]
    beyond = pairs[pairs[:, 0] > 1]
    assert abs(len(convex) - 2000) < 130
    assert torch.allclose(convex.mean(0), torch.tensor([0.8, 0.2]), atol=0.02)  # Beta(4, 1), Beta(1, 4)
    assert torch.allclose(beyond.mean(0), torch.tensor([1.2, -0.2]), atol=0.02)  # 1 + Beta(1, 4), -Beta(1, 4)
    assert all(abs(torch.corrcoef(kind.T)[0, 1]) < 0.08 for kind in (convex, beyond))  # a says nothing of b


def test_each_pixmix_round_draws_coefficients_of_its_own_by_the_beta_of_the_parameters(images, monkeypatch):
    one, drawn, used = mixer(pixmix.PixMix, fractals=3, beta=2.5), [], []
    monkeypatch.setattr(pixmix, "coefficients", lambda beta: drawn.append(beta) or (len(drawn), -len(drawn)))
    for name in ("add", "multiply"):
        monkeypatch.setattr(pixmix, name, lambda x, y, a, b: used.append((a, b)) or x + y - 1.5)
    found = [one.mixed(images[0]) for _ in range(40)]
    assert len(used) > 40
    assert used == [(n, -n) for n in range(1, len(used) + 1)]
    assert set(drawn) == {2.5}
    assert all(0 <= mixed.min() <= mixed.max() <= 1 for mixed in found)  # after the last round too


def test_pixmix_mixes_up_to_four_times_with_the_picture_or_the_image(images, monkeypatch):
    one, rounds = mixer(pixmix.PixMix, fractals=3), Counter()
    calls: list[torch.Tensor] = []
    for name in ("add", "multiply"):
        monkeypatch.setattr(pixmix, name, lambda x, y, a, b, name=name: calls.append(y) or x)
    monkeypatch.setattr(one, "_augmented", to_unit)
    partners = 0
    for _ in range(600):
        calls.clear()
        assert torch.equal(one.mixed(images[0]), to_unit(images[0]))
        rounds[len(calls)] += 1
        partners += sum(not torch.equal(y, to_unit(images[0])) for y in calls)
        assert len({y.numpy().tobytes() for y in calls}) <= 2  # one picture an image
    assert set(rounds) == {0, 1, 2, 3, 4}
    assert abs(partners / sum(n * count for n, count in rounds.items()) - 0.5) < 0.06


def test_pixmix_starts_augmented_half_of_the_time_and_adds_or_multiplies_with_equal_chances(images, monkeypatch):
    one, used, rounds = mixer(pixmix.PixMix, fractals=3), Counter(), Counter()
    monkeypatch.setattr(one, "_augmented", lambda image: torch.full_like(to_unit(image), 0.25))
    for name in ("add", "multiply"):
        monkeypatch.setattr(pixmix, name, lambda x, y, a, b, name=name: used.update([name]) or x)
    starts = 0
    for _ in range(1000):
        before = used.total()
        mixed = one.mixed(images[0])
        starts += torch.equal(mixed, torch.full_like(mixed, 0.25))
        rounds[used.total() - before] += 1
    assert abs(starts - 500) < 60
    assert all(abs(rounds[n] - 200) < 50 for n in range(5))
    assert abs(used["add"] / used.total() - 0.5) < 0.05


def test_a_pixmix_copy_is_augmented_by_one_operation_at_the_severity(images, monkeypatch):
    one, asked = mixer(pixmix.PixMix, fractals=1, severity=1), []
    monkeypatch.setattr(pixmix, "apply", lambda operation, picture, severity: asked.append(severity) or picture)
    assert torch.equal(one._augmented(images[0]), to_unit(images[0]))
    assert asked == [1]


def test_pixmix_keeps_to_black_and_white_after_every_round(images, monkeypatch):
    one, seen = mixer(pixmix.PixMix, fractals=1), []
    for name in ("add", "multiply"):
        monkeypatch.setattr(pixmix, name, lambda x, y, a, b: seen.append(x) or x + 3 * (len(seen) % 2) - 1.5)
    for _ in range(20):
        one.mixed(images[0])
    assert all(x.min() >= 0 and x.max() <= 1 for x in seen)


def test_a_mixing_picture_is_a_random_crop_of_one_picture_of_the_bank(images):
    one = mixer(pixmix.PixMix, fractals=3)
    assert one._bank.shape == (3, 1, 18, 18)  # 16 x 8 / 7: 256 for 224
    seen = Counter()
    for _ in range(400):
        crop = (one._mixing_picture(16) * 255).round()
        places = [
            (k, top, left)
            for k in range(3)
            for top in range(3)
            for left in range(3)
            if torch.equal(crop, one._bank[k][:, top : top + 16, left : left + 16].float())
        ]
        assert len(places) == 1
        seen.update(places)
    assert len(seen) == 27


def test_pixmix_stays_between_black_and_white(images):
    mixed, _ = mixer(pixmix.PixMix, fractals=4)(images.repeat(10, 1, 1, 1), LABELS.repeat(10))
    assert mixed.shape == (40, 1, 16, 16)
    assert torch.isfinite(mixed).all()
    assert 0 <= mixed.min() < mixed.max() <= 1


def test_the_fractal_bank_is_always_the_same_and_grows_at_its_end():
    small, large = fractal_bank(3, side=18, channels=3), fractal_bank(5, side=18, channels=3)
    assert (large[:3] == small).all()
    assert large.dtype == np.uint8
    assert len({picture.tobytes() for picture in large}) == 5
    # In another process, on another day: an augmentation's record names the bank by its size alone.
    assert [fractal(index, side=16, channels=3).mean() for index in range(4)] == pytest.approx(
        [105.2, 127.1, 55.1, 75.4], abs=0.5
    )
    for index in range(20):
        picture = fractal(index, side=37, channels=1)
        assert picture.shape == (1, 37, 37)
        assert picture.std() > 5, index
        assert (picture > 0).mean() > 0.02, index


def test_cutmix_shares_labels_by_area_and_mixup_by_weight():
    torch.manual_seed(1)
    images = (torch.tensor([0, 80, 160, 240], dtype=torch.uint8)[:, None, None, None]).expand(4, 1, 16, 16)
    for _ in range(10):
        mixed, targets = mixer(CutMix)(images, LABELS)
        assert torch.allclose(targets.sum(1), torch.ones(4))
        for row in range(4):
            own = (mixed[row] == images[row] / 255).float().mean()
            assert own.item() == pytest.approx(targets[row, row].item(), abs=1e-6)
        mixed, targets = mixer(Mixup, alpha=0.4)(images, LABELS)
        assert torch.allclose(mixed[:, 0, 0, 0], targets @ (images[:, 0, 0, 0] / 255), atol=1e-6)


def test_standard_does_what_its_parameters_say(images):
    nothing = mixer(Standard, flip=0, crop=0, rotate=0, colour=0)
    assert torch.equal(nothing(images, LABELS)[0], to_unit(images))
    mirrored = mixer(Standard, flip=1, crop=0, rotate=0, colour=0)
    assert torch.equal(mirrored(images, LABELS)[0], to_unit(images).flip(-1))


@pytest.mark.parametrize("channels", [1, 3, 8])
@pytest.mark.parametrize(
    ("kind", "said"), [(augmix.AugMix, {}), (pixmix.PixMix, {"fractals": 2}), (CutMix, {}), (Mixup, {})]
)
def test_any_number_of_channels_a_batch_of_one_and_one_class(kind, said, channels):
    torch.manual_seed(0)
    images = torch.randint(0, 256, (1, channels, 8, 8), dtype=torch.uint8)
    mixed, targets = mixer(kind, Setting(classes=1, channels=channels, size=8), **said)(images, torch.tensor([0]))
    assert mixed.shape[1:] == images.shape[1:]
    assert torch.isfinite(mixed).all()
    assert len(targets) == 1


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", [Standard, RandAugment, TrivialAugment])
def test_operations_on_colour_take_a_grey_image_too_and_a_batch_of_one(kind, channels):
    torch.manual_seed(0)
    images, one = torch.randint(0, 256, (1, channels, 8, 8), dtype=torch.uint8), Setting(1, channels, 8)
    mixed = [mixer(kind, one)(images, torch.tensor([0]))[0] for _ in range(60)]
    assert {views.shape for views in mixed} == {images.shape}
    assert all(0 <= views.min() <= views.max() <= 1 for views in mixed)
    assert not all(torch.equal(views, to_unit(images)) for views in mixed)


@pytest.mark.parametrize("kind", [Dagan, DeepAugment])
def test_a_share_of_the_images_passes_through_what_was_learned(kind):
    asked = []

    def network(name, file):
        asked.append((name, file))
        return lambda images: 1 - images

    torch.manual_seed(0)
    images = torch.randint(0, 100, (300, 1, 4, 4), dtype=torch.uint8)
    one = mixer(kind, Setting(classes=1, channels=1, size=4, network=network), state="a file")
    mixed, targets = one(images, torch.zeros(300, dtype=torch.int64))
    assert asked == [(kind.name, "a file")]
    through = (mixed.flatten(1) > 0.5).all(1)
    assert torch.equal(mixed[~through], to_unit(images[~through]))
    assert torch.allclose(mixed[through], 1 - to_unit(images[through]))
    assert abs(float(through.float().mean()) - {"dagan": 1 / 2, "deepaugment": 2 / 3}[kind.name]) < 0.08
    assert len(targets) == 300
    assert one(images[:1], targets[:1])[0].shape == (1, 1, 4, 4)
    with pytest.raises(UsageError, match="learned, 'a file', cannot be opened here"):
        mixer(kind, GREY, state="a file")


def test_colour_operations_refuse_eight_channels_in_one_line():
    eight = Setting(classes=4, channels=8, size=16)
    for kind, said, remedy in (
        (RandAugment, {}, "use augmix"),
        (TrivialAugment, {}, "use augmix"),
        (Standard, {}, "standard?colour=0"),
        (augmix.AugMix, {"all_ops": True}, "leave all_ops out"),
        (pixmix.PixMix, {"all_ops": True}, "leave all_ops out"),
    ):
        with pytest.raises(UsageError, match=r"take images of 1 or 3 channels, these have 8; ") as caught:
            mixer(kind, eight, **said)
        assert remedy in str(caught.value)
    assert mixer(Standard, eight, colour=0)(torch.zeros(2, 8, 16, 16, dtype=torch.uint8), LABELS[:2])[0].shape[1] == 8
