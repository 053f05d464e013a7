"""Text of fields that know no formatting, from and to Markdown.

Such fields carry the light marks people read without trouble: `**bold**`, `- item`, fences,
`[words](address)`. A block of a plain text counts as formatting only if it is exactly what
`markdown_to_plain` writes for it; everything else is taken as typed, each line end a break. Words
that would wrongly count as formatting get backslashes. Underline, subscript and superscript are
lost; mentions become `@Name`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from tieline.domain.richtext.markdown import parse, render
from tieline.domain.richtext.markdown_reader import chunks, read
from tieline.domain.richtext.markdown_writer import Style, Tier, write
from tieline.domain.richtext.tidy import clean, tidy_blocks
from tieline.domain.richtext.tree import (
    REMEMBERED,
    Block,
    Break,
    Bullets,
    Doc,
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
    Table,
    Text,
)

_LOST = {Mark.UNDERLINE, Mark.SUB, Mark.SUP}
_LEAD = re.compile(r"\s*")
_LEAD_CHAR = re.compile(r"\s")


def _parsed(text: str) -> tuple[Block, ...]:
    return read(text, breaks=True, plain=True)


_LOOSE = Style((Tier("none", "\n"),), None)
_STRICT = Style((Tier("light", "\n"), Tier("full", "\n")), _parsed)


def markdown_to_plain(md: str) -> str:
    """The text as a person would type it, lines ended by newlines, none at the end."""
    blocks = _simplified(parse(md).blocks)
    ways = _ways(blocks)
    return next((way for way in ways if _meaning(way) == blocks), ways[1])


def plain_to_markdown(text: str) -> str:
    """The Markdown of a text somebody typed, or of what `markdown_to_plain` wrote."""
    return render(Doc(_meaning(text)))


def _ways(blocks: tuple[Block, ...]) -> tuple[str, str, str]:
    """Without backslashes, with them in the blocks that need them alone, and in all that do."""
    mixed = "\n\n".join(_written(block) for block in blocks)
    return write(blocks, _LOOSE), mixed, write(blocks, _STRICT)


def _meaning(text: str) -> tuple[Block, ...]:
    """The blocks of a text, or the whole of it as typed where it would not come back as it is."""
    blocks = _blocks(text)
    back = next((way for way in _ways(blocks) if _blocks(way) == blocks), None)
    if back is not None and _squeezed(back) == _squeezed(text):
        return blocks
    return _as_typed("\n".join(line.rstrip() for line in clean(text).split("\n")))


@lru_cache(REMEMBERED)
def _written(block: Block) -> str:
    """Without backslashes if that reads back as meant, else with them."""
    loose = write((block,), _LOOSE)
    if _blocks(loose) == (block,):
        return loose
    strict = write((block,), _STRICT)
    return strict if _parsed(strict) == (block,) else loose


@lru_cache(REMEMBERED)
def _reading(chunk: str) -> tuple[Block, ...]:
    """What a piece of plain text means: formatting if we would write it so, else as typed."""
    found = _parsed(chunk)
    if len(found) == 1 and found == _simplified(found):
        loose = write(found, _LOOSE)
        if _squeezed(loose) == _squeezed(chunk):
            return found
        # With backslashes only where they are needed; `loose` is shorter, so this ends.
        needed = len(loose) < len(chunk) and write(found, _STRICT) == chunk
        if needed and _blocks(loose) != found:
            return found
    return _as_typed(chunk)


def _squeezed(text: str) -> list[str]:
    """The lines without blank ones, kinds of white space and white space at their ends."""
    lines = (line.expandtabs(4).rstrip() for line in clean(text).split("\n"))
    return [_LEAD_CHAR.sub(" ", line) for line in lines if line]


def _as_typed(chunk: str) -> tuple[Block, ...]:
    """Paragraphs of literal lines; indentation stays, as no-break spaces."""
    out: list[Block] = []
    for part in re.split(r"\n\s*\n", chunk):
        line: list[Inline] = []
        for number, typed in enumerate(part.split("\n")):
            lead = _LEAD.match(typed)
            assert lead is not None
            indent = "\xa0" * len(lead.group().expandtabs(4))
            line += [*([Break()] if number else []), Text(indent + typed[lead.end() :])]
        out.append(Paragraph(tuple(line)))
    return tidy_blocks(out)


@lru_cache(REMEMBERED)
def _blocks(text: str) -> tuple[Block, ...]:
    lines = [line.rstrip() for line in clean(text).split("\n")]
    out: list[Block] = []
    at = 0
    for begin, end in chunks("\n".join(lines)):
        if begin < at:
            continue
        # A definition or the like, which the parser swallows, is text here.
        out += _as_typed("\n".join(lines[at:begin])) if any(lines[at:begin]) else ()
        chunk = "\n".join(lines[begin:end]).rstrip("\n")
        out += _reading(chunk)
        at = end
    out += _as_typed("\n".join(lines[at:])) if any(lines[at:]) else ()
    return tidy_blocks(out)


def _line(content: Inlines) -> Inlines:
    out: list[Inline] = []
    for piece in content:
        match piece:
            case Text(marks=marks):
                out.append(replace(piece, marks=marks - _LOST))
            case Mention(name=name):
                out.append(Text("@" + name))
            case Image() | Break():
                out.append(piece)
    return tuple(out)


def _item(item: Item) -> Item:
    return replace(item, blocks=_simplified(item.blocks))


def _simple(block: Block) -> Block:
    match block:
        case Paragraph(content):
            return Paragraph(_line(content))
        case Heading(level, content):
            return Heading(level, _line(content))
        case Quote(blocks, panel):
            return Quote(_simplified(blocks), panel)
        case Bullets(items):
            return Bullets(tuple(map(_item, items)))
        case Numbers(items, start):
            return Numbers(tuple(map(_item, items)), start)
        case Table(rows):
            return Table(tuple(tuple(_line(cell) for cell in row) for row in rows))
        case _:
            return block


def _simplified(blocks: Sequence[Block]) -> tuple[Block, ...]:
    return tidy_blocks(_simple(block) for block in blocks)
