"""The tree to Markdown, one spelling for each tree.

Each line of content is written lightly first (few backslashes, stars for marks), read back, and
written more strictly if it did not come back the same: all punctuation escaped, then marks as tags
and breaks as `<br>`. So what is written always reads as what was meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from tieline.domain.richtext.links import user_link
from tieline.domain.richtext.tidy import one_line
from tieline.domain.richtext.tree import (
    REMEMBERED,
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

Read = Callable[[str], tuple[Block, ...]]

_STARS = {Mark.STRONG: "**", Mark.EM: "*", Mark.STRIKE: "~~"}
_TAGS = {
    Mark.STRONG: "strong",
    Mark.EM: "em",
    Mark.STRIKE: "s",
    Mark.UNDERLINE: "u",
    Mark.SUB: "sub",
    Mark.SUP: "sup",
}
_ORDER = (None, Mark.UNDERLINE, Mark.SUB, Mark.SUP, Mark.STRONG, Mark.EM, Mark.STRIKE)
_HARMLESS = re.compile(r"[A-Za-z][A-Za-z0-9 ,;:'\"()?%/.\-]*")
_NAME = re.compile(r"[^\W\d_][^\W_]*(?:[ .,'\u2019-]+[^\W_]+)*\.?")
_LIGHT = re.compile(
    r"\\(?=[!-/:-@\[-`{-~\n]|$)"
    r"|`|(?<!\s)\*|\*(?!\s)|(?<!\w)_|_(?!\w)|~(?=~)|(?<=~)~"
    r"|\[(?=[^\[\]]*\]\()|(?<=[@!])\[|<(?=[a-zA-Z/!?])|&(?=#?\w+;)"
)
_FULL = re.compile(r"[!-/:-@\[-`{-~]")
_START = re.compile(
    r"(#{1,6}|[-+*])(?=\s|$)|>|(\d{1,9})[.)](?=\s|$)|=+$|-+$|~~~|\[(?=!|[ xX]\]|.*\]:)|[|:]"
)
_PUNCTUATION_END = re.compile(r"!$|@$")


@dataclass(frozen=True, slots=True)
class Tier:
    """How strictly to write: `escape` is none, light or full."""

    escape: str
    line_end: str
    tags: bool = False


@dataclass(frozen=True, slots=True)
class Style:
    """The ways to write, tried in this order, and how to read back; the last way always stands."""

    tiers: tuple[Tier, ...]
    read: Read | None


def _escaped(text: str, tier: Tier, *, starts: bool) -> str:
    if tier.escape == "none":
        core = text.lstrip("\xa0")
        return " " * (len(text) - len(core)) + core if starts else text
    pattern = _FULL if tier.escape == "full" else _LIGHT
    out = pattern.sub(lambda found: "\\" + found.group(), text)
    if starts:
        core = text.lstrip("\xa0")
        if core != text and tier.line_end != "\n":
            return "&nbsp;" * (len(text) - len(core)) + out[len(text) - len(core) :]
        if core != text:
            return " " * (len(text) - len(core)) + out[len(text) - len(core) :]
        found = _START.match(text)
        if found and tier.escape == "light" and not out.startswith("\\"):
            at = found.end(2) if found[2] else 0
            return out[:at] + "\\" + out[at:]
    return out


def _code_span(text: str) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    runs = {len(run) for run in re.findall("`+", text)}
    size = next(n for n in range(1, longest + 2) if n not in runs)
    edge = text.startswith("`") or text.endswith("`")
    padded = text.startswith(" ") and text.endswith(" ") and text.strip(" ") != ""
    pad = " " if edge or padded else ""
    return "`" * size + pad + text + pad + "`" * size


def _leaf(piece: Inline, tier: Tier, *, starts: bool) -> str:
    match piece:
        case Text(text, marks, href):
            if Mark.CODE in marks:
                return _code_span(text)
            if text == href:
                return f"<{href}>" if tier.escape == "full" else href
            return _escaped(text, tier, starts=starts)
        case Mention(id, name):
            return f"@[{_escaped(name, tier, starts=False)}]({user_link(id)})"
        case Image(alt, src):
            return f"![{_escaped(alt, tier, starts=False)}]({src})"
        case Break():
            return "<br>" if tier.tags else tier.line_end


def _wanted(piece: Inline) -> set[Mark | str]:
    if isinstance(piece, Image):
        return {piece.href} - {""}
    if isinstance(piece, Text):
        marks: set[Mark | str] = {mark for mark in piece.marks if mark is not Mark.CODE}
        bare = piece.text == piece.href and Mark.CODE not in piece.marks
        return marks | ({piece.href} - {""} if not bare else set())
    return set()


def _rank(layer: Mark | str) -> int:
    return _ORDER.index(layer) if isinstance(layer, Mark) else 0


def _edge(layer: Mark | str, tier: Tier, *, opens: bool) -> str:
    if not isinstance(layer, Mark):
        return "[" if opens else f"]({layer})"
    if layer in _STARS and not tier.tags:
        return _STARS[layer]
    return f"<{'' if opens else '/'}{_TAGS[layer]}>"


def inline(content: Inlines, tier: Tier) -> str:
    """One line of content in one way of writing, not yet read back."""
    out: list[str] = []
    stack: list[Mark | str] = []
    wanted = [_wanted(piece) for piece in content]
    starts = True
    for number, piece in enumerate(content):
        keep = next((n for n, layer in enumerate(stack) if layer not in wanted[number]), len(stack))
        while len(stack) > keep:
            out.append(_edge(stack.pop(), tier, opens=False))

        def span(layer: Mark | str, first: int = number) -> int:
            last = first
            while last < len(content) and layer in wanted[last]:
                last += 1
            return last

        fresh = wanted[number] - set(stack)
        for layer in sorted(fresh, key=lambda layer: (-span(layer), _rank(layer))):
            out.append(_edge(layer, tier, opens=True))
            stack.append(layer)
        out.append(_leaf(piece, tier, starts=starts))
        starts = isinstance(piece, Break) or (
            starts and isinstance(piece, Text) and not piece.text.strip()
        )
    while stack:
        out.append(_edge(stack.pop(), tier, opens=False))
    return "".join(out)


def _proved(style: Style, expected: Block, write: Callable[[Tier], str]) -> str:
    """Write in the first way that reads back as what was meant."""
    written = ""
    for tier in style.tiers:
        written = write(tier)
        if style.read is None or style.read(written) == (expected,):
            break
    return written


@lru_cache(REMEMBERED)
def _content(block: Paragraph | Heading, style: Style) -> str:
    prefix = "#" * block.level + " " if isinstance(block, Heading) else ""
    content = block.content
    if len(content) == 1 and isinstance(content[0], Text):
        only = content[0]
        harmless = "://" not in only.text and _HARMLESS.fullmatch(only.text)
        if harmless and not only.marks and not only.href:
            return prefix + only.text
    return _proved(style, block, lambda tier: prefix + inline(content, tier))


def _cell(content: Inlines, tier: Tier) -> str:
    pieces = Tier(tier.escape, "<br>", tier.tags)
    return re.sub(r"(?<!\\)\|", r"\\|", inline(content, pieces)) or " "


def _table(table: Table, style: Style) -> str:
    def write(tier: Tier) -> str:
        rows = ["| " + " | ".join(_cell(cell, tier) for cell in row) + " |" for row in table.rows]
        rows.insert(1, "| " + " | ".join("---" for _ in table.rows[0]) + " |")
        return "\n".join(rows)

    return _proved(style, table, write)


def _fence(fence: Fence) -> str:
    longest = max((len(run) for run in re.findall("`{3,}", fence.code)), default=2)
    ticks = "`" * (longest + 1)
    body = fence.code + "\n" if fence.code else ""
    return f"{ticks}{fence.language}\n{body}{ticks}"


def _indented(text: str, first: str) -> str:
    lines = text.split("\n")
    rest = [" " * len(first) + line if line else "" for line in lines[1:]]
    return "\n".join([(first + lines[0]).rstrip(), *rest])


def _item(item: Item, bullet: str, style: Style) -> str:
    blocks = item.blocks
    box = "" if item.checked is None else "[x] " if item.checked else "[ ] "
    written = [_block(block, style) for block in blocks]
    if blocks and isinstance(blocks[0], Rule):
        written[0] = "***"
    # A box stands before text; before anything else it takes a line of its own.
    if box and not (blocks and isinstance(blocks[0], Paragraph)):
        return _indented("\n\n".join([box.rstrip(), *written]), bullet)
    out = box
    for number, text in enumerate(written):
        if number:
            out += "\n" if _hangs(blocks[number - 1], blocks[number]) else "\n\n"
        out += text
    return _indented(out, bullet)


def _hangs(before: Block, after: Block) -> bool:
    """Whether a nested list may follow its text without a blank line."""
    if not isinstance(before, Paragraph) or not isinstance(after, Bullets | Numbers):
        return False
    first = after.items[0]
    plain_start = isinstance(after, Bullets) or after.start == 1
    return plain_start and bool(first.blocks) and not isinstance(first.blocks[0], Rule)


def _items(block: Bullets | Numbers, style: Style) -> str:
    out: list[str] = []
    for number, item in enumerate(block.items):
        bullet = "- " if isinstance(block, Bullets) else f"{min(block.start + number, 999999999)}. "
        out.append(_item(item, bullet, style))
    return "\n".join(out)


def _quote(quote: Quote, style: Style) -> str:
    text = write(quote.blocks, style)
    if quote.panel:
        gap = "\n" if isinstance(quote.blocks[0], Paragraph) else "\n\n"
        text = f"[!{quote.panel}]{gap}{text}"
    return "\n".join("> " + line if line else ">" for line in text.split("\n"))


def _block(block: Block, style: Style) -> str:
    match block:
        case Paragraph() | Heading():
            return _content(block, style)
        case Fence():
            return _fence(block)
        case Rule():
            return "---"
        case Quote():
            return _quote(block, style)
        case Bullets() | Numbers():
            return _items(block, style)
        case Table():
            return _table(block, style)


def literal(text: str) -> str:
    """A line of text, such as a name, that reads as itself whatever Markdown stands around it."""
    line = one_line(text)
    return line if _NAME.fullmatch(line) else _FULL.sub(r"\\\g<0>", line)


def write(blocks: tuple[Block, ...], style: Style) -> str:
    """Blocks in their normal shape as text, without a newline at the end."""
    return "\n\n".join(_block(block, style) for block in blocks)
