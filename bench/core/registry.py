"""How a name becomes a thing: one look-up for every shelf's dict."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from bench.core.errors import UsageError

LONGEST = 80


def look_up(shelf: Mapping[str, Any], name: str, *, kind: str) -> Any:
    """The value of `name` in `shelf`; a `"module:attribute"` string is imported only now.

    `kind` is the noun used in the error ("track", "model source"). An unknown name raises
    UsageError with the nearest known names.
    """
    if name not in shelf:
        raise UsageError(unknown(name, known=shelf, kind=kind))
    value = shelf[name]
    if isinstance(value, str) and ":" in value:
        module, attribute = value.split(":")
        return getattr(import_module(module), attribute)
    return value


def unknown(name: str, *, known: Any, kind: str) -> str:
    """One line for a name that is not among `known`, with the nearest ones."""
    names = sorted(known)
    near = get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names) or 'none'}"
    shown = name if len(name) <= LONGEST else f"{name[:LONGEST]}…"
    return f"unknown {kind} {shown!r}: {hint}"
