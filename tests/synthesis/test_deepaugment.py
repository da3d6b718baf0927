"""DeepAugment, operation by operation against the facts sheet (methods.md 10.1), on networks of few channels."""

from collections import Counter

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d, gelu

from bench.core.errors import DataError
from bench.synthesis import deepaugment_features as features
from bench.synthesis import deepaugment_weights as ops
from bench.synthesis.deepaugment import Distortion
from bench.synthesis.deepaugment_networks import CAE_WIDTHS, FEATURES, Cae, Edsr, bits, networks_of

TINY = (8, 16, 12, 8, 4)


@pytest.fixture(scope="module")
def nets():
    torch.manual_seed(0)
    return Edsr(1, 8).eval().requires_grad_(False), Cae(1, TINY).eval().requires_grad_(False)


def state_of(nets):
    parts = zip(("edsr", "cae"), nets, strict=True)
    return {f"{part}.{name}": one for part, net in parts for name, one in net.state_dict().items()}


def changes(operation, intact, tries=40):
    """Layer -> (before, after) of its weight, wherever a draw changed it."""
    found = {}
    for seed in range(tries):
        weights = {name: one.clone() for name, one in intact.items()}
        operation(weights, np.random.default_rng(seed))
        assert weights.keys() == intact.keys()
        for name, one in weights.items():
            assert one.shape == intact[name].shape
            if not torch.equal(one, intact[name]):
                found.setdefault(name, []).append((intact[name], one))
    return found


def pairs_of(found):
    return [pair for pairs in found.values() for pair in pairs]


def test_the_published_shapes():
    def count(net):
        return sum(p.numel() for p in net.parameters() if p.requires_grad)

    edsr, cae = Edsr(3), Cae(3)
    assert (FEATURES, CAE_WIDTHS) == (64, (64, 128, 32, 256, 16))
    assert count(edsr) == 1_517_571  # EDSR baseline x4, without its mean shifts
    assert edsr(torch.zeros(1, 3, 8, 8)).shape == (1, 3, 32, 32)
    images = torch.zeros(1, 3, 128, 128)
    assert cae.encode(images).shape == (1, 32, 32, 32)
    assert cae(images, torch.rand(1, 32, 32, 32)).shape == images.shape
    again = networks_of(state_of((edsr, cae)))
    assert [count_all.head[0].weight.shape for count_all in again[:1]] == [(64, 3, 3, 3)]


# What a change is: the layers that it may touch, and the new weight from the old, where no draw is in it.
EXACT = {
    "flip_filters": ({0, 3, 6, 9}, {"0", "2"}, lambda w: w.flip(0)),
    "negate_block": ({1, 4, 7}, {"0"}, lambda w: -w),
    "zero_block": ({0, 3, 6, 9}, {"0"}, lambda w: 0 * w),
    "minus_gelu": ({0, 3, 6, 9}, {"0", "2"}, lambda w: -gelu(w)),
    "laplace_cross": ({0, 3, 6, 9}, {"0"}, lambda w: w * torch.tensor([[0, 1, 0], [1, -4.0, 1], [0, 1, 0]])),
    "laplace_full": ({0, 3, 6, 9}, {"0"}, lambda w: w * torch.tensor([[-1.0] * 3, [-1, 8, -1], [-1.0] * 3])),
}


@pytest.mark.parametrize("name", EXACT)
def test_what_is_done_to_a_block_of_edsr(nets, name):
    blocks, convolutions, expected = EXACT[name]
    found = changes(ops.EDSR[name], nets[0].state_dict())
    assert {int(one.split(".")[1]) for one in found} == blocks
    assert {one.split(".")[3] for one in found} == convolutions
    for pairs in found.values():
        assert all(torch.equal(after, expected(before)) for before, after in pairs if before.ndim == 4)
    assert any(one.endswith("bias") for one in found) == (name in ("flip_filters", "negate_block", "zero_block"))


def test_what_is_drawn_for_a_block_of_edsr(nets):
    intact = nets[0].state_dict()
    for before, after in pairs_of(changes(ops.multiply_noise, intact)):
        factor = after / before
        assert factor.min() >= 1 - 1e-4
        assert factor.max() <= 5 + 1e-4
    found = changes(ops.mirror_and_negate, intact)
    assert {one.split(".")[3] for one in found} == {"0", "2"}
    for name, pairs in found.items():
        assert all(torch.equal(a, b.flip(-1) if ".0.weight" in name else -b) for b, a in pairs)
    found = changes(ops.add_noise, intact)
    assert {int(one.split(".")[1]) for one in found} == set(range(15))
    assert all((a - b).abs().max() <= 0.5 for b, a in pairs_of(found))
    assert max(float((a - b).abs().max()) for b, a in pairs_of(found)) > 0.45


