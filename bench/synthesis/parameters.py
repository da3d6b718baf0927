"""What each method and each adaptation lets a recipe say of it: `method.parameters`, checked when a recipe is read.

No torch in here, so that reading a recipe stays quick.
"""

from typing import Annotated, Literal, TypeVar

from pydantic import Field, field_validator, model_validator

from bench.core.errors import UsageError
from bench.core.gflow_settings import GflowSettings
from bench.core.recipe import SLOT, Adaptation, Recipe
from bench.core.record import Grown, Record, parse
from bench.core.registry import unknown

OTHER = "{other}"
Strength = Annotated[float, Field(strict=True, ge=0, le=1)]


class Nothing(Record):
    """No parameters."""


class Safe(Grown):
    """`safety: none` draws without a safety checker; `safety: checker` needs the generator's own."""

    safety: Literal["none", "checker"]


class FromSources(Safe):
    """`per_image`: how many images are made from each real one (M, absent: 1); slot n starts from image n // M."""

    later = ("per_image",)

    per_image: int | None = Field(default=None, ge=1)


class ImageToImage(FromSources):
    """`strength` s of N steps: the last int(N s) are run; 0 is the round trip through the autoencoder."""

    strength: Strength


class RealGuidance(FromSources):
    """`variant`: `he-2023`, whose strength depends on the shots, or `da-fusion`, whose strength is 0.5."""

    variant: Literal["he-2023", "da-fusion"] = "he-2023"


class DaFusion(Safe):
    """`strengths`: one for each image, drawn with equal chances (`compose: parallel`), or each applied in its turn with
    the chance 1 / len(strengths) (`sequential`).

    `mask: object` edits what the source's mask covers, grown by `grow` pixels, `background` all else.
    """

    per_image: int = Field(default=10, ge=1)
    strengths: tuple[Strength, ...] = Field(default=(1.0, 0.75, 0.5, 0.25), min_length=1)
    compose: Literal["parallel", "sequential"] = "parallel"
    mask: Literal["none", "object", "background"] = "none"
    grow: int = Field(default=16, ge=1)


class Psld(FromSources):
    """What is measured, how much it counts, and what of the published code is kept (`transpose`, `remeasure`).

    Those of masks that go by the object's box need `conditioning.masks`; `margin` grows the box, in pixels.
    """

    operator: Literal[
        "box", "random", "outpainting", "random-outpainting", "random-outpainting-text", "random-entire", "erasing",
        "gaussian-blur", "motion-blur", "super-resolution", "jpeg",
    ]  # fmt: skip
    gamma: float = Field(default=0.1, ge=0)
    omega: float = Field(default=1.0, ge=0)
    sigma: float = Field(default=0.05, ge=0)
    transpose: Literal["released", "adjoint"] = "released"
    remeasure: bool = True
    margin: int = Field(default=16, ge=0)
    kernel: int = Field(default=61, ge=1)
    deviation: float = Field(default=3.0, gt=0)
    intensity: float = Field(default=0.5, ge=0)
    factor: int = Field(default=4, ge=1)
    quality: int = Field(default=10, ge=1, le=100)

    @field_validator("kernel")
    @classmethod
    def _odd(cls, kernel: int) -> int:
        if kernel % 2 == 0:
            raise ValueError(f"expected an odd number of pixels, got {kernel}")
        return kernel


class PromptToPrompt(Safe):
    """`source`: the source prompt (`{}` the class, `{other}` another one), `edit`: words swapped one for one or added.

    `words` of the edited prompt count `weights` times as much. `blend`: the words of source and edit (one, where they
    are the same) about which alone pictures may differ. Maps are copied for so large a share of the steps.
    """

    source: str
    edit: Literal["replace", "refine"] = "replace"
    cross_replace: Strength = 0.8
    self_replace: Strength = 0.4
    words: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()
    blend: tuple[str, ...] = Field(default=(), max_length=2)

    @model_validator(mode="after")
    def _a_weight_a_word(self) -> "PromptToPrompt":
        if len(self.words) != len(self.weights):
            raise ValueError(f"{len(self.words)} words and {len(self.weights)} weights; give one weight for each word")
        return self


