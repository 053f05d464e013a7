"""The tree to Atlassian Document Format, always valid by Atlassian's own schema.

ADF is stricter than Markdown about what may stand in what. Where a block may not stand it becomes
the
nearest thing that may: in list items headings are bold, tables, rules and quotes are lines; in
quotes
likewise; a task with more than text in it, or outside a place for tasks, is a bullet with a drawn
box.
Pictures are blocks: they part the paragraph they stand in. Code carries no other marks but a link.
Source: the Atlassian Document Format pages and their JSON schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from itertools import groupby
from typing import Any

from tieline.domain.richtext.adf_reader import as_line
from tieline.domain.richtext.links import attachment_name
from tieline.domain.richtext.tidy import tidy_inlines
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
)

Node = dict[str, Any]
FindPerson = Callable[[str], tuple[str, str] | None]
FindMedia = Callable[[str], Mapping[str, Any] | None]


class Place(Enum):
    """What a block stands in."""

    TOP = "top"
    ITEM = "item"
    QUOTE = "quote"
    PANEL = "panel"


_PANEL_TYPES = {
    "NOTE": "info",
    "IMPORTANT": "note",
    "TIP": "success",
    "WARNING": "warning",
    "CAUTION": "error",
}
_MEDIA_KEYS = frozenset("type id collection alt width height occurrenceKey url".split())  # noqa: SIM905
_MARK_ORDER = (Mark.STRONG, Mark.EM, Mark.STRIKE, Mark.UNDERLINE)


def _marks(piece: Text) -> list[Node]:
    marks: list[Node] = []
    if piece.href:
        marks.append({"type": "link", "attrs": {"href": piece.href}})
    if Mark.CODE in piece.marks:
        return [*marks, {"type": "code"}]
    marks += [{"type": mark.value} for mark in _MARK_ORDER if mark in piece.marks]
    for mark in (Mark.SUB, Mark.SUP):
        if mark in piece.marks:
            marks.append({"type": "subsup", "attrs": {"type": mark.value}})
            break
    return marks


def _bold(content: Inlines) -> Inlines:
    return tuple(
        Text(p.text, p.marks | {Mark.STRONG}, p.href) if isinstance(p, Text) else p for p in content
    )


class AdfWriter:
    """One writing. Tasks are numbered in their order, which makes their ids."""

    def __init__(self, mention: FindPerson | None, media: FindMedia | None) -> None:
        self.mention = mention
        self.media = media
        self.tasks = 0

    def blocks(self, blocks: Sequence[Block], place: Place) -> list[Node]:
        return [node for block in blocks for node in self.block(block, place)]

    def block(self, block: Block, place: Place) -> list[Node]:  # noqa: C901
        match block:
            case Paragraph(content):
                return self.paragraph(content)
            case Heading(level, content) if place in (Place.TOP, Place.PANEL):
                return [_node("heading", self.line(content), level=level)]
            case Heading(_, content):
                return self.paragraph(_bold(content))
            case Fence(code, language):
                text = [{"type": "text", "text": code}] if code else []
                return [_node("codeBlock", text, **({"language": language} if language else {}))]
            case Rule() if place in (Place.TOP, Place.PANEL):
                return [{"type": "rule"}]
            case Quote(blocks, panel) if place is Place.TOP:
                return [self.quote(blocks, panel)]
            case Quote(blocks):
                return self.blocks(blocks, place)
            case Bullets(items):
                return self.bullets(items, place)
            case Numbers(items, start):
                attrs = {"order": start} if start != 1 else {}
                return [_node("orderedList", [self.item(item) for item in items], **attrs)]
            case Table(rows) if place is Place.TOP:
                return [self.table(rows)]
            case Rule() | Table():
                return self.paragraph(as_line(block))

    def quote(self, blocks: Sequence[Block], panel: str) -> Node:
        if panel:
            inside = self.blocks(blocks, Place.PANEL)
            return _node("panel", inside or [_node("paragraph", [])], panelType=_PANEL_TYPES[panel])
        return _node("blockquote", self.blocks(blocks, Place.QUOTE) or [_node("paragraph", [])])

    def paragraph(self, content: Inlines) -> list[Node]:
        """A paragraph, parted at its pictures."""
        out: list[Node] = []
        line: list[Inline] = []
        for piece in (*tidy_inlines(content), None):
            picture = self.picture(piece) if isinstance(piece, Image) else None
            if piece is not None and picture is None:
                line.append(piece)
                continue
            inside = self.line(tidy_inlines(tuple(line)))
            if inside:
                out.append(_node("paragraph", inside))
            line = []
            if picture:
                out.append(picture)
        return out

    def picture(self, image: Image) -> Node | None:
        """A media block, or None if the picture is not to be had."""
        name = attachment_name(image.src)
        if not name:
            attrs: Mapping[str, Any] = {"type": "external", "url": image.src, "alt": image.alt}
        else:
            found = self.media(name) if self.media else None
            if not found:
                return None
            attrs = {"type": "file", "collection": "", "alt": image.alt, **found}
        known = {
            key: value for key, value in attrs.items() if key in _MEDIA_KEYS and value is not None
        }
        known.pop("id" if known["type"] == "external" else "url", None)
        media: Node = {"type": "media", "attrs": known}
        if image.href:
            media["marks"] = [{"type": "link", "attrs": {"href": image.href}}]
        return _node("mediaSingle", [media], layout="center")

    def bullets(self, items: Sequence[Item], place: Place) -> list[Node]:
        out: list[Node] = []
        for is_task, run in groupby(items, lambda item: _simple_task(item, place)):
            nodes = (
                self.task_list(list(run))
                if is_task
                else _node("bulletList", [*map(self.item, run)])  # noqa: B031
            )
            out.append(nodes)
        return out

    def task_list(self, items: Sequence[Item]) -> Node:
        self.tasks += 1
        attrs = {"localId": f"list-{self.tasks}"}
        content: list[Node] = []
        for item in items:
            self.tasks += 1
            state = "DONE" if item.checked else "TODO"
            first = item.blocks[0] if item.blocks else None
            text = self.line(first.content) if isinstance(first, Paragraph) else []
            content.append(_node("taskItem", text, localId=f"task-{self.tasks}", state=state))
            nested = [block for block in item.blocks[1:] if isinstance(block, Bullets)]
            content += [self.task_list(block.items) for block in nested]
        return _node("taskList", content, **attrs)

    def item(self, item: Item) -> Node:
        blocks = list(item.blocks)
        if item.checked is not None:
            box = Text("\u2611 " if item.checked else "\u2610 ")
            first = blocks[0] if blocks else None
            text = first.content if isinstance(first, Paragraph) else ()
            rest = blocks[1:] if isinstance(first, Paragraph) else blocks
            blocks = [Paragraph((box, *text)), *rest]
        nodes = self.blocks(blocks, Place.ITEM)
        if not nodes or nodes[0]["type"] not in ("paragraph", "codeBlock", "mediaSingle"):
            nodes.insert(0, _node("paragraph", []))
        return _node("listItem", nodes)

    def table(self, rows: Sequence[tuple[Inlines, ...]]) -> Node:
        out = []
        for number, row in enumerate(rows):
            kind = "tableHeader" if number == 0 else "tableCell"
            cells = [_node(kind, self.paragraph(cell) or [_node("paragraph", [])]) for cell in row]
            out.append(_node("tableRow", cells))
        return _node("table", out)

    def line(self, content: Inlines) -> list[Node]:
        """Inline nodes; pictures that cannot be shown here are links or their names."""
        out: list[Node] = []
        for piece in tidy_inlines(tuple(self._shown(piece) for piece in content)):
            match piece:
                case Text(text):
                    marks = _marks(piece)
                    last = out[-1] if out else None
                    if last and last["type"] == "text" and last.get("marks", []) == marks:
                        last["text"] += text
                    else:
                        out.append(
                            {"type": "text", "text": text, **({"marks": marks} if marks else {})}
                        )
                case Break():
                    out.append({"type": "hardBreak"})
                case Mention(id, name):
                    out.append({"type": "mention", "attrs": {"id": id, "text": "@" + name}})
                case Image():
                    raise AssertionError("pictures were made words")
        return out

    def _shown(self, piece: Inline) -> Inline:
        if isinstance(piece, Mention):
            if self.mention is None:
                return piece
            found = self.mention(piece.id)
            return Mention(found[0], found[1]) if found else Text("@" + piece.name)
        if isinstance(piece, Image):
            name = attachment_name(piece.src)
            words = piece.alt or name or piece.src
            return Text(f"[{words}]") if name else Text(words, href=piece.href or piece.src)
        return piece


def _simple_task(item: Item, place: Place) -> bool:
    """Whether an item can be an ADF task: text, and under it nothing but such tasks."""
    if item.checked is None or place is Place.QUOTE:
        return False
    rest = item.blocks[1:] if item.blocks and isinstance(item.blocks[0], Paragraph) else item.blocks
    if rest and rest is item.blocks:
        return False
    return all(
        isinstance(block, Bullets) and all(_simple_task(inner, place) for inner in block.items)
        for block in rest
    )


def _node(kind: str, content: list[Node], **attrs: object) -> Node:
    node: Node = {"type": kind}
    if attrs:
        node["attrs"] = attrs
    node["content"] = content
    return node
