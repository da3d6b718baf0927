"""The label space: classes with stable ids (WordNet ids on ImageNet, digits here) and display names."""

from typing import Annotated

from pydantic import StringConstraints

from bench.core.digests import digest_json
from bench.core.record import Record


class ClassName(Record):
    """One class: `id` identifies it everywhere, `name` is what a prompt says."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    name: str


def check_classes(classes: tuple[ClassName, ...]) -> tuple[ClassName, ...]:
    """Refuse an empty list and a class that stands twice; display names may repeat, ids may not."""
    if not classes:
        raise ValueError("no classes: list at least one {id, name}")
    seen: set[str] = set()
    for item in classes:
        if item.id in seen:
            raise ValueError(f"class {item.id!r} stands twice: every id must be unique")
        seen.add(item.id)
    return classes


def shared_names(classes: tuple[ClassName, ...]) -> dict[str, tuple[str, ...]]:
    """The display names that several classes have, each with the ids of those classes, in order."""
    ids: dict[str, list[str]] = {}
    for item in classes:
        ids.setdefault(item.name, []).append(item.id)
    return {name: tuple(those) for name, those in ids.items() if len(those) > 1}


def class_list_digest(classes: tuple[ClassName, ...]) -> str:
    """`sha256:…` of the ordered ids: two models agree on labels exactly when these agree."""
    return digest_json([item.id for item in classes])
