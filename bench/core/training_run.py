"""The noun `TrainingRun`: what a classifier was trained on and how, enough to do it again."""

from pydantic import Field

from bench.core.augmentation import Augmentation
from bench.core.digests import digest_json
from bench.core.record import Grown, Record


class TrainingData(Record):
    """One ingredient: a set by name and content digest, with the number of its images that were used."""

    name: str
    digest: str
    images: int = Field(ge=1)


class TrainingRun(Grown):
    """Architecture, data arm, budget in optimizer steps and in epochs, seed.

    `arch` is a timm name, or `sklearn:NAME`. `steps` is None for classifiers that are not fitted by
    steps; `fraction` is the share of the training images that was used. `match` says what is held equal
    to the other arms: optimizer `steps` or `epochs`. `augment`: what is done to the images, if anything.
    `mix`: how probably a real image gives its place to a generated one of the same source; None where generated
    images stand beside the real ones.
    """

    later = ("augment", "mix")

    track: str
    arm: str
    arch: str
    data: tuple[TrainingData, ...]
    match: str = "steps"
    steps: int | None = None
    epochs: float | None = None
    batch: int | None = None
    learning_rate: float | None = None
    weight_decay: float | None = None
    label_smoothing: float | None = None
    schedule: str | None = None
    image_size: int
    fraction: float = Field(default=1.0, gt=0, le=1)
    seed: int = 0
    classes: tuple[str, ...]
    augment: Augmentation | None = None
    mix: float | None = Field(default=None, ge=0, le=1)

    @property
    def digest(self) -> str:
        """`sha256:…` of the canonical JSON of the record."""
        return digest_json(self.model_dump(mode="json"))

    @property
    def id(self) -> str:
        """`track-arch-arm[-augmentation]-sSEED-xxxxxxxx`: readable, and unique by digest."""
        arch = self.arch.replace(":", "-")
        arm = self.arm if self.match == "steps" else f"{self.arm}-{self.match}"
        arm += f"-{self.augment.name}" if self.augment else ""
        return f"{self.track}-{arch}-{arm}-s{self.seed}-{self.digest[7:15]}"
