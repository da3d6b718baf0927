"""The rows of the data leaderboard: every method that can take part, by name. A new one is one entry here.

An augmentation joins by standing in `bench/augment/`; nothing is to be written here, unless it needs a file. A
synthesis method is a `drawn(…)` entry: what its recipe says otherwise than the recipe of the track's own generated
data, in the words of a recipe file. Shots, trial, counts and seeds are filled in by the protocol.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bench import augment
from bench.pipelines.data_board.lessons import (
    ERASED,
    ERASED_LESSON,
    FOUND_AGAIN,
    SHOWN,
    TOKEN,
    TOKEN_LESSON,
    TUNED,
    TUNING_LESSON,
)
from bench.pipelines.data_board.row import MethodRow, drawn

EIGHTY = {"bank": "openai-imagenet-80"}


def _prompted(*templates: str) -> dict[str, Any]:
    return {"bank": "data-board", "templates": list(templates)}


def _edited(about: str, *, strength: float, prompts: Mapping[str, Any] | None = None) -> MethodRow:
    return drawn(
        about,
        method={"name": "image-to-image", "strength": strength},
        prompts=prompts or _prompted(*SHOWN),
        conditioning={},
        evaluations=2 * int(PASSES * strength),
    )


PASSES = 12  # steps of digits-sd


def _fused(
    about: str,
    *,
    strengths: Sequence[float] = (1.0, 0.75, 0.5, 0.25),
    lessons: Sequence[Mapping[str, Any]] = (TOKEN,),
    lesson: float = TOKEN_LESSON,
    **said: Any,
) -> MethodRow:
    return drawn(
        about,
        method={"name": "da-fusion", "strengths": list(strengths)},
        prompts=_prompted(*SHOWN),
        conditioning={},
        adaptations=list(lessons),
        evaluations=2 * sum(int(PASSES * one) for one in strengths) / len(strengths),
        lessons=lesson,
        **said,
    )


def _swapped(about: str, **parameters: Any) -> MethodRow:
    return drawn(
        about,
        method={"name": "prompt-to-prompt", "source": "a photo of a {other}.", **parameters},
        prompts=_prompted(*SHOWN),
        sampler={"name": "DDIMScheduler", "steps": PASSES, "guidance": 2.0},
        evaluations=4 * PASSES,
    )


def _inverted(about: str, **parameters: Any) -> MethodRow:
    return drawn(
        about,
        method={"name": "null-text", "source": SHOWN[0], "edit": "refine", **parameters},
        prompts=EIGHTY,
        conditioning={},
        sampler={"name": "DDIMScheduler", "steps": PASSES, "guidance": 2.0},
        evaluations=10 * PASSES,
    )


def _flowing(about: str, *, fraction: float) -> MethodRow:
    return MethodRow(
        kind="augmentation", about=f"gflow, {about}", augment=f"gflow?fraction={fraction:g}&least=1", by_name=True
    )


# As augmentations they need a file. DeepAugment draws instead; DAGAN learns from classes other than those that it is
# tested on, so that it has a comparison of its own (`dagan`, leaderboards/digits-dagan).
ELSEWHERE = ("dagan", "deepaugment")

METHOD_ROWS: dict[str, MethodRow] = {
    "none": MethodRow(kind="real", about="the real shots as they are", augment=None),
    **{
        name: MethodRow(kind="augmentation", about=about, augment=name)
        for name, about in augment.ABOUT.items()
        if name not in ELSEWHERE
    },
    "gflow-0.7": _flowing("learned from 0.7 % of the images, as GFlowAug's on iWildCam", fraction=0.00679),
    "gflow-21": _flowing("learned from 21 % of the images, as GFlowAug's on GlobalWheat", fraction=0.208),
    "gflow-shots": _flowing("learned from all the images", fraction=1.0),
    "label-prompts-single": drawn(
        "a prompt with the class name, one template",
        method={"name": "text-to-image"},
        prompts={"bank": "openai-imagenet-single"},
        whole={"digits": "digits-g-single@1.0.0"},
        evaluations=2 * PASSES,
    ),
    "label-prompts-80": drawn(
        "prompts with the class name, the 80 templates of CLIP (ImageNet-G-v1)",
        method={"name": "text-to-image"},
        prompts=EIGHTY,
        whole={"digits": "digits-g@1.0.0"},
        evaluations=2 * PASSES,
    ),
    "label-prompts-80-beside": drawn(
        "the same images beside the real ones, instead of mixed in",
        method={"name": "text-to-image"},
        prompts=EIGHTY,
        whole={"digits": "digits-g@1.0.0"},
        join="concatenate",
        evaluations=2 * PASSES,
    ),
    "sdedit-0.25": _edited("each shot edited by SDEdit at strength 0.25 under its class name", strength=0.25),
    "sdedit-0.5": _edited("each shot edited by SDEdit at strength 0.5 under its class name", strength=0.5),
    "sdedit-0.75": _edited("each shot edited by SDEdit at strength 0.75 under its class name", strength=0.75),
    "label-image": _edited("label and image at strength 1, as ImageNet-G's authors released it", strength=1.0),
    "sdedit-0.75-80": _edited(
        "each shot edited by SDEdit at strength 0.75 under the 80 templates", strength=0.75, prompts=EIGHTY
    ),
    "label-image-80": _edited(
        "label and image at strength 1 under the 80 templates (imagenet-g-label-image)", strength=1.0, prompts=EIGHTY
    ),
    "real-guidance": drawn(
        "He et al.: edited under the class name, the further the fewer the shots",
        method={"name": "real-guidance", "variant": "he-2023"},
        prompts=_prompted(*SHOWN),
        conditioning={},
        evaluations=8,
        few=(1, 2, 4, 8, 16),
    ),
    "real-guidance-nameless": drawn(
        "DA-Fusion's baseline: strength 0.5 under “a photo”, which names no class",
        method={"name": "real-guidance", "variant": "da-fusion"},
        prompts=_prompted("a photo") | {"nameless": True},
        conditioning={},
        evaluations=PASSES,
    ),
    "token-prompts": drawn(
        "text to image under a token learned from the shots by textual inversion",
        method={"name": "text-to-image"},
        prompts=_prompted(*SHOWN),
        conditioning={},
        adaptations=[TOKEN],
        evaluations=2 * PASSES,
        lessons=TOKEN_LESSON,
    ),
    "da-fusion": _fused("Trabucco et al.: edited at four strengths in parallel under a token learned from the shots"),
    "da-fusion-single": _fused("DA-Fusion at the one strength 0.5", strengths=(0.5,)),
    "da-fusion-beside": _fused("DA-Fusion's images beside the real ones, instead of mixed in", join="concatenate"),
    "fine-tuned": drawn(
        "text to image by the generator fine-tuned on the shots (its UNet)",
        method={"name": "text-to-image"},
        prompts=_prompted(*SHOWN),
        conditioning={},
        adaptations=[TUNED],
        evaluations=2 * PASSES,
        lessons=TUNING_LESSON,
    ),
    "prompt-to-prompt": _swapped(
        "another class's picture, its prompt edited into this class while the attention of its layout stays"
    ),
    "prompt-to-prompt-features": _swapped(
        "the same, with the features of the picture as well (Plug-and-Play)", features=0.4
    ),
    "null-text": _inverted("each shot inverted by null-text inversion, its prompt edited into one of the 80 templates"),
    "ddim-inversion": _inverted("the same by DDIM inversion alone", inversion="ddim"),
    "language-enhancement": drawn(
        "He et al.: sentences around the class name",
        base="digits-g-sentences@1.0.0",
        method=None,
        evaluations=2 * PASSES,
    ),
    "language-enhancement-filtered": drawn(
        "the same, drawn again until the judge's probability of the class is above one by chance (CLIP filter)",
        base="digits-g-sentences@1.0.0",
        method=None,
        filtered=True,
        evaluations=5 * PASSES,
    ),
    "class-conditional": drawn(
        "a diffusion model that draws a class by its label",
        base="digits-g-ldm@1.0.0",
        method=None,
        whole={"digits": "digits-g-ldm@1.0.0"},
        evaluations=40,
    ),
    "image-variations": drawn(
        "each shot drawn anew from its image embedding, by a generator that reads nothing else",
        base="digits-g-variations@1.0.0",
        method=None,
        conditioning={},
        evaluations=2 * PASSES,
    ),
    "deepaugment": drawn(
        "Hendrycks et al.: each shot through distorted networks, learned from all real images without their classes",
        base="digits-g-deepaugment@1.0.0",
        method=None,
        conditioning={},
        evaluations=3,
        lessons=7000,
    ),
    "psld-outpainting": drawn(
        "each shot drawn anew around a random part of it that is kept (PSLD)",
        # The published weights do not keep the pixels on latents of 8 x 8, nor the margin anything of 32 x 32.
        method={"name": "psld", "operator": "random-outpainting", "omega": 0.6, "remeasure": False, "margin": 2},
        prompts=_prompted(*SHOWN),
        conditioning={"masks": "ink"},
        sampler={"name": "DDIMScheduler", "steps": 50, "guidance": 1.0},
        evaluations=400,
    ),
    "erased-token-prompts": drawn(
        "token-prompts on a generator that has unlearned the class names first (ESD)",
        method={"name": "text-to-image"},
        prompts=_prompted(*SHOWN),
        conditioning={},
        adaptations=[ERASED, FOUND_AGAIN],
        evaluations=2 * PASSES,
        lessons=ERASED_LESSON,
    ),
    "erased-da-fusion": _fused(
        "DA-Fusion on that generator, as a fair test asks",
        lessons=(ERASED, FOUND_AGAIN),
        lesson=ERASED_LESSON,
    ),
}
