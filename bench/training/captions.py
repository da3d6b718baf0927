"""A CLIP tokenizer whose vocabulary holds every word of a set of captions as one token.

Byte-pair encoding (Sennrich et al., 2016) learnt from the captions' words until each is whole; any other text is still
encodable, byte by byte. Layout as CLIP's: "</w>" ends a word, <|startoftext|> and <|endoftext|> frame a caption, the
latter pads."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable

from transformers import CLIPTokenizer

START, END = "<|startoftext|>", "<|endoftext|>"
MAX_LENGTH = 24  # tokens a caption, both frames counted
_WORD_END = "</w>"


def build_tokenizer(captions: Iterable[str]) -> CLIPTokenizer:
    """The tokenizer of the words in `captions` (ASCII; case is ignored)."""
    words = sorted({word for caption in captions for word in re.findall(r"[a-z]+|[0-9]|[^\sa-z0-9]+", caption.lower())})
    if not all(word.isascii() for word in words):
        raise ValueError("captions are ASCII: " + ", ".join(word for word in words if not word.isascii()))
    merges = _merges(words)
    alphabet = _byte_alphabet()
    tokens = alphabet + [letter + _WORD_END for letter in alphabet] + ["".join(pair) for pair in merges] + [START, END]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    return CLIPTokenizer(
        vocab=vocabulary,
        merges=merges,
        unk_token=END,
        bos_token=START,
        eos_token=END,
        pad_token=END,
        model_max_length=MAX_LENGTH,
    )


def _merges(words: list[str]) -> list[tuple[str, str]]:
    """The pairs to join, most frequent first, ties in alphabetical order, until every word is one piece."""
    pieces = [[*word[:-1], word[-1] + _WORD_END] for word in words]
    merges = []
    while counts := Counter(pair for word in pieces for pair in itertools.pairwise(word)):
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        pieces = [_join(word, best) for word in pieces]
    return merges


def _join(word: list[str], pair: tuple[str, str]) -> list[str]:
    joined: list[str] = []
    for piece in word:
        if joined and (joined[-1], piece) == pair:
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _byte_alphabet() -> list[str]:
    """The 256 printable letters that stand for bytes in GPT-2's and CLIP's vocabularies, in order of the byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(spare)) for byte in range(256)]
