"""What each method lets a recipe say of it: `method.parameters`, checked when a recipe is read.

No torch in here, so that reading a recipe stays quick.
"""

from typing import Annotated, Literal, TypeVar

from pydantic import Field, field_validator, model_validator

from bench.core.errors import UsageError
from bench.core.gflow_settings import GflowSettings
from bench.core.recipe import SLOT, Adaptation, Recipe
from bench.core.record import Grown, Record, parse
from bench.core.registry import unknown
from bench.synthesis.learned_parameters import (
    Dagan,
    DeepAugment,
    Erasure,
    FineTuning,
    Sentences,
    TextualInversion,
    one_slot_each,
)

OTHER = "{other}"
Strength = Annotated[float, Field(strict=True, ge=0, le=1)]


class Nothing(Record):
    """No parameters."""


class Safe(Grown):
    """`safety: none` draws without a safety checker; `safety: checker` needs the generator's own."""

    safety: Literal["none", "checker"]


class LanguageEnhancement(Safe):
    """`sentences` with a slot each, one drawn for each image; or none, where the adaptation `sentences` writes them."""

    sentences: tuple[str, ...] = ()

    @field_validator("sentences")
    @classmethod
    def _a_slot_each(cls, sentences: tuple[str, ...]) -> tuple[str, ...]:
        return one_slot_each(sentences, what="sentence")


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
    are the same) about which alone pictures may differ. Maps are copied for so large a share of the steps; so are the
    `features` of the decoder, which is Plug-and-Play's (Tumanyan et al., 2023) and no part of Prompt-to-Prompt.
    """

    source: str
    edit: Literal["replace", "refine"] = "replace"
    cross_replace: Strength = 0.8
    self_replace: Strength = 0.4
    features: Strength = 0.0
    words: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()
    blend: tuple[str, ...] = Field(default=(), max_length=2)

    @model_validator(mode="after")
    def _a_weight_a_word(self) -> "PromptToPrompt":
        if len(self.words) != len(self.weights):
            raise ValueError(f"{len(self.words)} words and {len(self.weights)} weights; give one weight for each word")
        return self


class NullText(PromptToPrompt):
    """`inversion`: `null-text`, or `ddim` alone; `inner` iterations a step at most, until the loss is below `stop`.

    They begin at the embedding of the source's prompt or (`initial: empty`) as published of the empty one.
    `fixed_point`: rounds that make an inversion step exact; none as published.
    """

    later = ("per_image",)

    per_image: int | None = Field(default=None, ge=1)
    inversion: Literal["null-text", "ddim"] = "null-text"
    initial: Literal["prompt", "empty"] = "prompt"
    fixed_point: int = Field(default=2, ge=0)
    inner: int = Field(default=10, ge=1)
    rate: float = Field(default=1e-2, gt=0)
    stop: float = Field(default=1e-5, ge=0)


class Again(Record):
    """`per_image`: how many images are drawn from each real one (M); slot n starts from image n // M."""

    per_image: int = Field(default=1, ge=1)


class Distorted(Again):
    """`net`: the network that images pass through, or one of `both` for each; `redraw`: how often, before an image,
    weights are distorted anew."""

    net: Literal["edsr", "cae", "both"] = "both"
    redraw: float = Field(default=0.05, ge=0, le=1)


PARAMETERS: dict[str, type[Record]] = {
    "text-to-image": Safe,
    "language-enhancement": LanguageEnhancement,
    "image-variations": FromSources,
    "image-to-image": ImageToImage,
    "real-guidance": RealGuidance,
    "da-fusion": DaFusion,
    "prompt-to-prompt": PromptToPrompt,
    "null-text": NullText,
    "psld": Psld,
    "class-conditional": Nothing,
    "dagan": Again,
    "deepaugment": Distorted,
    "gflow": Nothing,
}
ADAPTED: dict[str, type[Record]] = {
    "textual-inversion": TextualInversion,
    "erasure": Erasure,
    "fine-tuning": FineTuning,
    "sentences": Sentences,
    "dagan": Dagan,
    "deepaugment": DeepAugment,
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
    return one.name in ("textual-inversion", "sentences") or SLOT in str(one.parameters.get("concepts"))


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
