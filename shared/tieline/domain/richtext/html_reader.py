"""Sanitised HTML to the tree."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser

from tieline.domain.richtext.adf_reader import as_line
from tieline.domain.richtext.links import safe_image, safe_link
from tieline.domain.richtext.tree import (
    PANELS,
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

FindImage = Callable[[str], str | None]

_MARKS = {
    "strong": Mark.STRONG,
    "b": Mark.STRONG,
    "em": Mark.EM,
    "i": Mark.EM,
    "del": Mark.STRIKE,
    "s": Mark.STRIKE,
    "strike": Mark.STRIKE,
    "u": Mark.UNDERLINE,
    "ins": Mark.UNDERLINE,
    "sub": Mark.SUB,
    "sup": Mark.SUP,
    "code": Mark.CODE,
    "kbd": Mark.CODE,
    "tt": Mark.CODE,
}
_BLOCKS = frozenset(
    "p div h1 h2 h3 h4 h5 h6 ul ol li blockquote pre table tr td th hr section article header footer "  # noqa: E501, SIM905
    "thead tbody tfoot caption dl dt dd center figure figcaption details summary body html".split()
)
_VOID = frozenset({"br", "hr", "img", "input", "col", "wbr"})
_SPACE = re.compile(r"[ \t\n\r\f]+")
_BOX = {"\u2610": False, "\u2611": True}
_PANEL = re.compile(r"\[!(" + "|".join(PANELS) + r")\]\s*")


@dataclass(slots=True)
class _Node:
    tag: str
    attrs: dict[str, str]
    children: list[_Node | str] = field(default_factory=list)


class _Builder(HTMLParser):
    """Well-formed HTML to nodes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack = [_Node("body", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = _Node(tag, {key: value or "" for key, value in attrs})
        self.stack[-1].children.append(node)
        if tag not in _VOID:
            self.stack.append(node)

    def handle_endtag(self, tag: str) -> None:
        if len(self.stack) > 1 and self.stack[-1].tag == tag:
            self.stack.pop()

    def handle_data(self, data: str) -> None:
        self.stack[-1].children.append(data)


def _all_text(node: _Node) -> str:
    out: list[str] = []
    waiting: list[_Node | str] = [node]
    while waiting:
        at = waiting.pop()
        if isinstance(at, str):
            out.append(at)
        elif at.tag == "br":
            out.append("\n")
        else:
            waiting += reversed(at.children)
    return "".join(out)


def _collapsed(line: list[Inline], piece: Text) -> Text:
    """A run without the space that the run before it has ended with."""
    last = line[-1] if line else None
    double = isinstance(last, Text) and last.text.endswith(" ") and piece.text.startswith(" ")
    return Text(piece.text[1:], piece.marks, piece.href) if double else piece


class _Reader:
    """Collects blocks; inline content gathers in `line` until a block ends it."""

    def __init__(self, image: FindImage | None) -> None:
        self.image = image

    def blocks(self, node: _Node, depth: int = 0) -> tuple[Block, ...]:
        out: list[Block] = []
        line: list[Inline] = []
        self._into(node, out, line, frozenset(), "", depth)
        self._end(out, line)
        return tuple(out)

    def _end(self, out: list[Block], line: list[Inline]) -> None:
        if line:
            out.append(Paragraph(tuple(line)))
            line.clear()

    def _into(
        self,
        node: _Node,
        out: list[Block],
        line: list[Inline],
        marks: frozenset[Mark],
        href: str,
        depth: int,
    ) -> None:
        for child in node.children:
            if isinstance(child, str):
                line.append(_collapsed(line, Text(_SPACE.sub(" ", child), marks, href)))
            elif depth > _DEPTH:
                line.append(Text(_SPACE.sub(" ", _all_text(child)), marks, href))
            elif child.tag in _BLOCKS:
                self._end(out, line)
                out += self._block(child, marks, href, depth + 1)
            elif child.tag == "br":
                line.append(Break())
            elif child.tag == "img":
                line += self._image(child, href)
            elif child.tag == "input" and child.attrs.get("type") == "checkbox":
                line.append(Text("\u2611 " if "checked" in child.attrs else "\u2610 "))
            elif child.attrs.get("data-mention"):
                line.append(Mention(child.attrs["data-mention"], _all_text(child)))
            else:
                mark = _MARKS.get(child.tag)
                link = safe_link(child.attrs.get("href", "")) if child.tag == "a" else ""
                inner = marks | {mark} if mark else marks
                self._into(child, out, line, inner, link or href, depth + 1)

    def _image(self, node: _Node, href: str) -> list[Inline]:
        src, alt = node.attrs.get("src", ""), node.attrs.get("alt", "")
        found = self.image(src) if self.image else None
        src = safe_image(found or src)
        return [Image(alt, src, href)] if src else [Text(alt)] if alt else []

    def _block(self, node: _Node, marks: frozenset[Mark], href: str, depth: int) -> list[Block]:
        tag = node.tag
        if re.fullmatch("h[1-6]", tag):
            content = [as_line(block) for block in self.blocks(node, depth)]
            return [Heading(int(tag[1]), tuple(p for line in content for p in line))]
        match tag:
            case "hr":
                return [Rule()]
            case "pre":
                return [self._fence(node)]
            case "blockquote":
                return [_panel(self.blocks(node, depth))]
            case "ul" | "ol":
                items = tuple(self._items(node, depth))
                start = node.attrs.get("start", "1")
                number = int(start) if re.fullmatch(r"\d{1,9}", start, re.ASCII) else 1
                return [Bullets(items) if tag == "ul" else Numbers(items, number)]
            case "table":
                return [Table(tuple(self._rows(node, depth)))]
            case _:
                pass
        out: list[Block] = []
        line: list[Inline] = []
        self._into(node, out, line, marks, href, depth)
        self._end(out, line)
        return out

    def _fence(self, node: _Node) -> Fence:
        inner = [child for child in node.children if isinstance(child, _Node)]
        names = " ".join([node.attrs.get("class", ""), *(n.attrs.get("class", "") for n in inner)])
        language = re.search(r"(?:^|\s)lang(?:uage)?-(\S+)", names)
        return Fence(_all_text(node).removesuffix("\n"), language[1] if language else "")

    def _items(self, node: _Node, depth: int) -> list[Item]:
        items: list[Item] = []
        for child in node.children:
            if isinstance(child, str):
                if child.strip():
                    items.append(Item((Paragraph((Text(child.strip()),)),)))
            elif child.tag in ("ul", "ol") and items:
                nested = tuple(self._block(child, frozenset(), "", depth + 1))
                items[-1] = Item(items[-1].blocks + nested, items[-1].checked)
            else:
                wrapped = child if child.tag == "li" else _Node("li", {}, [child])
                items.append(_task(self.blocks(wrapped, depth + 1)))
        return items

    def _rows(self, node: _Node, depth: int) -> list[tuple[Inlines, ...]]:
        rows: list[tuple[Inlines, ...]] = []
        for child in node.children:
            if isinstance(child, str):
                continue
            if child.tag == "tr":
                cells = [
                    c for c in child.children if isinstance(c, _Node) and c.tag in ("td", "th")
                ]
                rows.append(tuple(self._cell(cell, depth) for cell in cells))
            elif depth < _DEPTH:
                rows += self._rows(child, depth + 1)
            else:
                rows.append(((Text(_SPACE.sub(" ", _all_text(child))),),))
        return rows

    def _cell(self, cell: _Node, depth: int) -> Inlines:
        out: list[Inline] = []
        for block in self.blocks(cell, depth + 1):
            out += [*([Break()] if out else []), *as_line(block)]
        return tuple(out)


_DEPTH = 40


def _first_text(blocks: tuple[Block, ...]) -> tuple[Inlines, str]:
    """The first paragraph's content from its first word on, and its first run's text."""
    first = blocks[0] if blocks else None
    if not isinstance(first, Paragraph):
        return (), ""
    content = list(first.content)
    while content and isinstance(content[0], Text) and not content[0].text.strip():
        content.pop(0)
    lead = content[0] if content else None
    return tuple(content), lead.text.lstrip() if isinstance(lead, Text) else ""


def _task(blocks: tuple[Block, ...]) -> Item:
    while blocks and isinstance(blocks[0], Paragraph) and not plain_text(blocks[0].content).strip():
        if any(isinstance(piece, Image) for piece in blocks[0].content):
            break
        blocks = blocks[1:]
    content, text = _first_text(blocks)
    checked = _BOX.get(text[:1])
    if checked is None:
        return Item(blocks)
    lead = content[0]
    assert isinstance(lead, Text)
    rest = Paragraph((Text(text[1:], lead.marks, lead.href), *content[1:]))
    return Item((rest, *blocks[1:]), checked)


def _panel(blocks: tuple[Block, ...]) -> Quote:
    content, text = _first_text(blocks)
    found = _PANEL.match(text)
    if not found:
        return Quote(blocks)
    rest = Paragraph((Text(text[found.end() :]), *content[1:]))
    return Quote((rest, *blocks[1:]), found[1])


def read(html: str, image: FindImage | None) -> tuple[Block, ...]:
    """The blocks of sanitised, well-formed HTML, not yet tidied."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return _Reader(image).blocks(builder.stack[0])
