"""The comparisons that the documents make, by name: which rows at which shots, and what is held against what.

A new one is one entry here. `methods --track T --comparison NAME` makes its cells, and its figure.
"""

from bench.core.record import Record

TALK = "“Leaving Reality to Imagination”, Bansal & Grover, talk at ICLR 2023"
FUSION_TALK = "“Generative Models For Data Augmentation”, Trabucco, talk of 2023"
POSTER = "“Learned Image Augmentation for Distribution Shift Robustness Using GFlowNets”, Kim, Soni & Tiwari, poster"
READY = "“Is synthetic data from generative models ready for image recognition?”, He et al., ICLR 2023"
PSLD_PAPER = "“Data Augmentation as an Inverse Problem”, Prairie et al., paper"
NO_NUMBERS = "The talk shows its results as figures, without numbers to quote."


class Compare(Record):
    """One comparison. `says`: what is compared with what, and what the document found, in one sentence.

    `pairs`: the first less the second is what is asked; rows are all that stand in one, in that order, and `beside`.
    `shots`: None for all real images. `quoted`: the document's published figures.
    """

    title: str
    document: str
    says: str
    pairs: tuple[tuple[str, str], ...]
    shots: tuple[int | None, ...]
    beside: tuple[str, ...] = ()
    quoted: tuple[str, ...] = (NO_NUMBERS,)

    @property
    def rows(self) -> tuple[str, ...]:
        """Every row that it needs, each once."""
        return tuple(dict.fromkeys([*(name for pair in self.pairs for name in pair), *self.beside]))


def _over(first: str, *others: str) -> tuple[tuple[str, str], ...]:
    return tuple((first, other) for other in others)


