"""The noun `GflowDigits`: what GFlowNets learn of few digits by each setting, and how what they draw is read."""

from typing import Literal

from pydantic import Field

from bench.core.audit import Share
from bench.core.record import Record
from bench.core.text import Line


class Flow(Record):
    """A policy against its reward, in nats.

    `begun`, `learned`: the root of the trajectory-balance loss (whichever it learned by) over as many trajectories of
    its own as images are `drawn`, before its first step and after its last. `log_z`: its own less the reward's, a
    number a class. `drawn`: images that the oracle reads as the class asked for; `near`: of draws of the reward's
    density, and `wanted`: their share as the reward weighs them, which a policy in balance would have.
    """

    begun: float = Field(ge=0)
    learned: float = Field(ge=0)
    log_z: tuple[float, ...] = Field(min_length=1)
    drawn: Share
    near: Share
    wanted: float = Field(ge=0, le=1)


class GflowRow(Record):
    """One setting; `augment` is what `--augment` would say, `images` all that was learned from.

    `seconds` of one core, None where a stopped training went on; `flow` None for what is no GFlowNet; `redrawn`: of
    unseen digits that were partly erased and filled, those that are still read as their class.
    """

    name: Line
    augment: Line
    images: int
    steps: int
    seconds: float | None
    flow: Flow | None
    redrawn: Share


class GflowDigits(Record):
    """`real`: the unseen digits as they are, read as their class; as many are drawn by each setting.

    `missing`: settings that nobody has measured yet.
    """

    format: Literal[1] = 1
    oracle: Line
    oracle_digest: str
    classes: int
    real: Share
    rows: tuple[GflowRow, ...]
    missing: tuple[Line, ...] = ()
    command: Line
