"""What each adaptation lets a recipe say of it, checked when a recipe is read. No torch in here."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from bench.core.recipe import SLOT, Digest
from bench.core.record import Record


def one_slot_each(texts: tuple[str, ...], *, what: str) -> tuple[str, ...]:
    """`texts`; ValueError where one has no slot for the class name, or several."""
    for text in texts:
        if text.count(SLOT) != 1:
            raise ValueError(f"{what} {text!r} must have exactly one slot {SLOT}")
    return texts


class Learned(Record):
    """What a lesson from real images shares: prompts to learn under, one slot each, and mirrored images or not."""

    templates: tuple[str, ...] = Field(min_length=1)
    flip: bool = True

    @field_validator("templates")
    @classmethod
    def _a_slot_each(cls, templates: tuple[str, ...]) -> tuple[str, ...]:
        return one_slot_each(templates, what="template")


class TextualInversion(Learned):
    """`vectors` of a token, the word (or one a vector) that they begin at, and how they are optimised."""

    vectors: int = Field(default=1, ge=1, le=64)
    initial: str = "the"
    steps: int = Field(default=1000, ge=1)
    batch: int = Field(default=4, ge=1)
    rate: float = Field(default=2e-3, gt=0)
    weight_decay: float = Field(default=1e-2, ge=0)


class Erasure(Record):
    """`concepts`: prompts to erase, `{}` for the class name; the defaults are `variant`'s own."""

    concepts: tuple[str, ...] = Field(min_length=1)
    variant: Literal["esd-2023", "esd-diffusers"] = "esd-2023"
    layers: Literal["x", "x-strict", "u", "self", "full"] = "full"
    steps: int = Field(default=1000, ge=1)
    rate: float = Field(default=1e-5, gt=0)
    negative_guidance: float = Field(default=1.0, gt=0)
    start_guidance: float = Field(default=3.0, ge=0)
    sampling_steps: int = Field(default=50, ge=1, le=1000)
    batch: int = Field(default=1, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _as_the_variant_has_it(cls, given: object) -> object:
        later = {"steps": 200, "rate": 5e-5, "negative_guidance": 2.0}
        return later | given if isinstance(given, dict) and given.get("variant") == "esd-diffusers" else given


class FineTuning(Learned):
    """`epochs` over the images, or so many optimizer `steps`, of `accumulation` batches each."""

    epochs: float = Field(default=1, gt=0)
    steps: int = Field(default=0, ge=0)
    batch: int = Field(default=1, ge=1)
    accumulation: int = Field(default=4, ge=1)
    rate: float = Field(default=1e-6, gt=0)
    schedule: Literal["cosine", "constant"] = "cosine"
    weight_decay: float = Field(default=1e-2, ge=0)


class Sentences(Record):
    """`model`: the folder of a text model, pinned by `weights`; `reads`: what it is given, `{}` for the class name.

    Of `draws` texts of at most `longest` tokens, `keep` distinct ones are kept; `named`: only those with the name.
    """

    model: str
    weights: Digest
    reads: str = SLOT
    draws: int = Field(default=250, ge=1)
    keep: int = Field(default=200, ge=1)
    longest: int = Field(default=32, ge=1)
    temperature: float = Field(default=1.0, gt=0)
    named: bool = False


class Dagan(Record):
    """`source`: the class ids that it learns from, none of which the recipe draws. The rest is DAGAN's plan
    (`bench/training/dagan.py`); the defaults are the published ones, 200 epochs of Omniglot's 1,200 source classes."""

    source: tuple[str, ...] = Field(min_length=1)
    steps: int = Field(default=150_000, ge=1)
    batch: int = Field(default=32, ge=2)
    rate: float = Field(default=1e-4, gt=0)
    critic_steps: int = Field(default=5, ge=1)
    widths: tuple[int, int, int, int] = (64, 64, 128, 128)
    inner: int = Field(default=3, ge=0)
    critic_inner: int = Field(default=5, ge=0)
    norm: Literal["image", "released"] = "image"
    rotate: bool = False
    seed: int = Field(default=0, ge=0)


class DeepAugment(Record):
    """How its networks are learned: `narrow` divides the published widths; `images`: from those of the shots, or `all`
    of the split, as the published networks come from other data. Or `file`, a safetensors file that has them, with its
    `file_digest`."""

    images: Literal["shots", "all"] = "shots"
    steps: int = Field(default=20_000, ge=1)
    batch: int = Field(default=16, ge=1)
    rate: float = Field(default=1e-3, gt=0)
    narrow: int = Field(default=1, ge=1, le=16)
    seed: int = Field(default=0, ge=0)
    file: str = ""
    file_digest: str = ""
