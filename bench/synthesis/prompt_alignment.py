"""Which tokens of an edited prompt stand for which of its source (methods.md 18.1).

Tokens are counted with the frames: place 0 is the beginning of the text, places after its end map to themselves.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from bench.core.errors import UsageError

Pieces = Callable[[str], list[str]]
GAP, MATCH, MISMATCH = 0, 1, -1


def replaced(source: str, edited: str, pieces: Pieces, length: int) -> tuple[Tensor, Tensor]:
    """Word swap: (mapper [length, length], taken [length]) that take every map to the word in the same place.

    The tokens of a word share what its source's tokens look at in equal parts. UsageError where the prompts have
    different numbers of words.
    """
    words, others = source.split(), edited.split()
    if len(words) != len(others):
        raise UsageError(
            f"prompt-to-prompt: replace swaps words one for one, {source!r} has {len(words)} and {edited!r} has"
            f" {len(others)}; say edit: refine"
        )
    mapper = torch.zeros(length, length)
    mapper[0, 0] = 1
    here, there = 1, 1
    for one, other in zip(words, others, strict=True):
        n, m = len(pieces(one)), len(pieces(other))
        if n == m:
            mapper[range(here, here + n), range(there, there + m)] = 1
        else:
            mapper[here : here + n, there : there + m] = 1 / m
        here, there = here + n, there + m
    # Both prompts' ends, and the padding after them.
    for offset in range(max(0, length - there)):
        mapper[min(here + offset, length - 1), there + offset] = 1
    return mapper, torch.ones(length)


def refined(source: str, edited: str, pieces: Pieces, length: int) -> tuple[Tensor, Tensor]:
    """Words added: tokens that both prompts share take the source's maps, new ones keep their own."""
    here, there = pieces(source), pieces(edited)
    mapper, taken = torch.eye(length), torch.ones(length)
    for place, origin in enumerate(aligned(here, there), start=1):
        mapper[:, place] = 0
        taken[place] = origin is not None
        if origin is not None:
            mapper[origin + 1, place] = 1
    for offset in range(length - len(there) - 1):
        mapper[:, len(there) + 1 + offset] = 0
        mapper[min(len(here) + 1 + offset, length - 1), len(there) + 1 + offset] = 1
    return mapper, taken


def aligned(source: Sequence[str], edited: Sequence[str]) -> list[int | None]:
    """For each token of `edited` its place in `source`, or None: global alignment (Needleman & Wunsch, 1970)."""
    rows, columns = len(source) + 1, len(edited) + 1
    score = [[GAP * (row + column) for column in range(columns)] for row in range(rows)]
    for row in range(1, rows):
        for column in range(1, columns):
            same = MATCH if source[row - 1] == edited[column - 1] else MISMATCH
            score[row][column] = max(
                score[row - 1][column - 1] + same, score[row - 1][column] + GAP, score[row][column - 1] + GAP
            )
    found: list[int | None] = [None] * len(edited)
    row, column = len(source), len(edited)
    while row and column:
        same = source[row - 1] == edited[column - 1]
        if same and score[row][column] == score[row - 1][column - 1] + MATCH:
            row, column = row - 1, column - 1
            found[column] = row
        elif score[row][column] == score[row][column - 1] + GAP:
            column -= 1
        else:
            row -= 1
    return found


def places_of(word: str, prompt: str, pieces: Pieces) -> Tensor:
    """The places int64 [k] of the tokens of a word in a prompt; UsageError where it is not one of its words."""
    place, found = 1, list[int]()
    for one in prompt.split():
        count = len(pieces(one))
        if one.strip(".,!?") == word:
            found += range(place, place + count)
        place += count
    if not found:
        raise UsageError(f"prompt-to-prompt: {word!r} is no word of the prompt {prompt!r}")
    return torch.tensor(found)
