"""The noun `DataCell`: one method of the data leaderboard, at one number of shots, in one trial."""

from base64 import b64decode
from io import BytesIO
from typing import Annotated, Any, Literal

from PIL import Image
from pydantic import Field, PositiveInt, StringConstraints, model_validator

from bench.core.digests import digest_json
from bench.core.record import Record
from bench.core.training_run import TrainingRun

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
Accuracy = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]


class Protocol(Record):
    """What is the same for every method at a number of shots (methods.md 14.4), and so makes them comparable.

    `shots`: real images of each class, None for all. All are trained for `steps` of `batch` images, and judged after
    each of `epochs` equal parts. `per_image` images are made for each real one; with `mix` they take its place with
    that probability, without (None) they stand beside the real ones.
    """

    track: str
    shots: int | None = Field(ge=1)
    arch: str
    steps: int = Field(ge=1)
    batch: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    epochs: int = Field(ge=1)
    per_image: int = Field(ge=1)
    mix: float | None = Field(ge=0, le=1)


class Settings(Record):
    """All that a cell depends on, besides images and software: the protocol, the trial, and the method's own words."""

    protocol: Protocol
    method: Name
    trial: int = Field(ge=0)
    augment: dict[str, Any] | None
    recipe: dict[str, Any] | None

    @property
    def digest(self) -> str:
        """`sha256:…` of the canonical JSON of the record."""
        return digest_json(self.model_dump(mode="json"))

    @property
    def id(self) -> str:
        """`METHOD-sSHOTS-tTRIAL-xxxxxxxx`: readable, and unique by digest."""
        shots = "all" if self.protocol.shots is None else self.protocol.shots
        return f"{self.method}-s{shots}-t{self.trial}-{self.digest[7:15]}"


class Epoch(Record):
    """Accuracy on each set after `step` optimizer steps."""

    step: int = Field(ge=1)
    accuracy: dict[str, Accuracy]


class Made(Record):
    """The images that a method made: what they are, and what the track's oracle says of them.

    `frechet`: distance of the oracle's features to the in-distribution test set's, at `images` against all of those;
    `consistency`: the share whose class the oracle reads.
    """

    reference: str
    recipe_digest: str
    content_digest: str
    images: int = Field(ge=1)
    frechet: float | None
    consistency: Accuracy | None


class Cost(Record):
    """Processor seconds of one core (on a quiet one, wall time), and passes of one image through the generator.

    Of lessons, forward passes are counted. What was found on the disk counts as much as it took to make; None where
    nobody measured that.
    """

    learning: Seconds | None
    drawing: Seconds | None
    training: Seconds
    evaluations: int | None = Field(ge=0)

    @property
    def seconds(self) -> float | None:
        """All together."""
        if self.learning is None or self.drawing is None:
            return None
        return self.learning + self.drawing + self.training


class DataCell(Record):
    """What came out: accuracy after each epoch, the images, the cost, and a strip of pictures of some trial.

    `sets`: digest and number of images of each evaluation set.
    """

    format: Literal[1] = 1
    settings: Settings
    run: TrainingRun
    sets: dict[str, tuple[str, PositiveInt]]
    curve: tuple[Epoch, ...] = Field(min_length=1)
    made: Made | None
    cost: Cost
    strip: str | None
    versions: dict[str, str]

    @model_validator(mode="after")
    def _whole(self) -> "DataCell":
        steps, last = [epoch.step for epoch in self.curve], self.settings.protocol.steps
        if steps != sorted(set(steps)) or steps[-1] != last:
            raise ValueError(f"curve: expected steps that grow up to the last, {last}, got {str(steps)[:60]}")
        for epoch in self.curve:
            if epoch.accuracy.keys() != self.sets.keys():
                odd = sorted(epoch.accuracy.keys() ^ self.sets.keys())[0]
                raise ValueError(f"curve: step {epoch.step} and sets must name the same sets; look at {odd!r}")
        try:
            if self.strip is not None:
                Image.open(BytesIO(b64decode(self.strip, validate=True)), formats=["PNG"]).load()
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            raise ValueError("strip: expected a PNG in base64") from None
        return self

    @property
    def last(self) -> dict[str, float]:
        """Accuracy on each set after the last epoch, which is what boards report."""
        return self.curve[-1].accuracy

    def best(self, name: str) -> float:
        """The best epoch's accuracy on a set: optimistic, because the set itself chose it."""
        return max(epoch.accuracy[name] for epoch in self.curve)
