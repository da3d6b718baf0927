"""PixMix (Hendrycks et al., 2022), as its released code has it (methods.md 10.3), with fractals of our own."""

import torch
from pydantic import Field
from torch import Tensor
from torch.distributions import Beta

from bench.augment.augmenter import Setting, refuse_unless_coloured, to_unit
from bench.augment.fractals import fractal_bank
from bench.augment.operations import apply, chosen, one_of, picture_of, pixels_of
from bench.core.record import Record

MARGIN = 8 / 7  # mixing pictures are larger than the images by this, and cropped at random: 256 for 224
SMALLEST = 1e-37


class Parameters(Record):
    """`severity` 3 and `beta` 3 for small images, 1 and 4 for ImageNet's; `rounds`: the most mixings of an image;
    `fractals`: how many are drawn; `pictures`: a folder of mixing pictures in their place, `pictures_digest` theirs."""

    severity: float = Field(default=3.0, ge=0.1, le=10)
    beta: float = Field(default=3.0, gt=0, le=100)
    rounds: int = Field(default=4, ge=0, le=20)
    all_ops: bool = False
    fractals: int = Field(default=128, ge=1, le=20_000)
    pictures: str | None = None
    pictures_digest: str | None = None


class PixMix:
    """Each image for itself, with one mixing picture."""

    Parameters = Parameters
    consistency = 0.0

    def __init__(self, parameters: Parameters, setting: Setting) -> None:
        if parameters.all_ops:
            refuse_unless_coloured("pixmix?all_ops=true", setting, remedy="leave all_ops out")
        self._said, self._operations = parameters, chosen(all_ops=parameters.all_ops)
        side = round(setting.size * MARGIN)
        if parameters.pictures is None:
            self._bank = torch.from_numpy(fractal_bank(parameters.fractals, side=side, channels=setting.channels))
        else:
            self._bank = torch.from_numpy(setting.pictures(parameters.pictures))

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """One view; the labels stay."""
        return torch.stack([self.mixed(image) for image in images]), labels

    def mixed(self, image: Tensor) -> Tensor:
        """uint8 [c, h, w] to one mixture float32 [c, h, w] in 0..1."""
        partner = self._mixing_picture(image.shape[-1])
        mixture = self._augmented(image) if _coin() else to_unit(image)
        for _ in range(int(torch.randint(self._said.rounds + 1, ()))):
            other = self._augmented(image) if _coin() else partner
            mixture = (add if _coin() else multiply)(mixture, other, *coefficients(self._said.beta)).clamp(0, 1)
        return mixture

    def _augmented(self, image: Tensor) -> Tensor:
        picture = apply(one_of(self._operations), picture_of(image.numpy()), self._said.severity)
        return to_unit(torch.from_numpy(pixels_of(picture).copy()))

    def _mixing_picture(self, size: int) -> Tensor:
        picture = self._bank[int(torch.randint(len(self._bank), ()))]
        top, left = (int(torch.randint(picture.shape[-1] - size + 1, ())) for _ in range(2))
        return to_unit(picture[:, top : top + size, left : left + size])


def coefficients(beta: float) -> tuple[Tensor, Tensor]:
    """(a, b): Beta(beta, 1) and Beta(1, beta), or 1 + Beta(1, beta) and -Beta(1, beta), either with probability 1/2."""
    if _coin():
        return Beta(beta, 1.0).sample(), Beta(1.0, beta).sample()
    return 1 + Beta(1.0, beta).sample(), -Beta(1.0, beta).sample()


def add(first: Tensor, second: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """a x + b y on the scale from -1 to 1, and back."""
    return (a * (2 * first - 1) + b * (2 * second - 1) + 1) / 2


def multiply(first: Tensor, second: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """x^a y^b on the scale from 0 to 2, and back; y is kept off zero, since b may be negative."""
    return (2 * first) ** a * (2 * second).clamp(min=SMALLEST) ** b / 2


def _coin() -> bool:
    return torch.rand(()).item() < 0.5
