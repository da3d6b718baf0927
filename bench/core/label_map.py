"""The noun `LabelMap`: from the folders of a set to the classes that are right for their images.

It is data, part of a track: `wnid` (a folder is named by its class's id), `index` (by its number in the
class list, compared as a number and never by sorted order), or one entry a folder, each with one or
several classes (methods.md, section 7).
"""

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from bench.core.errors import DataError
from bench.core.record import Misplaced
from bench.core.registry import unknown

Classes = tuple[int | str, ...]
BY_CLASS, BY_INDEX = "wnid", "index"


def _classes(value: Any) -> Any:
    """One class, a list of classes, or `{range: [first, last]}`, both ends included, as a tuple."""
    if isinstance(value, dict):
        ends: Any = value.get("range")
        whole = isinstance(ends, list) and len(ends) == 2 and all(type(end) is int for end in ends)
        if set(value) != {"range"} or not whole or ends[0] > ends[1] or ends[1] - ends[0] > 100_000:
            raise ValueError("expected a class, a list of classes, or {range: [first, last]} with first <= last")
        return tuple(range(ends[0], ends[1] + 1))
    found = value if isinstance(value, list | tuple) else [value]
    if not found or any(type(one) not in (int, str) for one in found):
        raise ValueError("expected a class (an id, or its number), a list of classes, or {range: [first, last]}")
    if len(set(found)) != len(found):
        raise ValueError("a class stands twice")
    return tuple(found)


Entries = dict[str, Annotated[Classes, BeforeValidator(_classes)]]
LabelMap = Literal["wnid", "index"] | Entries


def label_map(value: Any) -> Any:
    """What a track file says under `map`, in the form that `LabelMap` has; ValueError in words."""
    if value in (BY_CLASS, BY_INDEX):
        return value
    if isinstance(value, str):
        raise ValueError(unknown(value, known=(BY_CLASS, BY_INDEX), kind="map") + ", or {folder: class, …}")
    if not isinstance(value, dict) or not value:
        raise ValueError("expected wnid, index, the name of a shipped map, or {folder: class, …}")
    return {str(folder): classes for folder, classes in value.items()}


def resolved(
    entries: LabelMap, class_ids: Sequence[str], *, partial: bool = False, by_class: bool = False
) -> dict[str, tuple[int, ...]]:
    """Folder name -> indices into `class_ids`, the folder's classes in their order.

    `partial`: classes that are not in the list are left out, and so is a folder that has none left.
    `by_class`: the set's folders are the classes themselves; each stands for its whole entry. Misplaced,
    naming the folder, for a class that is not in the list, and for two folders that share some classes only.
    """
    place = {class_id: index for index, class_id in enumerate(class_ids)}
    if entries == BY_CLASS:
        return {class_id: (index,) for class_id, index in place.items()}
    if entries == BY_INDEX:
        return {str(index): (index,) for index in range(len(class_ids))}
    assert isinstance(entries, dict)
    found = {folder: _indices(folder, entries[folder], place, partial=partial) for folder in entries}
    found = {folder: classes for folder, classes in found.items() if classes}
    _check_apart(found)
    if not by_class:
        return found
    return {class_ids[one]: classes for classes in found.values() for one in classes}


def _indices(folder: str, classes: Classes, place: Mapping[str, int], *, partial: bool) -> tuple[int, ...]:
    indices = []
    for one in classes:
        if isinstance(one, int):
            if not 0 <= one < len(place):
                raise Misplaced(f"class {one} is outside 0..{len(place) - 1}", folder)
            indices.append(one)
        elif one in place:
            indices.append(place[one])
        elif not partial:
            raise Misplaced(unknown(one, known=place, kind="class")[:160], folder)
    return tuple(indices)


def _check_apart(found: Mapping[str, tuple[int, ...]]) -> None:
    owner: dict[int, str] = {}
    for folder, classes in found.items():
        for one in classes:
            other = owner.setdefault(one, folder)
            if set(found[other]) != set(classes):
                raise Misplaced(
                    f"class {one} is right for {other!r} too, which has other classes besides; an answer must be"
                    " right for one of them only",
                    folder,
                )


def folder_key(folder: str, entries: LabelMap) -> str:
    """The key under which `resolved` knows a folder on the disk: numbers lose their leading zeros."""
    return str(int(folder)) if entries == BY_INDEX and folder.isdecimal() and folder.isascii() else folder


def check_folders(
    wanted: Collection[str], found: Collection[str], *, entries: LabelMap, subset: bool, where: str
) -> None:
    """DataError where a mapped folder is absent, or (unless `subset`) a folder is not mapped."""
    known = {folder_key(folder, entries): folder for folder in found}
    if len(known) < len(found):
        raise DataError(f"{where}: two folders are the same number; remove one of them")
    missing = sorted(set(wanted) - set(known), key=_natural)
    foreign = sorted((known[key] for key in set(known) - set(wanted)), key=_natural)
    if foreign and not subset:
        raise DataError(_foreign(foreign, missing, entries, where))
    if missing:
        near = get_close_matches(missing[0], foreign, n=1)
        hint = f" (is it {near[0]!r}?)" if near else ""
        raise DataError(
            f"{where}: {len(missing)} of {len(wanted)} folders are missing, such as {missing[0]!r}{hint};"
            " complete the copy, `doctor` says what is there"
        )


def _foreign(foreign: list[str], missing: list[str], entries: LabelMap, where: str) -> str:
    first = f"{where}: {len(foreign)} folders are not in the map, such as {foreign[0]!r}"
    if entries == BY_CLASS and all(folder.isdecimal() for folder in foreign):
        return f"{first}: they are numbers, write map: index (never rename them in sorted order: 10 comes before 2)"
    near = get_close_matches(foreign[0], missing, n=1)
    if near:
        return f"{first}; the map names {near[0]!r}, which is not there"
    return f"{first}; add them to the map, or write subset: true to leave them out"


def _natural(folder: str) -> tuple[int, str]:
    return (int(folder), "") if folder.isdecimal() else (-1, folder)
