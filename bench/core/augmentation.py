"""The noun `Augmentation`: what is done to the training images, by name, with every parameter."""

from urllib.parse import parse_qsl

from pydantic import Field

from bench.core.errors import UsageError
from bench.core.record import Record


class Augmentation(Record):
    """`name`: on the shelf `bench/augment/`; `parameters`: all of them, those left at their defaults too."""

    name: str
    parameters: dict[str, float | int | bool | str | None] = Field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "Augmentation":
        """Read `NAME` or `NAME?key=value&key=value`; values stay text until the augmenter's own record reads them.

        In a value `%26` is an ampersand, and so on; a plus sign is one.
        """
        name, mark, query = text.partition("?")
        try:
            pairs = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True, strict_parsing=bool(mark))
        except ValueError:
            raise UsageError(f"--augment {text!r}: options after '?' must read key=value&key=value") from None
        twice = [key for key, _ in pairs if sum(key == other for other, _ in pairs) > 1]
        if twice:
            raise UsageError(f"--augment {text!r}: {twice[0]} stands twice")
        return cls(name=name, parameters=dict(pairs))

    def __str__(self) -> str:
        said = {key: str(value) for key, value in self.parameters.items() if value is not None}
        query = "&".join(f"{key}={value.replace('%', '%25').replace('&', '%26')}" for key, value in said.items())
        return self.name + (f"?{query}" if query else "")
