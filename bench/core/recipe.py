"""The noun `Recipe`: what a person asked for, complete and pinned."""

import re
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from bench.core.classes import ClassName, check_classes, shared_names
from bench.core.digests import derive_seed, digest_json
from bench.core.errors import DataError
from bench.core.real_images import Conditioning, Mirrored, Name
from bench.core.record import Grown, Misplaced, Record

SemanticVersion = Annotated[str, StringConstraints(pattern=r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$")]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]

SLOT = "{}"
Scalar = float | int | str | bool
Value = Scalar | tuple[Scalar, ...]


class Prompts(Grown):
    """A bank of templates, one drawn for each image from its identity, and the negative prompt.

    `nameless`: the templates have no slot, because no prompt names the class.
    """

    later = ("nameless",)

    bank: str
    templates: tuple[str, ...]
    negative: str = ""
    nameless: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_slot_each(self) -> "Prompts":
        if not self.templates:
            raise Misplaced("no templates: name a bank or list at least one", "templates")
        for template in self.templates:
            if self.nameless and SLOT in template:
                raise Misplaced(f"template {template!r} has a slot {SLOT}; leave out nameless", "templates")
            if not self.nameless and template.count(SLOT) != 1:
                raise Misplaced(f"template {template!r} must have exactly one slot {SLOT}", "templates")
        if len(set(self.templates)) != len(self.templates):
            raise Misplaced("a template stands twice", "templates")
        return self


class Method(Record):
    """The synthesis method, by its name on the shelf `bench/synthesis/`, and its parameters."""

    name: Name
    parameters: dict[str, Value] = Field(default_factory=dict)


class Adaptation(Record):
    """What the generator learns before it draws, by its name in `bench/synthesis/`, and its parameters."""

    name: Name
    parameters: dict[str, Value] = Field(default_factory=dict)


class Generator(Grown):
    """The weights that draw: a shipped name, a folder or a hub id, pinned by revision and digest.

    A hub id (`owner/name`) needs the 40 hex digits of a commit; anything else needs `weights`. Where
    neither can be known yet, `unpinned` says why, and nothing is drawn with it. `format: bin`: the
    repository has no safetensors. `compiled`: by torch.compile, which may change bits. `from_nothing`: it has no
    weights but those that the recipe's adaptation learns, so that the recipe pins them.
    """

    later = ("unpinned", "format", "compiled", "from_nothing")

    name: str
    revision: str
    weights: Digest | None = None
    dtype: Literal["float32", "float16", "bfloat16"] = "float32"
    licence: str = "unknown"
    unpinned: str | None = None
    format: Literal["bin"] | None = None
    compiled: Literal[True] | None = None
    from_nothing: Literal[True] | None = None

    @model_validator(mode="after")
    def _pinned(self) -> "Generator":
        pinned = self.weights is not None or re.fullmatch(r"[0-9a-f]{40}", self.revision) or self.from_nothing
        if self.from_nothing and self.weights:
            raise ValueError(f"generator {self.name!r} is from nothing; leave out weights")
        if not pinned and not self.unpinned:
            raise ValueError(
                f"generator {self.name!r} is not pinned: expected a 40-hex commit as revision"
                f" or the sha256 of its weights, got revision {self.revision!r} and no weights"
            )
        if pinned and self.unpinned:
            raise ValueError(f"generator {self.name!r} is pinned; leave out unpinned")
        return self


class Sampler(Record):
    """Diffusion sampler by its diffusers class name, number of steps, guidance scale."""

    name: str
    steps: int = Field(ge=1, le=65535)
    guidance: float = Field(ge=0)
    options: dict[str, float | int | str | bool] = Field(default_factory=dict)


class Size(Record):
    """Pixels of a generated image."""

    width: int = Field(ge=1)
    height: int = Field(ge=1)


class Filter(Record):
    """A rule that every image must pass, by its name on the shelf `bench/filters/`, and its parameters.

    A rejected image is drawn again with the next attempt's seed. When a rule rejects an image for the last of its
    `attempts`, the version is refused, or (`keep`) that image stays and its verdict names the rule.
    """

    name: Name
    parameters: dict[str, float | int | str | bool] = Field(default_factory=dict)
    attempts: int = Field(default=5, ge=1, le=1000)
    exhausted: Literal["refuse", "keep"] = "refuse"


class Encoding(Record):
    """How images are stored. PNG is lossless; JPEG as the released ImageNet-G-v1 has it."""

    format: Literal["png", "jpeg"] = "png"
    quality: int | None = Field(default=None, ge=1, le=100)


Count = Annotated[int, Field(ge=0)]


class Recipe(Grown):
    """Everything that defines a dataset version; its digest is the version's first identity.

    `splits` maps a split to its images per class: one number, one for each class id, or a real set to mirror.
    `batch` fixes which images are drawn together, because that can change bits. `ambiguous_names` declares
    the display names that several classes share. `label_space`: the class ids in the order of the generator's
    own labels, where the method draws by label; `conditioning`: where it draws or learns from real images;
    `adaptations`: what the generator learns first, one after another.
    """

    later = ("prompts", "ambiguous_names", "label_space", "conditioning", "adaptations")

    name: Name
    version: SemanticVersion
    title: str
    description: str
    parent: str | None = None
    classes: tuple[ClassName, ...]
    ambiguous_names: dict[str, tuple[str, ...]] | None = None
    splits: dict[Name, Count | Mirrored | dict[str, Count]]
    prompts: Prompts | None = None
    method: Method
    label_space: tuple[str, ...] | None = None
    conditioning: Conditioning | None = None
    generator: Generator
    adaptations: tuple[Adaptation, ...] | None = None
    sampler: Sampler
    size: Size
    mode: Literal["L", "RGB"] = "RGB"
    batch: int = Field(ge=1)
    seed_rule: Literal["identity-1"] = "identity-1"
    root_seed: int = Field(default=0, ge=0)
    filters: tuple[Filter, ...] = ()
    encoding: Encoding = Encoding()
    licence: str

    _classes = field_validator("classes")(check_classes)

    @field_validator("filters")
    @classmethod
    def _each_filter_once(cls, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        names = [one.name for one in filters]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"filter {name!r} stands twice")
        return filters

    @model_validator(mode="after")
    def _counts_name_known_classes(self) -> "Recipe":
        ids = {item.id for item in self.classes}
        if not self.splits:
            raise ValueError("no splits: name at least one with its images per class")
        for split, counts in self.splits.items():
            if isinstance(counts, dict) and set(counts) != ids:
                odd = sorted(set(counts) ^ ids)[0]
                raise ValueError(f"split {split!r} must count every class once; look at class {odd!r}")
        return self

    @model_validator(mode="after")
    def _shared_names_are_declared(self) -> "Recipe":
        shared, declared = shared_names(self.classes), self.ambiguous_names or {}
        for name in sorted(set(shared) | set(declared)):
            if set(declared.get(name, ())) != set(shared.get(name, ())):
                raise ValueError(
                    f"ambiguous_names: {name!r} is the name of {', '.join(shared.get(name, ())) or 'no two classes'},"
                    f" declared for {', '.join(declared.get(name, ())) or 'none'}; declare it so, or rename a class"
                )
        return self

    @model_validator(mode="after")
    def _labels_and_sources_cover(self) -> "Recipe":
        if self.label_space is not None:
            labels = set(self.label_space)
            missing = [item.id for item in self.classes if item.id not in labels]
            if missing:
                raise ValueError(f"label_space: class {missing[0]!r} is not among the generator's labels")
        if self.conditioning is not None and set(self.conditioning.splits) != set(self.splits):
            odd = sorted(set(self.conditioning.splits) ^ set(self.splits))[0]
            raise ValueError(f"conditioning.splits must name every split once; look at {odd!r}")
        return self

    @property
    def digest(self) -> str:
        """`sha256:…` of the canonical JSON of the record."""
        written = self.model_dump(mode="json")
        for split, counts in self.splits.items():
            if isinstance(counts, Mirrored):
                written["splits"][split].pop("counts", None)
        return digest_json(written)

    @property
    def reference(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

    def count(self, split: str, class_id: str, *, at_most: int | None = None) -> int:
        """Images of one class in one split, `at_most` so many; DataError where real counts are not known here."""
        counts = self.splits[split]
        if isinstance(counts, Mirrored):
            if at_most is not None and at_most <= counts.least:
                return at_most
            if counts.counts is None:
                raise DataError(
                    f"{self.reference}: split {split!r} mirrors {counts.mirrors}, whose images per class are not known"
                    f" here; count yours: python -m bench.pipelines.real_counts {counts.mirrors} FOLDER"
                )
            counts = counts.counts
        found = counts if isinstance(counts, int) else counts[class_id]
        return found if at_most is None else min(found, at_most)

    def seed(self, *identity: str | int) -> int:
        """uint32 seed of what is made: rule, root seed, dataset name, then split, class, slot and purpose.

        The version is left out, so that a larger version keeps the smaller one's images.
        """
        return derive_seed(self.seed_rule, self.root_seed, self.name, *identity)
