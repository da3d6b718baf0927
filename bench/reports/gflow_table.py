"""What GFlowNets learn of few digits, by setting, as Markdown and as pictures."""

from bench.core.audit import Share
from bench.core.gflow_digits import GflowDigits, GflowRow
from bench.reports.markdown import table
from bench.reports.numerals import NOTHING, fixed, percent, percent_interval
from bench.reports.plain_text import one_line, to_markdown

HEAD = (
    ("setting", "`--augment`", "images", "steps", "processor s"),
    ("imbalance, nats", "log Z off, nats", "read as asked, %", "density, %", "reward, %", "redrawn, %"),
)


def render(found: GflowDigits) -> str:
    """The table, what its columns are, the pictures, and how it was made."""
    command = one_line(found.command).replace("`", "'")
    parts = [
        "# What a GFlowNet learns of few digits",
        "A policy for each setting, which differs from the default in what its name says; one training each. Other"
        " seeds learn from other images too, and so say how much of a difference is chance.",
        table([*HEAD[0], *HEAD[1]], [_row(row) for row in found.rows], left=2),
        f"Not measured yet: {', '.join(map(to_markdown, found.missing))}." if found.missing else "",
        _columns(found),
        "![Samples of each setting, two of each class](samples.png)",
        "![Unseen digits, partly erased and filled by each setting](redrawn.png)",
        f"## Reproduce\n\n```sh\n{command}\n```",
        f"Read by {to_markdown(found.oracle)} (`{found.oracle_digest}`).",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _row(row: GflowRow) -> list[str]:
    flow = row.flow
    learned = [NOTHING] * 5
    if flow is not None:
        off = [abs(one) for one in flow.log_z]
        learned = [
            f"{fixed(flow.begun)} → {fixed(flow.learned)}",
            f"{fixed(sum(off) / len(off))} (at most {fixed(max(off))})",
            _share(flow.drawn),
            percent(flow.near.share),
            percent(flow.wanted),
        ]
    seconds = NOTHING if row.seconds is None else fixed(row.seconds, 0)
    said = [to_markdown(row.name), f"`{one_line(row.augment)}`", f"{row.images:,}", f"{row.steps:,}", seconds]
    return [*said, *learned, _share(row.redrawn)]


def _columns(found: GflowDigits) -> str:
    lines = [
        "*imbalance*: root mean square of log Z + Σ log P_F − log R − Σ log P_B over trajectories of the policy's own,"
        " before it learned → after: the root of the trajectory-balance loss, whichever loss it learned by. Zero for"
        " all trajectories where it draws in proportion to the reward.",
        "*log Z off*: the absolute error of its log Z against the reward's own, the mean over classes and the largest.",
        f"*read as asked*: samples that the oracle reads as the class asked for, of {found.real.n:,}, with 95 %"
        f" intervals (Wilson); chance is {percent(1 / found.classes)}. It does not ask for variety: what has few images"
        " to learn from may draw those.",
        "*density*: the same of draws of the density in the reward; *reward*: of these as the whole reward weighs them,"
        " where a policy in balance would stand.",
        f"*redrawn*: of {found.real.n:,} unseen digits, partly erased and filled as in training (`share=1`), those that"
        f" are still read as their class; of the digits as they are {percent(found.real.share)}.",
    ]
    if any(row.flow is None for row in found.rows):
        lines.append("–: what is no GFlowNet has no flow, and draws no class from nothing.")
    if any(row.seconds is None for row in found.rows):
        lines.append("No processor seconds: the training was stopped, and went on.")
    return "\n".join(f"- {line}" for line in lines)


def _share(one: Share) -> str:
    return f"{percent(one.share)} ({percent_interval(one.interval)})"