class NullText(PromptToPrompt):
    """`inversion`: `null-text`, or `ddim` alone; `inner` iterations a step at most, until the loss is below `stop`."""

    later = ("per_image",)

    per_image: int | None = Field(default=None, ge=1)
    inversion: Literal["null-text", "ddim"] = "null-text"
    inner: int = Field(default=10, ge=1)
    rate: float = Field(default=1e-2, gt=0)
    stop: float = Field(default=1e-5, ge=0)


class Learned(Record):
    """What a lesson from real images shares: prompts to learn under, one slot each, and mirrored images or not."""

    templates: tuple[str, ...] = Field(min_length=1)
    flip: bool = True

    @field_validator("templates")
    @classmethod
    def _one_slot_each(cls, templates: tuple[str, ...]) -> tuple[str, ...]:
        for template in templates:
            if template.count(SLOT) != 1:
                raise ValueError(f"template {template!r} must have exactly one slot {SLOT}")
        return templates


class TextualInversion(Learned):
    """`vectors` of a token, the word that they begin at, prompts to learn it under, and how it is optimised."""

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


PARAMETERS: dict[str, type[Record]] = {
    "text-to-image": Safe,
    "image-variations": FromSources,
    "image-to-image": ImageToImage,
    "real-guidance": RealGuidance,
    "da-fusion": DaFusion,
    "prompt-to-prompt": PromptToPrompt,
    "null-text": NullText,
    "psld": Psld,
    "class-conditional": Nothing,
    "gflow": Nothing,
}
ADAPTED: dict[str, type[Record]] = {
    "textual-inversion": TextualInversion,
    "erasure": Erasure,
    "fine-tuning": FineTuning,
    "gflow": GflowSettings,
}

P = TypeVar("P", bound=Record)


def read(kind: type[P], recipe: Recipe) -> P:
    """The recipe's `method.parameters` as a record of `kind`; UsageError naming recipe and key where they are wrong."""
    return parse(kind, dict(recipe.method.parameters), where=f"{recipe.reference}: method.parameters")


def read_adaptation(one: Adaptation) -> Record:
    """The parameters of an adaptation, complete; UsageError in one line where it is wrong."""
    if one.name not in ADAPTED:
        raise UsageError(unknown(one.name, known=ADAPTED, kind="adaptation"))
    return parse(ADAPTED[one.name], dict(one.parameters), where=one.name)


def for_each_class(one: Adaptation) -> bool:
    """Does it learn a state for each class? Else one serves all."""
    return one.name == "textual-inversion" or SLOT in str(one.parameters.get("concepts"))


def token_of(class_name: str) -> str:
    """The word that textual inversion learns for a class, as DA-Fusion writes it."""
    return f"<{class_name.replace(' ', '_')}>"


def check_ddim(recipe: Recipe) -> Recipe:
    """The recipe; UsageError where its sampler is another than the one that the method's steps are written for."""
    if recipe.sampler.name != "DDIMScheduler":
        raise UsageError(
            f"{recipe.reference}: sampler.name: method {recipe.method.name} takes its own steps of DDIM; expected"
            f" DDIMScheduler, got {recipe.sampler.name}"
        )
    return recipe


def check_strength(recipe: Recipe, strength: float) -> float:
    """`strength`; UsageError where it is above 0 and yet leaves none of the sampler's steps."""
    if strength > 0 and int(recipe.sampler.steps * strength) < 1:
        raise UsageError(
            f"{recipe.reference}: method.parameters: strength {strength:g} leaves none of {recipe.sampler.steps} steps;"
            f" expected at least {1 / recipe.sampler.steps:.2g}, or 0 for the round trip through the autoencoder"
        )
    return strength
