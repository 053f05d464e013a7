"""What a caller wants written to an issue: `fields` and `update` of one request, checked whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tieline_ops.sandbox.jira.adf import Document
from tieline_ops.sandbox.jira.errors import NOT_ON_SCREEN, PAYLOAD, JiraError, refused
from tieline_ops.sandbox.jira.state import Site, Values
from tieline_ops.sandbox.jira.values import Wrong, document, label, parse

BAD_COMMENT = "Comment body is not valid!"
PROPERTY_LIMIT = 32_768


@dataclass
class Input:
    """Values by field id, parsed, and comments to add."""

    values: dict[str, Any] = field(default_factory=dict)
    comments: list[Document] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)


def read(site: Site, body: dict[str, Any], settable: set[str], now: Values) -> Input:
    """Parse a request's `fields` and `update` for a screen that has the `settable` fields.

    `now` is what the issue holds. `status` is passed by: only a transition changes it.
    Raises JiraError with all faults at once.
    """
    result = Input()
    fields, update = body.get("fields") or {}, body.get("update") or {}
    if not isinstance(fields, dict) or not isinstance(update, dict):
        raise refused(PAYLOAD)
    for id, raw in fields.items():
        if id in update:
            result.errors[id] = f"Field '{id}' cannot appear in both 'fields' and 'update'"
        elif id != "status" or "status" in settable:
            _take(site, result, settable, id, partial(_parsed, site, id, raw))
    for id, operations in update.items():
        if id == "comment":
            _comments(site, result, operations)
        elif id != "status":
            _take(
                site,
                result,
                settable,
                id,
                partial(_updated, site, id, operations, now.get(id)),
            )
    if result.errors:
        raise JiraError(400, (), result.errors)
    return result


def properties(raw: Any) -> dict[str, Any]:
    """The properties of a create or a comment, by key. Raises JiraError."""
    if raw is None:
        return {}
    if not isinstance(raw, list):
        raise refused(PAYLOAD)
    found = {}
    for each in raw:
        if not isinstance(each, dict) or each.keys() != {"key", "value"}:
            raise refused(PAYLOAD)
        found[property_key(each["key"])] = each["value"]
    return found


def property_key(key: Any) -> str:
    if not isinstance(key, str) or not 0 < len(key) <= 255:
        raise refused("The property key cannot be longer than 255 characters.")
    return key


def _take(site: Site, result: Input, settable: set[str], id: str, value: Callable[[], Any]) -> None:
    if id not in site.content.fields or id not in settable:
        result.errors[id] = NOT_ON_SCREEN.format(id=id)
        return
    try:
        result.values[id] = value()
    except Wrong as error:
        result.errors[id] = str(error)


def _parsed(site: Site, id: str, raw: Any) -> Any:
    return parse(site, site.content.fields[id], raw)


def _updated(site: Site, id: str, operations: Any, current: Any) -> Any:
    """The value after `set`, or `add` and `remove` where a field is a list."""
    if not isinstance(operations, list) or not operations:
        raise Wrong("data was not an array")
    shape = site.content.fields[id].shape
    for operation in operations:
        if not isinstance(operation, dict) or len(operation) != 1:
            raise Wrong("data was not an object with one operation")
        ((verb, raw),) = operation.items()
        if verb == "set":
            current = _parsed(site, id, raw)
        elif verb in {"add", "remove"} and shape in {"labels", "options"}:
            one = {label(raw)} if shape == "labels" else set(_parsed(site, id, [raw]))
            held = set(current or ())
            held = held | one if verb == "add" else held - one
            current = tuple(sorted(held))
        else:
            raise Wrong(f"Field does not support update '{verb}'")
    return current


def _comments(site: Site, result: Input, operations: Any) -> None:
    for operation in operations if isinstance(operations, list) else [None]:
        added = operation.get("add") if isinstance(operation, dict) else None
        try:
            body = document(site, added.get("body") if isinstance(added, dict) else None)
        except Wrong:
            body = None
        if body is None:
            result.errors["comment"] = BAD_COMMENT
        else:
            result.comments.append(body)
