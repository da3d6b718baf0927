"""The base of every record that people or other programs write."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from bench.core.errors import UsageError
from bench.core.registry import unknown


class Record(BaseModel):
    """A frozen, validated record; unknown keys are errors, numbers stay finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


R = TypeVar("R", bound=Record)


def parse(kind: type[R], data: object, *, where: str) -> R:
    """Validate `data` as a record of `kind`; the first problem becomes one line naming `where` and the key."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise UsageError(f"{where}: {_first_problem(kind, error)}") from None


def _first_problem(kind: type[Record], error: ValidationError) -> str:
    problem = min(error.errors(include_url=False), key=lambda item: item["type"] != "extra_forbidden")
    path = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        fields = _fields_at(kind, problem["loc"][:-1])
        return unknown(path, known=fields, kind="key") if fields else f"unknown key {path!r}"
    message = problem["msg"].removeprefix("Value error, ")
    found = "" if problem["type"] in ("missing", "value_error") else f", got {problem['input']!r:.80}"
    return f"{path}: {message}{found}" if path else f"{message}{found}"


def _fields_at(kind: type[Record], path: tuple[int | str, ...]) -> list[str]:
    """The known keys of the record reached by `path`, or none where the path leaves plain records."""
    for part in path:
        field = kind.model_fields.get(str(part))
        annotation = field.annotation if field else None
        if not (isinstance(annotation, type) and issubclass(annotation, Record)):
            return []
        kind = annotation
    return list(kind.model_fields)
