"""The noun `ModelRef`: where a model comes from, as `source:name?option=value`."""

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from bench.core.errors import UsageError

LONGEST = 80


@dataclass(frozen=True)
class ModelRef:
    """`source` names a file of `bench/models/`; `name` and `options` are for that source."""

    source: str
    name: str
    options: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> "ModelRef":
        """Read `source:name?option=value&…`; text without a source is a UsageError."""
        source, colon, rest = text.partition(":")
        if not colon or not source or not rest:
            raise UsageError(f"model {text!r}: expected source:name, such as run:ID or checkpoint:FILE?arch=resnet10t")
        name, _, query = rest.partition("?")
        try:
            options = tuple(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
        except ValueError:
            raise UsageError(f"model {text!r}: options after '?' must read key=value&key=value") from None
        return cls(source=source, name=name, options=options)

    def option(self, key: str) -> str | None:
        """The value of one option, or None."""
        return dict(self.options).get(key)

    def __str__(self) -> str:
        query = "&".join(f"{key}={value}" for key, value in self.options)
        return f"{self.source}:{self.name}" + (f"?{query}" if query else "")

    @property
    def slug(self) -> str:
        """`slug_of` the whole reference."""
        return slug_of(str(self))


def slug_of(model: str) -> str:
    """A file name of at most 80 characters: letters, digits, dot, dash, underscore; two models never share one.

    Where that cannot be the model's own words (other characters, capitals that some disks do not tell
    apart, length), eight digits of their digest are added.
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", model).strip("-.")
    if model.replace(":", "-", 1) == plain == plain.lower() and len(plain) <= LONGEST:
        return plain
    head = re.sub(r"[^A-Za-z0-9._-]+", "-", model.partition("?")[0]).strip("-.")
    return f"{head[: LONGEST - 9].rstrip('-.')}-{hashlib.sha256(model.encode()).hexdigest()[:8]}".lstrip("-.")
