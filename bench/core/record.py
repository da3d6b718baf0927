"""The base of every record that people or other programs write."""

from collections.abc import Mapping
from types import UnionType
from typing import Any, ClassVar, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, ValidationError, model_serializer

from bench.core.errors import UsageError
from bench.core.registry import LONGEST, unknown


class Record(BaseModel):
    """A frozen, validated record; unknown keys are errors, numbers stay finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Grown(Record):
    """A record whose fields in `later` came after recipes had been locked: while absent, digests do not see them."""

    later: ClassVar[tuple[str, ...]] = ()

    @model_serializer(mode="wrap")
    def _without_absent(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = handler(self)
        return {key: value for key, value in written.items() if value is not None or key not in self.later}


class Misplaced(ValueError):
    """A validator's refusal that names the key below its own record where the fault is."""

    def __init__(self, message: str, *place: str | int) -> None:
        super().__init__(message)
        self.place = place


R = TypeVar("R", bound=Record)
# Where a document says something: the path of a key -> its line, counted from 1.
Lines = Mapping[tuple[str | int, ...], int]


def parse(kind: type[R], data: object, *, where: str, lines: Lines | None = None) -> R:
    """Validate `data` as a record of `kind`; the first problem becomes one line naming `where` and the key.

    With the `lines` of the document, the line of that key is named too.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        problem = min(error.errors(include_url=False), key=lambda item: item["type"] != "extra_forbidden")
        problem["loc"] += getattr(problem.get("ctx", {}).get("error"), "place", ())
        raise UsageError(f"{at_line(where, lines or {}, problem['loc'])}: {_in_words(kind, problem)}") from None


def at_line(where: str, lines: Lines, path: tuple[str | int, ...]) -> str:
    """`where, line N` of the key at `path`, or of the nearest key above it that stands in the document."""
    near = next((path[:end] for end in range(len(path), 0, -1) if path[:end] in lines), None)
    return where if near is None else f"{where}, line {lines[near]}"


def _in_words(kind: type[Record], problem: Any) -> str:
    path = ".".join(str(part)[:LONGEST] for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        fields = _fields_at(kind, problem["loc"][:-1])
        return unknown(path, known=fields, kind="key") if fields else f"unknown key {path!r}"
    message = problem["msg"].removeprefix("Value error, ")
    found = "" if problem["type"] in ("missing", "value_error") else f", got {problem['input']!r:.80}"
    return f"{path}: {message}{found}" if path else f"{message}{found}"


def _fields_at(kind: type[Record], path: tuple[int | str, ...]) -> list[str]:
    """The known keys of the record reached by `path`, or none where the path leaves records and dicts of them."""
    place: Any = kind
    for part in path:
        if get_origin(place) is dict:
            place = get_args(place)[1]
        else:
            field = place.model_fields.get(str(part)) if _is_record(place) else None
            place = field.annotation if field else None
        place = (
            next((one for one in get_args(place) if _is_record(one)), place)
            if get_origin(place) is UnionType
            else place
        )
    return list(place.model_fields) if _is_record(place) else []


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Record)
