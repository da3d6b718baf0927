"""Reading YAML that people write: safe, duplicate keys refused, syntax errors with their line."""

from collections.abc import Iterator
from pathlib import Path

import yaml

from bench.core.errors import UsageError


class _StrictLoader(yaml.SafeLoader):
    """YAML's safe loader; a key that stands twice is an error instead of the last one winning."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode, deep: bool = False) -> dict:
    seen: set[object] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"key {key!r} stands twice", key_node.start_mark)
        seen.add(key)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=deep)


_StrictLoader.add_constructor(
    yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG,
    lambda loader, node: _mapping(loader, node, deep=True),
)


def read_yaml(path: Path) -> object:
    """The document in `path`; UsageError with file and line where it is not YAML, or unreadable."""
    return read_yaml_lines(path)[0]


def read_yaml_lines(path: Path) -> tuple[object, dict[tuple[str | int, ...], int]]:
    """The document in `path`, and the line of each key and list item by its path; errors as `read_yaml`."""
    try:
        loader = _StrictLoader(path.read_text(encoding="utf-8"))
        try:
            node = loader.get_single_node()
            return (None, {}) if node is None else (loader.construct_document(node), dict(_lines(node, (), set())))
        finally:
            loader.dispose()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8 text'}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise UsageError(f"{path}, line {line}: {error.problem}") from None
    except RecursionError:
        raise UsageError(f"{path}: nested too deeply to be read") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: not YAML: {' '.join(str(error).split())}") from None


def _lines(node: yaml.Node, path: tuple[str | int, ...], seen: set[int]) -> Iterator[tuple[tuple[str | int, ...], int]]:
    # An alias is a node that was seen: following it again could take for ever.
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, str(key.value)), key.start_mark.line + 1
            yield from _lines(value, (*path, str(key.value)), seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield (*path, index), value.start_mark.line + 1
            yield from _lines(value, (*path, index), seen)