@pytest.mark.parametrize(
    ("name", "blocks", "convolution"),
    [
        ("convolve_one_tap", {1, 5, 9}, "0"),
        ("convolve_uniform", {0, 3, 6, 9}, "0"),
        ("convolve_dirichlet", {1, 5, 9}, "2"),
    ],
)
def test_kernels_are_convolved_with_drawn_kernels(nets, monkeypatch, name, blocks, convolution):
    taps = []
    monkeypatch.setattr(ops, "conv2d", lambda w, z, padding: taps.append(z) or conv2d(w, z, padding=padding))
    found = changes(ops.EDSR[name], nets[0].state_dict())
    assert {int(one.split(".")[1]) for one in found} == blocks
    assert {one.split(".")[3] for one in found} == {convolution}
    for z in taps:
        if name == "convolve_one_tap":
            assert set(z.unique().tolist()) <= {-1, 0, 1}
            assert ((z != 0).sum((2, 3)) == 1).all()
            assert (z == z[:1]).all()  # of random place for each input, the same for every output
        elif name == "convolve_uniform":
            assert z.min() >= -1 / 6 - 1e-6
            assert z.max() <= 1 / 6
        else:
            assert torch.allclose(z.sum((2, 3)), torch.ones(z.shape[:2]), atol=1e-5)
            assert z.min() >= 0


def test_five_layers_of_edsr_at_once(nets):
    intact = nets[0].state_dict()
    for name in ("rotate_kernels", "sign_mask", "zero_mask", "negate_half", "keep_largest_tap"):
        found = changes(ops.EDSR[name], intact)
        assert {int(one.split(".")[1]) for one in found} == set(range(15)), name
        both = name in ("rotate_kernels", "keep_largest_tap")
        assert {one.split(".")[3] for one in found} == ({"0", "2"} if both else {"0"}), name
        for before, after in pairs_of(found):
            ratio = after / before
            if name == "rotate_kernels":
                assert torch.equal(after.flatten().sort().values, before.flatten().sort().values)
            elif name == "keep_largest_tap":
                assert ((after.flatten(2) != 0).sum(2) <= 1).all()
                kept, largest = after.flatten(2).sum(2), before.flatten(2).amax(2)
                # Chosen twice, a kernel whose largest value is negative is left with none.
                assert ((kept == largest) | ((kept == 0) & (largest < 0))).all()
            elif name == "negate_half":
                whole = ratio.flatten(1).mean(1).round()
                assert set(whole.tolist()) == {1, -1}
            else:
                assert set(ratio.abs().round().unique().tolist()) <= ({1} if name == "sign_mask" else {0, 1})


def test_edsr_gets_three_of_seventeen_with_replacement_and_the_autoencoder_one_of_eight(nets, monkeypatch):
    drawn: list[str] = []
    for table in ("EDSR", "CAE"):
        noting = {name: (lambda w, r, name=name: drawn.append(name)) for name in getattr(ops, table)}
        monkeypatch.setattr(ops, table, noting)
    assert (len(ops.EDSR), len(ops.CAE)) == (17, 8)
    counts, twice = Counter(), 0
    for seed in range(600):
        drawn.clear()
        ops.corrupted_edsr({}, np.random.default_rng(seed))
        assert len(drawn) == 3
        twice += len(set(drawn)) < 3
        counts.update(drawn)
    assert len(counts) == 17
    assert min(counts.values()) > 600 * 3 / 17 * 0.6
    assert abs(twice / 600 - (1 - 16 * 15 / 17**2)) < 0.06
    counts.clear()
    for seed in range(400):
        drawn.clear()
        ops.corrupted_cae({}, np.random.default_rng(seed))
        assert len(drawn) == 1
        counts.update(drawn)
    assert len(counts) == 8


def test_every_change_of_the_autoencoder_is_on_its_decoders_side(nets):
    intact = nets[1].state_dict()
    near = set(ops.CAE_LAYERS[:6])
    layers = {"cae_flip": set(ops.CAE_LAYERS[3:8]), "cae_minus_gelu": set(ops.CAE_LAYERS[2:6])}
    for name, operation in ops.CAE.items():
        found = changes(operation, intact)
        assert {one.rpartition(".")[0] for one in found} == layers.get(name, near), name
        for before, after in pairs_of(found):
            ratio = (after / before)[before != 0]
            if name == "cae_flip":
                assert torch.equal(after, before.flip(0))
            elif name in ("cae_negate", "cae_negate_fifth"):
                assert set(ratio.round(decimals=4).unique().tolist()) <= {-1, 1}
            elif name in ("cae_zero", "cae_mask"):
                assert set(ratio.round(decimals=4).unique().tolist()) <= {-1, 0, 1}
            elif name == "cae_noise":
                assert ratio.min() >= 1 - 1e-4
            elif name == "cae_rotate":
                assert torch.equal(after.flatten().sort().values, before.flatten().sort().values)
            else:
                assert torch.isfinite(after).all()


