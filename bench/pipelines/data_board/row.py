"""One row of the data leaderboard: what it is, and how a synthesis method is told as one."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from bench.core.record import Record

Kind = Literal["real", "augmentation", "synthesis"]
BASELINE = "standard"


class MethodRow(Record):
    """One method with its settings.

    `augment`: what is done to all training images, as `--augment` has it. `recipe`: what is drawn from the shots (None:
    nothing), as changes to the shipped recipe `base` (None: that of the track's synthetic data). `whole`: by track, the
    version that stands for it where all real images are used, as in the arms of the track's own board. `join`:
    generated images take the place of a real one of the same source with a probability (`mix`), or stand beside the
    real ones (`concatenate`). `few`: the only numbers of shots that it knows (none named: any, and all real images).
    `evaluations`: passes through the generator for one image, and `lessons` for what is learned before, for the
    estimate alone. `filtered`: the base's filters hold too. `by_name`: only where it, or a comparison of it, is named.
    """

    kind: Kind
    about: str
    augment: str | None = BASELINE
    base: str | None = None
    whole: dict[str, str] = Field(default_factory=dict)
    recipe: dict[str, Any] | None = None
    join: Literal["mix", "concatenate"] = "mix"
    evaluations: float = 0
    lessons: float = 0
    filtered: bool = False
    by_name: bool = False
    few: tuple[int, ...] = ()


def drawn(about: str, *, method: Mapping[str, Any] | None, **said: Any) -> MethodRow:
    """A synthesis method: `method` and the other keys as in a recipe file, or a field of `MethodRow` by its name."""
    fields = {key: said.pop(key) for key in MethodRow.model_fields if key in said}
    recipe = said if method is None else {"method": {"safety": "none", **method}} | said
    return MethodRow(kind="synthesis", about=about, recipe=recipe, **fields)
