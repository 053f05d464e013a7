"""Atlassian Document Format as Jira takes it, keeps it and writes it into webhooks.

The schema is Atlassian's own, shipped beside this module with its licence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

Document = dict[str, Any]
LIMIT = 32_767
"""Characters of a text field; counted over the serialized document."""
_LOCAL = frozenset({"table", "taskList", "taskItem", "decisionList", "decisionItem"})
"""Nodes that Jira gives a localId of its own when they have none."""


@cache
def _schema() -> dict[str, Any]:
    text = Path(__file__).with_name("adf_schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def is_valid(document: object) -> bool:
    """Whether Atlassian's schema takes this document."""
    return _fits(document, _schema())


def _fits(value: object, schema: dict[str, Any]) -> bool:
    """The part of JSON Schema draft 4 that Atlassian's schema uses.

    One thing is stricter: a list's last positional rule holds for all further items too, which is
    what the format's own grammar says (`listItem`: one of these, then any number of those).
    """
    if "$ref" in schema:
        return _fits(value, _schema()["definitions"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema and not any(_fits(value, each) for each in schema["anyOf"]):
        return False
    if "allOf" in schema and not all(_fits(value, each) for each in schema["allOf"]):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    check = _CHECKS.get(schema.get("type", ""))
    return check is None or check(value, schema)


def _object(value: object, schema: dict[str, Any]) -> bool:
    if not isinstance(value, dict) or not value.keys() >= set(schema.get("required", ())):
        return False
    known = schema.get("properties", {})
    if schema.get("additionalProperties") is False and not value.keys() <= known.keys():
        return False
    # The type comes first: it settles most of what is tried in vain.
    names = sorted(value.keys() & known.keys(), key=lambda name: name != "type")
    return all(_fits(value[name], known[name]) for name in names)


def _array(value: object, schema: dict[str, Any]) -> bool:
    if not isinstance(value, list):
        return False
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        return False
    rules = schema.get("items", {})
    if isinstance(rules, dict):
        return all(_fits(item, rules) for item in value)
    return all(_fits(item, rules[min(i, len(rules) - 1)]) for i, item in enumerate(value))


def _string(value: object, schema: dict[str, Any]) -> bool:
    return (
        isinstance(value, str)
        and len(value) >= schema.get("minLength", 0)
        and re.search(schema.get("pattern", ""), value) is not None
    )


def _number(value: object, schema: dict[str, Any]) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and schema.get("minimum", value) <= value <= schema.get("maximum", value)
    )


_CHECKS: dict[str, Callable[[object, dict[str, Any]], bool]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "number": _number,
    "integer": _number,
    "boolean": lambda value, _: isinstance(value, bool),
}


def too_long(document: Document) -> bool:
    """Whether the text is beyond Jira's limit."""
    return len(json.dumps(document, ensure_ascii=False, separators=(",", ":"))) > LIMIT


def as_kept(document: Document, next_id: Callable[[], str]) -> Document | None:
    """What Jira gives back for a document: texts unchanged, some nodes with ids of its own.

    A document without content is no text at all: None.
    """
    if not document.get("content"):
        return None
    kept: Document = _kept(document, next_id)
    return kept


def _kept(node: Any, next_id: Callable[[], str]) -> Any:
    if isinstance(node, list):
        return [_kept(each, next_id) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _kept(value, next_id) for key, value in node.items()}
    if kept.get("type") in _LOCAL and not kept.get("attrs", {}).get("localId"):
        kept["attrs"] = {**kept.get("attrs", {}), "localId": next_id()}
    return kept


def media_ids(document: Document | None) -> frozenset[str]:
    """The media services' ids of the files that a document shows."""
    return frozenset(
        node["attrs"]["id"]
        for node in nodes(document)
        if node.get("type") in {"media", "mediaInline"} and "id" in node.get("attrs", {})
    )


def nodes(document: Document | None) -> Iterator[dict[str, Any]]:
    """Every node, in order."""
    if document is None:
        return
    yield document
    for child in document.get("content", ()):
        yield from nodes(child)


def document(*blocks: dict[str, Any]) -> Document:
    return {"version": 1, "type": "doc", "content": list(blocks)}


def as_wiki(node: Document | None) -> str:
    """A document as the wiki text that REST v2 and webhooks carry; rough where it is rich."""
    if node is None:
        return ""
    blocks = [_wiki_block(child, "") for child in node.get("content", ())]
    return "\n\n".join(block for block in blocks if block)


def _wiki_block(node: dict[str, Any], bullet: str) -> str:
    kind, content = node["type"], node.get("content", [])
    if kind in {"bulletList", "orderedList", "taskList"}:
        mark = bullet + ("#" if kind == "orderedList" else "*")
        return "\n".join(_wiki_block(item, mark) for item in content)
    if kind in {"listItem", "taskItem"}:
        parts = [_wiki_block(child, bullet) for child in content if "content" in child]
        return f"{bullet} " + ("\n".join(parts) if parts else _wiki_inline(content))
    if kind == "heading":
        return f"h{node['attrs']['level']}. {_wiki_inline(content)}"
    if kind == "codeBlock":
        return f"{{code}}{_wiki_inline(content)}{{code}}"
    if kind == "rule":
        return "----"
    if kind == "mediaSingle":
        return "\n".join(f"!{child['attrs'].get('alt', 'file')}!" for child in content)
    if kind == "tableRow":
        return "|" + "|".join(_wiki_block(cell, "") for cell in content) + "|"
    if any("content" in child or child["type"] == "mediaSingle" for child in content):
        return "\n".join(_wiki_block(child, bullet) for child in content)
    return _wiki_inline(content)


_WIKI = {"strong": "*", "em": "_", "strike": "-", "underline": "+"}


def _wiki_inline(content: list[dict[str, Any]]) -> str:
    out = []
    for node in content:
        text = node.get("text") or node.get("attrs", {}).get("text", "")
        if node["type"] == "hardBreak":
            text = "\n"
        for mark in node.get("marks", ()):
            if mark["type"] == "link":
                text = f"[{text}|{mark['attrs']['href']}]"
            elif mark["type"] == "code":
                text = f"{{{{{text}}}}}"
            else:
                sign = _WIKI.get(mark["type"], "")
                text = f"{sign}{text}{sign}"
        out.append(text)
    return "".join(out)
