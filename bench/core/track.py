"""The noun `Track`: a question, as classes, an in-distribution test set, shifted sets, and a headline."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator

from bench.core.classes import ClassName, check_classes, class_list_digest
from bench.core.label_map import LabelMap, label_map, resolved
from bench.core.record import Misplaced, Record
from bench.core.registry import unknown
from bench.core.text import Line

# Names are parts of file names: no separators, nothing hidden, and not told apart by case alone.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)]


class Expected(Record):
    """What everybody knows of a set, so that an incomplete copy is not taken for it.

    `images`: the counts that sources give (they may disagree); `per_folder`: images in every folder;
    `sha256`: that of some files by id, which `doctor` compares.
    """

    images: tuple[int, ...] = ()
    per_folder: int | None = Field(default=None, ge=1)
    sha256: dict[str, Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]] = Field(default_factory=dict)


class BoxLayout(Record):
    """How a folder says where things are: `coco` with its `file` of annotations and `images` beside it, `yolo` with
    its `file` (data.yaml) and `split`, `voc` with its `split` (a list in ImageSets/Main). Paths start at the folder.

    `single`: every class of the files is the only class of the track.
    """

    layout: Literal["coco", "yolo", "voc"]
    file: Line | None = None
    images: Line | None = None
    split: Line | None = None
    single: bool = False

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        needed = {"coco": ("file", "images"), "yolo": ("split",), "voc": ("split",)}[self.layout]
        absent = [name for name in needed if getattr(self, name) is None]
        if absent:
            raise Misplaced(f"the layout {self.layout} needs {' and '.join(needed)}", absent[0])
        return self


class SetSpec(Record):
    """Where a set's images come from, and how answers to them are judged.

    The images are one of: `source`, a named real source; `dataset` and `split`, of a generated version;
    `folder`, a tree of images with `map` from its folders to classes (`bench/core/label_map.py`), or on a
    detection track with `boxes`.

    `folders: class`: the tree's folders are class ids, and the map's entries are groups of them. `subset`:
    folders that the map does not name are left out. `restrict`: only mapped classes compete. `crop`: pixels
    cut off on each side. `labels`: a source of labels for single images, by name. `x_axis`: the set that a
    robustness line has on its x-axis for this one (default: the in-distribution set).
    """

    source: str | None = None
    dataset: str | None = None
    split: str | None = None
    folder: Line | None = None
    map: Annotated[LabelMap | None, BeforeValidator(label_map)] = None
    boxes: BoxLayout | None = None
    folders: Literal["name", "class"] = "name"
    subset: bool = False
    restrict: bool = False
    crop: int = Field(default=0, ge=0, le=64)
    labels: str | None = None
    expect: Expected = Expected()
    x_axis: str | None = None
    title: Line = ""
    about: Line = ""
    optional: bool = False

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if sum(origin is not None for origin in (self.source, self.dataset, self.folder)) != 1:
            raise ValueError("give exactly one of source, dataset and folder")
        if (self.dataset is None) != (self.split is None):
            raise ValueError("dataset and split go together")
        if (self.folder is None) != (self.map is None and self.boxes is None):
            raise ValueError("folder and map go together: map: wnid, map: index, or map: {folder: class, …}")
        if self.map is not None and self.boxes is not None:
            raise ValueError("a folder has a map (one class an image) or boxes, not both")
        if self.folder is None and (self.restrict or self.subset or self.crop or self.labels):
            raise ValueError("restrict, subset, crop and labels are for sets on folders")
        if self.folders == "class" and not isinstance(self.map, dict):
            raise ValueError("folders: class needs a map of groups: {name: [class, …], …}")
        return self

    def classes_among(self, class_ids: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
        """For a set on folders: folder name -> indices of the classes that are right for its images."""
        assert self.map is not None, f"{self.title} is not a set on folders"
        return resolved(self.map, class_ids, partial=self.subset, by_class=self.folders == "class")


class Headline(Record):
    """The one number a board is sorted by: the mean of `metric` over `sets`."""

    metric: Literal["top1", "ap50"] = "top1"
    sets: tuple[str, ...]


class Budget(Record):
    """How arms are trained, the same for every arm of a track. `naive`: what the arm of that name does to images.

    `mirror: false` where a mirrored image is another class, or none: no augmentation then flips unless told to.
    """

    arch: str
    steps: int = Field(ge=1)
    batch: int = Field(ge=1)
    learning_rate: float = Field(gt=0, allow_inf_nan=False)
    seeds: int = Field(ge=1)
    naive: tuple[Literal["flip", "crop", "colour"], ...] = ()
    mirror: bool = True


class StandardModel(Record):
    """A model of the robustness fit: trained on real data only."""

    arch: str
    steps: int | None = None
    fraction: float = 1.0


class Published(Record):
    """A row of somebody's table, quoted: `figures` by their heads, fractions as printed there."""

    title: Line
    figures: dict[Line, float]


