"""Reads YAML as text: `no`, `on`, `1.10` and dates stay as they are written.

Refused: a key that stands twice, anchors and aliases (and with them bombs), tags, several
documents, keys that are no text, deep nesting, big files. Every node's line and column is kept.
"""

from __future__ import annotations

import yaml

from tieline_ops.link_file.faults import Fault, Faults, Path, Place

Node = str | list["Node"] | dict[str, "Node"]

_DEEPEST = 20
LONGEST = 200_000


def read_yaml(text: str, file: str) -> tuple[Node, Faults]:
    """The file's content and where everything stands; look at `Faults.found` first."""
    faults = Faults(file, {})
    if len(text) > LONGEST:
        faults.add((), "is too long", f"keep it under {LONGEST} characters")
        return {}, faults
    try:
        if not _events_are_plain(text, faults):
            return {}, faults
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        faults.found.append(_unreadable(error, file))
        return {}, faults
    if root is None:
        faults.add((), "is empty", "begin with `title:`, `sides:` and `fields:`")
        return {}, faults
    return _built(root, (), root, faults), faults


def _events_are_plain(text: str, faults: Faults) -> bool:
    depth = documents = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        wrong: tuple[str, str] | None
        if isinstance(event, yaml.DocumentStartEvent) and documents > 1:
            wrong = "a second document begins", "keep one document in the file, without `---`"
        elif depth > _DEEPEST:
            wrong = "is nested too deep", f"keep to {_DEEPEST} levels"
        else:
            wrong = _refused(event)
        if wrong:
            mark = event.start_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            faults.found.append(Fault(line, column, "", *wrong, faults.file))
        if depth > _DEEPEST:
            break
    return not faults.found


def _refused(event: yaml.Event) -> tuple[str, str] | None:
    if isinstance(event, yaml.AliasEvent):
        return "an alias (`*name`) is not read", "write the value out; quote a text with `*`"
    if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
        return "an anchor (`&name`) is not read", "write the value out; quote a text with `&`"
    if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag:
        return "a tag (`!name`) is not read", "leave it out; quote a text with `!`"
    return None


def _built(node: yaml.Node, path: Path, key: yaml.Node, faults: Faults) -> Node:
    faults.places[path] = Place(
        node.start_mark.line + 1,
        node.start_mark.column + 1,
        key.start_mark.line + 1,
        key.start_mark.column + 1,
    )
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, faults)
    if isinstance(node, yaml.SequenceNode):
        return [_built(one, (*path, n), one, faults) for n, one in enumerate(node.value)]
    assert isinstance(node, yaml.ScalarNode)
    return str(node.value)


def _mapping(node: yaml.MappingNode, path: Path, faults: Faults) -> dict[str, Node]:
    made: dict[str, Node] = {}
    for key, value in node.value:
        line, column = key.start_mark.line + 1, key.start_mark.column + 1
        if not isinstance(key, yaml.ScalarNode):
            what, remedy = "a key is no text", "quote it if it holds braces or brackets"
            faults.found.append(Fault(line, column, "", what, remedy, faults.file))
            continue
        name = str(key.value)
        inner = (*path, name)
        if name in made:
            first = faults.places[inner].key_line
            what = f"the key {name!r} stands twice"
            remedy = f"keep one of them; the first is in line {first}"
            faults.found.append(Fault(line, column, "", what, remedy, faults.file))
            continue
        made[name] = _built(value, inner, key, faults)
    return made


def _unreadable(error: yaml.YAMLError, file: str) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = getattr(error, "problem", None) or "it holds a character that YAML does not allow"
    remedy = "look at indentation, colons, braces and quotes here and in the line above"
    if "\\t" in problem:
        remedy = "indent with spaces, not with tabs"
    return Fault(line, column, "", f"cannot be read as YAML: {problem}", remedy, file)
