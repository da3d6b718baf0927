"""DeepAugment's two networks (Hendrycks et al., 2021; methods.md 10.1): what makes an image anew when it is intact.

Parts are named as in the published weights, so that these load; channels and widths are read off a file's tensors.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from bench.core.errors import DataError

BLOCKS, SCALE = 16, 4
FEATURES = 64
CAE_WIDTHS = (64, 128, 32, 256, 16)
DIV2K_MEAN = (0.4488, 0.4371, 0.4040)
LEVELS = 255.0


class Edsr(nn.Module):
    """EDSR baseline x4 (Lim et al., 2017): images float [b, c, h, w] in 0..255 to [b, c, 4 h, 4 w]."""

    def __init__(self, channels: int, features: int = FEATURES) -> None:
        super().__init__()
        self.sub_mean, self.add_mean = _shift(channels, -1), _shift(channels, 1)
        self.head = nn.Sequential(_same(channels, features))
        self.body = nn.Sequential(*(_Block(features) for _ in range(BLOCKS)), _same(features, features))
        up = [part for _ in range(2) for part in (_same(features, 4 * features), nn.PixelShuffle(2))]
        self.tail = nn.Sequential(nn.Sequential(*up), _same(features, channels))

    def forward(self, images: Tensor) -> Tensor:
        """Intact."""
        found = self.enter(images)
        return self.leave(found + self.body(found))

    def enter(self, images: Tensor) -> Tensor:
        """Features [b, f, h, w]."""
        return self.head(self.sub_mean(images))

    def leave(self, features: Tensor) -> Tensor:
        """Images, four times as large as the features."""
        return self.add_mean(self.tail(features))


class _Block(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_same(features, features), nn.ReLU(), _same(features, features))

    def forward(self, features: Tensor) -> Tensor:
        return features + self.body(features)


class Cae(nn.Module):
    """The compressive autoencoder: images float [b, c, h, w] in 0..1, sides multiples of 4, by way of bits."""

    def __init__(self, channels: int, widths: tuple[int, int, int, int, int] = CAE_WIDTHS) -> None:
        super().__init__()
        first, wide, code, last, thin = widths
        self.e_conv_1 = _halved(channels, first)
        self.e_conv_2 = _halved(first, wide)
        self.e_block_1, self.e_block_2, self.e_block_3 = (_residual(wide) for _ in range(3))
        self.e_conv_3 = nn.Sequential(nn.Conv2d(wide, code, 5, padding=2), nn.Tanh())
        self.d_up_conv_1 = _doubled(code, first, wide)
        self.d_block_1, self.d_block_2, self.d_block_3 = (_residual(wide) for _ in range(3))
        self.d_up_conv_2 = _doubled(wide, code, last)
        self.d_up_conv_3 = nn.Sequential(
            nn.Conv2d(last, thin, 3), nn.LeakyReLU(), nn.ReflectionPad2d(2), nn.Conv2d(thin, channels, 3), nn.Tanh()
        )

    def forward(self, images: Tensor, chances: Tensor) -> Tensor:
        """Intact; `chances` in 0..1, of the code's shape [b, code, h / 4, w / 4], decide the bits."""
        return self.decode(bits(self.encode(images), chances))

    def encode(self, images: Tensor) -> Tensor:
        """The code before it is made of bits, in -1..1."""
        found = self.e_conv_2(self.e_conv_1(images))
        for block in (self.e_block_1, self.e_block_2, self.e_block_3):
            found = found + block(found)
        return self.e_conv_3(found)

    def decode(self, code: Tensor) -> Tensor:
        """Images of a code of bits, 0 or 1."""
        found = self.d_up_conv_1(2 * code - 1)
        for block in (self.d_block_1, self.d_block_2, self.d_block_3):
            found = found + block(found)
        return self.d_up_conv_3(self.d_up_conv_2(found))


def bits(code: Tensor, chances: Tensor) -> Tensor:
    """Stochastic binarisation: 1 where `chances` are at most (1 + code) / 2; gradients pass as if it were not there."""
    drawn = (chances <= (1 + code) / 2).to(code.dtype)
    soft = (1 + code) / 2
    return soft + (drawn - soft).detach()


def networks_of(tensors: Mapping[str, Tensor]) -> tuple[Edsr, Cae]:
    """The networks in a state of deepaugment (`edsr.…`, `cae.…`), ready to draw; DataError where they are not there."""
    parts = [
        {name.removeprefix(f"{part}."): one for name, one in tensors.items() if name.startswith(f"{part}.")}
        for part in ("edsr", "cae")
    ]
    try:
        features, channels = parts[0]["head.0.weight"].shape[:2]
        edsr = Edsr(channels, features)
        edsr.load_state_dict(parts[0])
        ends = ("e_conv_1.1", "e_conv_2.1", "e_conv_3.0", "d_up_conv_2.3", "d_up_conv_3.0")
        shapes = [parts[1][f"{end}.weight"].shape for end in ends]
        last = shapes[3][1]  # a transposed convolution counts the other way round
        widths = (shapes[0][0], shapes[1][0], shapes[2][0], last, shapes[4][0])
        cae = Cae(shapes[0][1], widths)
        cae.load_state_dict(parts[1])
    except (LookupError, RuntimeError, ValueError) as error:
        what = str(error).splitlines()[0][:80]
        raise DataError(f"no networks of deepaugment: {what}; give tensors edsr.… and cae.… as published") from None
    return edsr.eval().requires_grad_(False), cae.eval().requires_grad_(False)


def _same(before: int, after: int) -> nn.Conv2d:
    return nn.Conv2d(before, after, 3, padding=1)


def _halved(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.ZeroPad2d((1, 2, 1, 2)), nn.Conv2d(before, after, 5, stride=2), nn.LeakyReLU())


def _doubled(before: int, between: int, after: int) -> nn.Sequential:
    up = nn.ConvTranspose2d(between, after, 2, stride=2)
    return nn.Sequential(nn.Conv2d(before, between, 3), nn.LeakyReLU(), nn.ZeroPad2d(1), up)


def _residual(width: int) -> nn.Sequential:
    pads = [nn.ZeroPad2d(1), nn.Conv2d(width, width, 3)]
    return nn.Sequential(*pads, nn.LeakyReLU(), nn.ZeroPad2d(1), nn.Conv2d(width, width, 3))


def _shift(channels: int, sign: int) -> nn.Conv2d:
    """The mean of DIV2K, taken off or put back; for images that are not RGB its mean over colours."""
    mean = torch.tensor(DIV2K_MEAN if channels == 3 else (sum(DIV2K_MEAN) / 3,) * channels)
    shift = nn.Conv2d(channels, channels, 1)
    shift.weight.data = torch.eye(channels)[:, :, None, None]
    shift.bias.data = sign * LEVELS * mean
    return shift.requires_grad_(False)
