"""What people type, as Jira's editor turns it into a document: a plain part of Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from tieline_ops.sandbox.jira.adf import Document, document

_MARKS = {"strong": "strong", "em": "em", "s": "strike"}
_LISTS = {"bullet_list": "bulletList", "ordered_list": "orderedList"}
_FILE = "attachment:"


def typed(text: str | Document | None, files: Mapping[str, str] | None = None) -> Document | None:
    """Markdown as a document; a document as it is; no text as none.

    Knows paragraphs, headings, lists, quotes, code, rules, links and emphasis, and pictures that
    stand alone (`![…](attachment:NAME)`), if `files` has the media id of that name; what else
    Markdown has stays the text that it is.
    """
    if not isinstance(text, str):
        return text
    if not text.strip():
        return None
    tree = SyntaxTreeNode(
        MarkdownIt("commonmark", {"html": False}).enable("strikethrough").parse(text)
    )
    shown = [_pictured(node, files or {}) for node in tree.children]
    return document(*(block for found in shown for block in found))


def _pictured(node: SyntaxTreeNode, files: Mapping[str, str]) -> list[dict[str, Any]]:
    """A block of the text's top, where alone a picture of an attachment may stand."""
    line = node.children[0].children if node.type == "paragraph" else []
    if len(line) == 1 and line[0].type == "image":
        source = str(line[0].attrs["src"])
        name = unquote(source.removeprefix(_FILE))
        if source.startswith(_FILE) and name in files:
            attrs = {"type": "file", "id": files[name], "collection": "", "alt": name}
            media = {"type": "media", "attrs": attrs}
            return [{"type": "mediaSingle", "attrs": {"layout": "center"}, "content": [media]}]
    return _block(node, inside=False)


def _blocks(node: SyntaxTreeNode, *, inside: bool) -> list[dict[str, Any]]:
    return [block for child in node.children for block in _block(child, inside=inside)]


def _block(node: SyntaxTreeNode, *, inside: bool) -> list[dict[str, Any]]:
    """A block's nodes. `inside` a list or a quote, headings and quotes are mere paragraphs."""
    if node.type == "hr":
        return [] if inside else [{"type": "rule"}]
    if node.type in {"fence", "code_block"}:
        return [_code(node)]
    if node.type == "heading" and not inside:
        attrs = {"level": int(node.tag[1])}
        return [{"type": "heading", "attrs": attrs, "content": _line(node)}]
    if node.type == "blockquote":
        blocks = _blocks(node, inside=True)
        if inside:
            return blocks
        return [{"type": "blockquote", "content": blocks or [{"type": "paragraph"}]}]
    if node.type in _LISTS:
        items = [_blocks(item, inside=True) or [{"type": "paragraph"}] for item in node.children]
        found: dict[str, Any] = {"type": _LISTS[node.type]}
        if node.type == "ordered_list":
            found["attrs"] = {"order": int(node.attrs.get("start", 1))}
        found["content"] = [{"type": "listItem", "content": item} for item in items]
        return [found]
    return [{"type": "paragraph", "content": _line(node)}]


def _code(node: SyntaxTreeNode) -> dict[str, Any]:
    code = node.content.removesuffix("\n")
    block: dict[str, Any] = {"type": "codeBlock"}
    if node.info:
        block["attrs"] = {"language": node.info}
    return {**block, "content": [{"type": "text", "text": code}]} if code else block


def _line(node: SyntaxTreeNode) -> list[dict[str, Any]]:
    return [piece for child in node.children for piece in _inline(child, [])]


def _inline(node: SyntaxTreeNode, marks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if node.type == "hardbreak":
        return [{"type": "hardBreak"}]
    if node.type == "code_inline":
        links = [mark for mark in marks if mark["type"] == "link"]
        return [_text(node.content, [*links, {"type": "code"}])]
    if node.type in {"text", "softbreak"}:
        text = " " if node.type == "softbreak" else node.content
        return [_text(text, marks)] if text else []
    if node.type in _MARKS:
        marks = [*marks, {"type": _MARKS[node.type]}]
    elif node.type == "link":
        marks = [*marks, {"type": "link", "attrs": {"href": str(node.attrs["href"])}}]
    return [piece for child in node.children for piece in _inline(child, marks)]


def _text(text: str, marks: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "text", "text": text, **({"marks": marks} if marks else {})}