COMPARISONS: dict[str, Compare] = {
    "generated": Compare(
        title="Generated data against engineered augmentation",
        document=TALK,
        says="Real data with images drawn from class names under 80 templates, against real data alone, DeepAugment,"
        " PixMix, and a class-conditional generator; the talk finds the first above all of these under shift.",
        pairs=_over("label-prompts-80", "standard", "deepaugment", "pixmix", "class-conditional"),
        shots=(4, None),
        quoted=(
            "The authors' released figure, ImageNet classifiers, percent, real → real + generated: ImageNet 74.3 →"
            " 73.0, Sketch 21.7 → 34.3, R 35.3 → 50.3, V2 61.9 → 61.0, ObjectNet 32.3 → 33.3.",
            "DeepAugment, PixMix and class-conditional generation are in the talk as a figure without numbers.",
        ),
    ),
    "conditioning": Compare(
        title="How the generator is asked",
        document=TALK,
        says="Eighty templates against one, and the class name alone against the class name and a real image; the talk"
        " names both questions and leaves the answers to its paper.",
        pairs=_over("label-prompts-80", "label-prompts-single", "label-image"),
        shots=(4, None),
        beside=("standard",),
    ),
    "da-fusion": Compare(
        title="DA-Fusion against augmentation and Real Guidance",
        document=FUSION_TALK,
        says="DA-Fusion against standard augmentation, RandAugment, CutMix and Real Guidance, four strengths against"
        " one, and Real Guidance without class names against nothing generated; the talk finds DA-Fusion above all,"
        " four strengths above one, and nameless Real Guidance no better than standard augmentation.",
        pairs=(
            *_over("da-fusion", "standard", "randaugment", "cutmix", "real-guidance", "da-fusion-single"),
            ("da-fusion-single", "real-guidance-nameless"),
            ("real-guidance-nameless", "standard"),
        ),
        shots=(1, 4, 16),
    ),
    "real-guidance": Compare(
        title="Real Guidance against prompts alone",
        document=READY,
        says="Edited real shots against images drawn from the class name alone, and against nothing generated; the"
        " paper finds both of use, and editing better.",
        pairs=_over("real-guidance", "label-prompts-single", "standard"),
        shots=(1, 4, 16),
        quoted=(
            "EuroSAT, 16 shots, CLIP RN50, percent: prompts alone 87.10, filtered by real shots 87.33, Real Guidance"
            " 88.47.",
            "EuroSAT, Real Guidance at 1, 2, 4, 8, 16 shots: 64.36, 73.62, 79.88, 84.57, 88.47.",
        ),
    ),
    "sentences": Compare(
        title="Sentences around the class name, and the filter",
        document=READY,
        says="Images drawn from sentences around the class name against the class name alone, and those that the judge"
        " reads as their class against all; the paper finds both of use, on classes that the classifier has no real"
        " image of.",
        pairs=(
            ("language-enhancement", "label-prompts-single"),
            ("language-enhancement-filtered", "language-enhancement"),
            ("language-enhancement-filtered", "standard"),
        ),
        shots=(1, 4),
        quoted=(
            "CLIP RN50, no real image, percent, prompts alone → sentences → filtered: CIFAR-10 78.23 → 77.55 → 80.06,"
            " CIFAR-100 44.25 → 44.91 → 45.69, EuroSAT 48.23 → 54.94 → 55.37.",
        ),
    ),
    "fine-tuning": Compare(
        title="The generator fine-tuned on the real images",
        document="“Leaving Reality to Imagination”, Bansal & Grover, abstract",
        says="Images drawn from the class name by a generator whose UNet was fine-tuned on the shots, against those of"
        " the generator as it is, and against nothing generated; the abstract finds the generator as it is of more use"
        " under shift.",
        pairs=_over("fine-tuned", "label-prompts-single", "standard"),
        shots=(1, 4),
        quoted=("The abstract says so without a number.",),
    ),
    "inverse-problem": Compare(
        title="Augmentation as an inverse problem",
        document=PSLD_PAPER,
        says="Real images drawn anew around a random part that is kept, by posterior sampling (PSLD), against standard"
        " augmentation and against none; the paper finds the first above both, detecting bone fractures.",
        pairs=_over("psld-outpainting", "standard", "none"),
        shots=(4,),
        quoted=(
            "Bone fractures, YOLOv7, test mAP at IoU 0.5: baseline 0.699, naive augmentation 0.746, PSLD 0.782; of one"
            " run each.",
        ),
    ),
    "erased": Compare(
        title="DA-Fusion without what the generator knew",
        document=FUSION_TALK,
        says="DA-Fusion on a generator that has unlearned the class names, against standard augmentation and against"
        " DA-Fusion on the whole one; the talk asks whether earlier methods are tested fairly without this.",
        pairs=(("erased-da-fusion", "standard"), ("da-fusion", "erased-da-fusion")),
        shots=(4,),
    ),
    "gflow": Compare(
        title="GFlowNet augmentation learned from a share of the images",
        document=POSTER,
        says="Classifiers of all real images, augmented by a GFlowNet that has learned from 0.7, 7 or 21 % of them,"
        " against no augmentation and RandAugment, the baselines of its runs; the poster finds it above them.",
        pairs=(
            *_over("gflow-0.7", "none", "randaugment"),
            *_over("gflow", "none", "randaugment"),
            *_over("gflow-21", "none", "randaugment"),
            *_over("gflow-released", "none", "randaugment"),
        ),
        shots=(None,),
        beside=("standard",),
        quoted=(
            "iWildCam, macro F1: leaderboard 32.8 (0.1), baseline 32.79, GFlowAug 33.27; learned from 0.679 %.",
            "PovertyMap, worst-group Pearson r: 0.49 (0.06), 0.3561, 0.3751; from 7.27 %.",
            "GlobalWheat, average-domain accuracy: 51.2 (1.8), 48.87, 50.86; from 20.8 %. All of one run each.",
        ),
    ),
    "gflow-few": Compare(
        title="GFlowNet augmentation where all images are few",
        document=POSTER,
        says="At 3, 28 and 84 shots, which are the poster's 0.7, 7 and 21 % of the digits: a GFlowNet that has learned"
        " from all the shots, against no augmentation and RandAugment; the poster has classifiers of all images only.",
        pairs=_over("gflow-shots", "none", "randaugment"),
        shots=(3, 28, 84),
        beside=("standard",),
        quoted=("The poster has no classifier of so few images to quote.",),
    ),
}
