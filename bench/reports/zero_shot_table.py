"""The board of the zero-shot protocol in Markdown: tuned heads of this project, then the published table, quoted."""

from collections.abc import Sequence

from bench.core.zero_shot import QuotedTable, ZeroShotCard
from bench.reports.markdown import table
from bench.reports.plain_text import to_markdown

OURS = ["model", "synthetic images", "set", "n", "text head, %", "tuned, %", "95 % interval", "best epoch, %"]


def render(cards: Sequence[ZeroShotCard], published: QuotedTable) -> str:
    """Ours where there is any, how to read it, and the quoted table with what is odd in it."""
    parts = ["# Zero-shot CLIP, tuned on synthetic images"]
    parts += [table(OURS, [line for card in cards for line in _lines(card)], left=3), _reading()] if cards else [
        "No head has been tuned here yet; `imagenet-g zero-shot MODEL --data NAME@VERSION --track T` does it."
    ]  # fmt: skip
    parts += [f"## Published (quoted): {to_markdown(published.source)}", _quoted(published), *_odd(published)]
    return "\n\n".join(parts) + "\n"


def _lines(card: ZeroShotCard) -> list[list[str]]:
    data = f"{card.data}, {card.kept:,} of {card.images:,}"
    return [
        [
            to_markdown(card.model),
            to_markdown(data),
            to_markdown(f"{card.track}/{name}"),
            f"{one.n:,}",
            _percent(one.text_head),
            _percent(one.tuned),
            f"{_percent(one.interval[0])} to {_percent(one.interval[1])}",
            f"{_percent(one.best)} ({one.best_epoch})",
        ]
        for name, one in card.sets.items()
    ]


def _reading() -> str:
    return (
        "The result is the last epoch's. The best epoch is chosen by the images that it is judged by, as the released"
        " code does, and stands here only to be compared with figures made so."
    )


def _quoted(published: QuotedTable) -> str:
    rows = [[to_markdown(row.dataset), *(f"{value:.2f}" for value in row.top1)] for row in published.rows]
    rows.append(["mean, as printed", *(f"{value:.2f}" for value in published.printed_means)])
    rows.append(["mean of the column", *(f"{value:.2f}" for value in published.means)])
    return table(["dataset (top-1, %)", *map(to_markdown, published.columns)], rows)


def _odd(published: QuotedTable) -> list[str]:
    odd = [f"{column} (printed {told:.2f}, its column's is {own:.2f})" for column, told, own in published.odd_means]
    return [f"Printed means that are not their columns': {'; '.join(odd)}."] if odd else []


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"