def test_features_enter_changed_in_one_of_four_ways():
    x, random = torch.rand(1, 64, 20, 20) + 1, np.random.default_rng(0)
    assert list(features.FEATURES) == ["swap_channels", "zero_some", "negate_some", "nothing"]
    swapped = features.swap_channels(x, random)
    moved = int((swapped != x).any(dim=(2, 3)).sum())
    assert 0 < moved <= 10
    assert torch.equal(swapped.flatten(2).sum(2).sort().values, x.flatten(2).sum(2).sort().values)
    assert abs(float((features.zero_some(x, random) == 0).float().mean()) - 0.05) < 0.01
    assert abs(float((features.negate_some(x, random) < 0).float().mean()) - 0.025) < 0.01
    assert features.nothing(x, random) is x


def test_the_body_treats_them_in_one_of_five_ways(nets):
    body, x = nets[0].body, torch.rand(1, 8, 4, 4)
    assert list(features.BODY) == ["body_negated", "body_activated", "body_flipped", "body_skipped", "body_whole"]
    middle = body[:5](x)
    assert torch.equal(features.body_negated(body, x, np.random.default_rng(0)), body[5:](-middle))
    assert torch.equal(features.body_whole(body, x, np.random.default_rng(0)), body(x))
    kinds = {
        "body_activated": [torch.relu(middle), gelu(middle)],
        "body_flipped": [middle.flip((1, 2)), middle.flip((1, 3))],
    }
    for name, (rare, usual) in kinds.items():
        seen = Counter()
        for seed in range(30):
            found = features.BODY[name](body, x, np.random.default_rng(seed))
            seen[0 if torch.equal(found, body[5:](rare)) else 1 if torch.equal(found, body[5:](usual)) else 2] += 1
        assert seen[2] == 0
        assert 5 <= seen[0] <= 16  # once in three times
    skipped = [features.body_skipped(body, x, np.random.default_rng(seed)) for seed in range(5)]
    assert all(not torch.equal(one, body(x)) for one in skipped)


def test_the_code_is_changed_in_one_of_nine_ways():
    code, random = torch.rand(1, 32, 16, 16) + 0.5, np.random.default_rng(2)
    places = features.zero_places(code, random) == 0
    assert torch.equal(places[0, 0], places[0, 31])
    assert abs(float(places.float().mean()) - 0.2) < 0.08
    assert abs(float((features.negate_places(code, random) < 0).float().mean()) - 0.1) < 0.06
    mixed = features.mix_channels(code, random)
    assert torch.equal(mixed[:, 10:], code[:, 10:])
    assert not torch.equal(mixed, code)
    flips = [code.flip(axes) for axes in ((2,), (3,), (2, 3))]
    found = [features.flip_all(code, np.random.default_rng(seed)) for seed in range(30)]
    assert all(any(torch.equal(one, flip) for flip in flips) for one in found)
    some = features.flip_some(code, random)
    assert 0 < int((some != code).any(dim=(2, 3)).sum()) <= 5
    near = features.nearly_identity(code, random)
    assert near.shape == code.shape
    assert torch.corrcoef(torch.stack([near.flatten(), code.flatten()]))[0, 1] > 0.1
    assert (features.borrowed(code, random) - code).amin() > -1e-5
    shifted = features.shifted(code, random)
    assert abs(float(shifted.mean() - code.mean())) < 0.15
    louder = features.louder(torch.ones(1, 4, 8, 8), random)
    assert louder.min() >= 3
    assert louder.max() <= 7
    assert len(features.CODE) + 1 == 9


def test_bits_are_drawn_with_the_codes_own_chance_and_let_gradients_pass():
    code = torch.full((1, 1, 100, 100), 0.4, requires_grad=True)
    found = bits(code, torch.rand(code.shape))
    drawn = found.detach()
    assert set(drawn.unique().tolist()) <= {0.0, 1.0}
    assert abs(float(drawn.mean()) - 0.7) < 0.03
    found.sum().backward()
    assert torch.equal(code.grad, torch.full_like(code, 0.5))


@pytest.mark.parametrize("channels", [1, 3, 8])
def test_images_of_any_channels_come_back_as_large_as_they_were(channels):
    torch.manual_seed(0)
    distortion = Distortion(state_of((Edsr(channels, 4), Cae(channels, TINY))))
    image = torch.rand(1, channels, 17, 17)
    for seed in range(6):
        random = np.random.default_rng(seed)
        distortion.redraw(random)
        for net in ("edsr", "cae"):
            made = distortion.through(net, image, random)
            assert made.shape == image.shape
            assert torch.isfinite(made).all()
            assert 0 <= made.min() <= made.max() <= 1
    with pytest.raises(DataError, match=f"take {channels} channels of at least 4 pixels, got {channels + 1} of 17"):
        distortion.through("cae", torch.rand(1, channels + 1, 17, 17), np.random.default_rng(0))


def test_a_file_of_other_tensors_is_one_line():
    with pytest.raises(DataError, match=r"no networks of deepaugment: .*give tensors edsr") as caught:
        networks_of({"edsr.head.0.weight": torch.zeros(4, 1, 3, 3)})
    assert "\n" not in str(caught.value)
