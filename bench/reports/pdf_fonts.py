"""The letters in PDF figures: cut out of the font once, and not anew for each file.

Matplotlib embeds the letters that a figure uses, and takes most of the time of a PDF to cut them out. The figures
here all get one cut, with the letters of ASCII, which costs each file 8 kB.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache

from matplotlib.backends import _backend_pdf_ps as backend
from matplotlib.font_manager import get_font

_cut = getattr(backend, "get_glyphs_subset", None)  # not part of what Matplotlib promises to keep


@contextmanager
def cut_once() -> Iterator[None]:
    """While PDF files are saved: figures share their fonts, if this Matplotlib lets them."""
    if _cut is None:
        yield
        return
    backend.get_glyphs_subset = _shared
    try:
        yield
    finally:
        backend.get_glyphs_subset = _cut


def _shared(file, glyphs):
    return nullcontext(_kept(file, frozenset(glyphs) | _ascii(file))[1])


@lru_cache(maxsize=8)
def _kept(file, glyphs: frozenset):
    held = _cut(file, glyphs)  # kept too: a cut that nobody holds closes its font
    return held, held.__enter__()


@lru_cache(maxsize=8)
def _ascii(file) -> frozenset:
    return frozenset(get_font(file).get_char_index(code) for code in range(32, 127))