class PublishedTable(Record):
    """A table that this track's own results stand beside; `columns`: its head -> `SET.FIGURE` of ours, or nothing."""

    source: Line
    columns: dict[Line, Line]
    rows: tuple[Published, ...]
    arms: dict[str, Line] = Field(default_factory=dict)


class Track(Record):
    """Classes, sets, headline, and (where the track trains) its real and generated training data.

    `task`: one class an image, or boxes. `standard` lists the models that the robustness line is fitted to.
    """

    name: Name
    task: Literal["classification", "detection"] = "classification"
    title: Line = ""
    question: Line = ""
    classes: tuple[ClassName, ...]
    in_distribution: str
    headline: Headline
    sets: dict[Name, SetSpec]
    image_size: int | None = None
    real: SetSpec | None = None
    synthetic: SetSpec | None = None
    budget: Budget | None = None
    standard: tuple[StandardModel, ...] = ()
    oracle: str | None = None
    published: PublishedTable | None = None

    _classes = field_validator("classes")(check_classes)

    @model_validator(mode="before")
    @classmethod
    def _titles_are_names_where_none_is_given(cls, data: Any) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("sets"), dict):
            return data
        sets = {
            name: {"title": str(name)} | spec if isinstance(spec, dict) else spec for name, spec in data["sets"].items()
        }
        return {"title": data.get("name", "")} | data | {"sets": sets}

    @model_validator(mode="after")
    def _names_are_sets(self) -> Self:
        named: dict[tuple[str | int, ...], str] = {("in_distribution",): self.in_distribution}
        named |= {("headline", "sets", index): name for index, name in enumerate(self.headline.sets)}
        named |= {("sets", name, "x_axis"): spec.x_axis for name, spec in self.sets.items() if spec.x_axis}
        for place, name in named.items():
            if name not in self.sets:
                raise Misplaced(unknown(name, known=self.sets, kind="set"), *place)
        if not self.headline.sets:
            raise Misplaced("name at least one set", "headline", "sets")
        return self

    @model_validator(mode="after")
    def _sets_suit_the_task(self) -> Self:
        metric = "ap50" if self.task == "detection" else "top1"
        if self.headline.metric != metric:
            raise Misplaced(f"a {self.task} track is headed by {metric}", "headline", "metric")
        for place, spec in self._specs.items():
            if self.task == "classification" and spec.boxes is not None:
                raise Misplaced("boxes are for tracks of the task detection", *place, "boxes")
        for name, spec in self.sets.items():
            if self.task == "detection" and (spec.map is not None or spec.dataset is not None):
                raise Misplaced("a detection set has a source, or a folder with boxes", "sets", name)
        return self

    @model_validator(mode="after")
    def _maps_name_known_classes(self) -> Self:
        for place, spec in self._specs.items():
            if spec.map is not None:
                try:
                    spec.classes_among(self.class_ids)
                except Misplaced as error:
                    raise Misplaced(str(error), *place, "map", *error.place) from None
        return self

    @property
    def _specs(self) -> dict[tuple[str, ...], SetSpec]:
        """All sets, and the training data, by their place in a track's file."""
        places: dict[tuple[str, ...], SetSpec] = {("sets", name): spec for name, spec in self.sets.items()}
        parts = {"real": self.real, "synthetic": self.synthetic}
        return places | {(name,): spec for name, spec in parts.items() if spec}

    @property
    def class_ids(self) -> tuple[str, ...]:
        """The ids of the classes, in their order."""
        return tuple(item.id for item in self.classes)

    @property
    def classes_digest(self) -> str:
        """Digest of the ordered class ids."""
        return class_list_digest(self.classes)

    @property
    def shifted(self) -> tuple[str, ...]:
        """Every set but the in-distribution one and those that are x-axes of others."""
        axes = {self.in_distribution, *(spec.x_axis for spec in self.sets.values())}
        return tuple(name for name in self.sets if name not in axes)

    def x_axis(self, name: str) -> str:
        """The set whose accuracy is on the x-axis where the set `name` is on the y-axis."""
        return self.sets[name].x_axis or self.in_distribution

    def classes_of(self, name: str) -> dict[str, tuple[int, ...]]:
        """For a set on folders: folder name -> indices of the classes that are right for its images."""
        return self.sets[name].classes_among(self.class_ids)
