"""Atlassian Document Format to the tree. Never throws; what it cannot keep sets `lossy`.

What becomes something plainer: status `[TEXT]`, date YYYY-MM-DD, emoji its character or short name,
cards links, expand a bold title before its content, decisions bullets, layouts their columns in
order,
extensions their content, cells that hold more than text one line, colours and alignment nothing.
Source: the Atlassian Document Format pages and their JSON schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tieline.domain.richtext.links import attachment_link, safe_image, safe_link
from tieline.domain.richtext.tree import (
    Block,
    Break,
    Bullets,
    Fence,
    Heading,
    Image,
    Inline,
    Inlines,
    Item,
    Mark,
    Mention,
    Numbers,
    Paragraph,
    Quote,
    Rule,
    Table,
    Text,
    plain_text,
)

People = Callable[[str, str], str]
Media = Callable[[Mapping[str, Any]], str | None]

PANEL_NAMES = {
    "info": "NOTE",
    "note": "IMPORTANT",
    "tip": "TIP",
    "success": "TIP",
    "warning": "WARNING",
    "error": "CAUTION",
    "custom": "NOTE",
}
_MARKS = {
    "strong": Mark.STRONG,
    "em": Mark.EM,
    "strike": Mark.STRIKE,
    "underline": Mark.UNDERLINE,
    "code": Mark.CODE,
}
_INLINE = frozenset(
    "text hardBreak mention emoji date status inlineCard mediaInline placeholder inlineExtension".split()  # noqa: E501, SIM905
)
_KEPT = frozenset(
    "doc paragraph text hardBreak mention heading bulletList orderedList listItem taskList taskItem "  # noqa: E501, SIM905
    "blockquote panel codeBlock rule table tableRow tableHeader tableCell mediaSingle media".split()
)
_BOXES = {"\u2610": False, "\u2611": True}
_DEPTH = 24
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _attrs(node: Mapping[str, Any]) -> Mapping[str, Any]:
    attrs = node.get("attrs")
    return attrs if isinstance(attrs, Mapping) else {}


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""


def _children(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = node.get("content")
    if not isinstance(content, Sequence) or isinstance(content, str):
        return []
    return [child for child in content if isinstance(child, Mapping)]


def _date(value: object) -> str:
    try:
        return (_EPOCH + timedelta(milliseconds=int(str(value)))).date().isoformat()
    except (ValueError, OverflowError):
        return str(value)


class AdfReader:
    """One reading. `lossy` says afterwards whether something was made plainer."""

    def __init__(self, people: People | None, media: Media | None) -> None:
        self.people = people
        self.media = media
        self.lossy = False

    def blocks(self, nodes: Sequence[Mapping[str, Any]], depth: int = 0) -> tuple[Block, ...]:
        """Block nodes, and stray inline nodes gathered into paragraphs."""
        out: list[Block] = []
        line: list[Inline] = []
        for node in nodes:
            if _word(node.get("type")) in _INLINE:
                line += self.inline(node)
                continue
            if line:
                out.append(Paragraph(tuple(line)))
                line = []
            out += self.block(node, depth)
        return tuple([*out, Paragraph(tuple(line))] if line else out)

    def block(self, node: Mapping[str, Any], depth: int) -> Sequence[Block]:  # noqa: C901, PLR0912
        kind, attrs, inside = _word(node.get("type")), _attrs(node), _children(node)
        if kind not in _KEPT or depth > _DEPTH:
            self.lossy = True
        if depth > _DEPTH:
            return [Paragraph(self._flat(node))]
        match kind:
            case "paragraph":
                return [Paragraph(self.line(inside))]
            case "heading":
                level = attrs.get("level")
                return [Heading(level if isinstance(level, int) else 1, self.line(inside))]
            case "codeBlock":
                code = plain_text(tuple(self._unmarked(inside)))
                return [Fence(code, _word(attrs.get("language")))]
            case "rule":
                return [Rule()]
            case "blockquote":
                return [Quote(self.blocks(inside, depth + 1))]
            case "panel":
                panel = PANEL_NAMES.get(_word(attrs.get("panelType")), "NOTE")
                return [Quote(self.blocks(inside, depth + 1), panel)]
            case "bulletList" | "decisionList":
                return [Bullets(self.items(inside, depth + 1))]
            case "orderedList":
                order = attrs.get("order")
                start = int(order) if isinstance(order, int | float) and abs(order) < 1e9 else 1
                return [Numbers(self.items(inside, depth + 1), start)]
            case "taskList":
                return [Bullets(self.tasks(inside, depth + 1))]
            case "table":
                return self.table(inside, depth + 1)
            case "media":
                return [Paragraph((self.picture(node),))]
            case "blockCard" | "embedCard":
                return [Paragraph(tuple(self._card(attrs)))]
            case "expand" | "nestedExpand":
                title = Text(_word(attrs.get("title")), frozenset({Mark.STRONG}))
                return [Paragraph((title,)), *self.blocks(inside, depth + 1)]
            case _:
                pass
        text = _word(node.get("text"))
        return [*([Paragraph((Text(text),))] if text else []), *self.blocks(inside, depth + 1)]

    def items(self, nodes: Sequence[Mapping[str, Any]], depth: int) -> tuple[Item, ...]:
        return tuple(_boxed(Item(self.blocks(_children(node), depth))) for node in nodes)

    def tasks(self, nodes: Sequence[Mapping[str, Any]], depth: int) -> tuple[Item, ...]:
        """Task items; a list among them belongs to the item before it."""
        items: list[Item] = []
        for node in nodes:
            if node.get("type") in ("taskList", "bulletList", "orderedList"):
                nested = tuple(self.block(node, depth + 1))
                before = items.pop() if items else Item((), None)
                items.append(Item(before.blocks + nested, before.checked))
            else:
                done = _attrs(node).get("state") == "DONE"
                items.append(Item(self.blocks(_children(node), depth), done))
        return tuple(items)

    def table(self, rows: Sequence[Mapping[str, Any]], depth: int) -> Sequence[Block]:
        out: list[tuple[Inlines, ...]] = []
        for row in rows:
            cells: list[Inlines] = []
            for cell in _children(row):
                cells.append(self._cell(cell, depth))
                span = _attrs(cell).get("colspan")
                if isinstance(span, int) and 1 < span < 100:
                    self.lossy = True
                    cells += [()] * (span - 1)
                self.lossy |= _attrs(cell).get("rowspan", 1) != 1
            out.append(tuple(cells))
        return [Table(tuple(out))]

    def _cell(self, cell: Mapping[str, Any], depth: int) -> Inlines:
        out: list[Inline] = []
        for block in self.blocks(_children(cell), depth):
            if out:
                out.append(Break())
            if isinstance(block, Paragraph):
                out += block.content
            else:
                self.lossy = True
                out += as_line(block)
        return tuple(out)

    def line(self, nodes: Sequence[Mapping[str, Any]]) -> Inlines:
        return tuple(piece for node in nodes for piece in self.inline(node))

    def inline(self, node: Mapping[str, Any]) -> Sequence[Inline]:  # noqa: C901
        kind, attrs = _word(node.get("type")), _attrs(node)
        if kind not in _KEPT:
            self.lossy = True
        match kind:
            case "text":
                return [self._text(node)]
            case "hardBreak":
                return [Break()]
            case "mention":
                id, text = _word(attrs.get("id")), _word(attrs.get("text")).lstrip("@")
                name = self.people(id, text) if self.people else text
                return [Mention(id, name or text or id)]
            case "emoji":
                return [Text(_word(attrs.get("text")) or _word(attrs.get("shortName")))]
            case "date":
                return [Text(_date(attrs.get("timestamp")))]
            case "status":
                return [Text(f"[{_word(attrs.get('text'))}]")]
            case "inlineCard" | "blockCard" | "embedCard":
                return self._card(attrs)
            case "media" | "mediaInline":
                return [self.picture(node)]
            case "placeholder":
                return []
            case _:
                pass
        return self._flat(node)

    def _flat(self, node: Mapping[str, Any]) -> Inlines:
        """Everything readable below a node, however deep, as one line."""
        out: list[Inline] = []
        waiting = [node]
        while waiting:
            at = waiting.pop()
            if isinstance(at.get("text"), str):
                out.append(self._text(at))
            elif _word(at.get("type")) in _INLINE - {"text", "inlineExtension"}:
                out += self.inline(at)
            elif out and _word(at.get("type")) in _KEPT:
                out.append(Text(" "))
            waiting += reversed(_children(at))
        return tuple(out)

    def _unmarked(self, nodes: Sequence[Mapping[str, Any]]) -> Sequence[Inline]:
        return [
            Text("\n") if n.get("type") == "hardBreak" else Text(_word(n.get("text")))
            for n in nodes
        ]

    def _text(self, node: Mapping[str, Any]) -> Text:
        marks: set[Mark] = set()
        href = ""
        given = node.get("marks")
        for mark in given if isinstance(given, Sequence) else ():
            kind = _word(mark.get("type")) if isinstance(mark, Mapping) else ""
            attrs = _attrs(mark) if isinstance(mark, Mapping) else {}
            if kind in _MARKS:
                marks.add(_MARKS[kind])
            elif kind == "subsup":
                marks.add(Mark.SUP if attrs.get("type") == "sup" else Mark.SUB)
            elif kind == "link":
                href = safe_link(_word(attrs.get("href")))
            else:
                self.lossy = True
        return Text(_word(node.get("text")), frozenset(marks), href)

    def _card(self, attrs: Mapping[str, Any]) -> Sequence[Inline]:
        url = _word(attrs.get("url"))
        return [Text(url, href=safe_link(url))] if url else []

    def picture(self, node: Mapping[str, Any]) -> Inline:
        """An image, by the file name its owner knows, else by what the node says of itself."""
        attrs = _attrs(node)
        alt = _word(attrs.get("alt"))
        if attrs.get("type") == "external":
            src = safe_image(_word(attrs.get("url")))
            return Image(alt, src) if src else Text(alt)
        name = self.media(attrs) if self.media else _word(attrs.get("__fileName")) or alt
        if not name:
            self.lossy = True
            name = _word(attrs.get("id"))
        src = attachment_link(name)
        return Image(alt or name, src) if src else Text(alt)


def _boxed(item: Item) -> Item:
    """An item that begins with a drawn box is a task."""
    first = item.blocks[0] if item.blocks else None
    if (
        not isinstance(first, Paragraph)
        or not first.content
        or not isinstance(first.content[0], Text)
    ):
        return item
    lead = first.content[0]
    checked = _BOXES.get(lead.text[:1])
    if checked is None:
        return item
    rest = Text(lead.text[1:].lstrip(), lead.marks, lead.href)
    return Item((Paragraph((rest, *first.content[1:])), *item.blocks[1:]), checked)


def as_line(block: Block) -> Inlines:
    """A block as one line of content, for places that hold no blocks."""
    match block:
        case Paragraph(content) | Heading(_, content):
            return content
        case Fence(code):
            return (Text(" ".join(code.split()), frozenset({Mark.CODE})),) if code.strip() else ()
        case Rule():
            return (Text("\u2014"),)
        case Quote(blocks):
            return _joined([as_line(inner) for inner in blocks])
        case Bullets(items):
            return _joined([_item_line(item, "\u2022 ") for item in items])
        case Numbers(items, start):
            return _joined([_item_line(item, f"{start + n}. ") for n, item in enumerate(items)])
        case Table(rows):
            return _joined([_cells_line(row) for row in rows])


def _cells_line(row: tuple[Inlines, ...]) -> Inlines:
    out: list[Inline] = []
    for number, cell in enumerate(row):
        out += [*([Text(" | ")] if number else []), *cell]
    return tuple(out)


def _item_line(item: Item, bullet: str) -> Inlines:
    box = {None: bullet, False: "\u2610 ", True: "\u2611 "}[item.checked]
    return (Text(box), *_joined([as_line(block) for block in item.blocks]))


def _joined(lines: Sequence[Inlines]) -> Inlines:
    out: list[Inline] = []
    for line in lines:
        out += [*([Break()] if out else []), *line]
    return tuple(out)
