"""Brings a tree into its one normal shape, so that equal texts are equal trees.

NFC; control and zero-width characters cut; bare web addresses become links (readers of most systems
show them so); white space moved out of marks; lines trimmed; lists that touch are one list; empty
paragraphs, headings, quotes and lists dropped; table rows of one length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from itertools import groupby

from tieline.domain.richtext.links import bare_links
from tieline.domain.richtext.tree import (
    PANELS,
    REMEMBERED,
    Block,
    Break,
    Bullets,
    Doc,
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

_NEWLINES = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CUT = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b\u2060\ufeff\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
_SPACES = re.compile(r"\s+")
_LANGUAGE = re.compile(r"[^\w+#.\-]")
_LARGEST_NUMBER = 999_999_999


def clean(text: str) -> str:
    """NFC without control and zero-width characters; every kind of line end is a newline."""
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFC", _CUT.sub("", _NEWLINES.sub("\n", text)))


def one_line(text: str) -> str:
    """`text` cleaned, with single spaces and none at the ends."""
    return _SPACES.sub(" ", clean(text)).strip()


def _merged(content: Iterable[Inline]) -> list[Inline]:
    runs: list[Inline] = []
    for look, alike in groupby(content, _look):
        if look is None:
            runs += alike
            continue
        texts = [piece for piece in alike if isinstance(piece, Text) and piece.text]
        if len(texts) > 1:
            runs.append(replace(texts[0], text=clean("".join(text.text for text in texts))))
        else:
            runs += texts
    return runs


def _look(piece: Inline) -> tuple[frozenset[Mark], str] | None:
    """What neighbours must have in common to be one run; None where nothing can be joined."""
    return (piece.marks, piece.href) if isinstance(piece, Text) else None


def _split(piece: Text) -> Iterable[Inline]:
    """Cut a run at its line ends and at the addresses in it."""
    if Mark.CODE in piece.marks:
        yield replace(piece, text=clean(piece.text).replace("\n", " "))
        return
    for number, line in enumerate(clean(piece.text).split("\n")):
        if number:
            yield Break()
        for words, href in bare_links(line) if not piece.href else [(line, piece.href)]:
            yield Text(words, piece.marks, href)


def _is_space(piece: Inline) -> bool:
    return isinstance(piece, Text) and piece.text.isspace() and Mark.CODE not in piece.marks


def _edges(piece: Inline) -> Iterable[Inline]:
    """A run with its outer white space as runs of their own."""
    if not isinstance(piece, Text) or Mark.CODE in piece.marks:
        yield piece
        return
    core = piece.text.strip()
    start = piece.text.find(core) if core else len(piece.text)
    for part in (piece.text[:start], core, piece.text[start + len(core) :]):
        if part:
            yield replace(piece, text=part)


def _trim_lines(runs: list[Inline]) -> list[Inline]:
    """Drop white space at both ends of each line, but a leading no-break space is meant."""
    out: list[Inline] = []
    for piece in runs:
        if isinstance(piece, Break):
            while out and _is_space(out[-1]):
                out.pop()
        elif (
            _is_space(piece) and isinstance(piece, Text) and (not out or isinstance(out[-1], Break))
        ):
            kept = "".join(char for char in piece.text if char == "\xa0")
            if kept:
                out.append(Text(kept))
            continue
        out.append(piece)
    while out and (_is_space(out[-1]) or isinstance(out[-1], Break)):
        out.pop()
    while out and isinstance(out[0], Break):
        out.pop(0)
    return out


def _bare_spaces(runs: list[Inline]) -> None:
    """Take each mark and link off the white space at the ends of its span, in place."""
    used = {mark for piece in runs if isinstance(piece, Text) for mark in piece.marks}
    for mark in (*(mark for mark in Mark if mark in used and mark is not Mark.CODE), None):
        begin = 0
        while begin < len(runs):
            first = runs[begin]
            end = begin
            while end < len(runs) and _alike(runs[end], first, mark):
                end += 1
            low, high = begin, end
            while low < high and _is_space(runs[low]):
                runs[low] = _without(runs[low], mark)
                low += 1
            while high > low and _is_space(runs[high - 1]):
                runs[high - 1] = _without(runs[high - 1], mark)
                high -= 1
            begin = max(end, begin + 1)


def _alike(piece: Inline, first: Inline, mark: Mark | None) -> bool:
    """Whether `piece` is in the same span of `mark` (None: of the link) as `first`."""
    if mark is None:
        href = first.href if isinstance(first, Text | Image) else ""
        return bool(href) and isinstance(piece, Text | Image) and piece.href == href
    return isinstance(piece, Text) and mark in piece.marks


def _without(piece: Inline, mark: Mark | None) -> Inline:
    assert isinstance(piece, Text)
    return replace(piece, href="") if mark is None else replace(piece, marks=piece.marks - {mark})


def _cleaned(piece: Inline) -> Iterable[Inline]:
    match piece:
        case Text():
            yield from _split(piece)
        case Mention():
            name = one_line(piece.name).lstrip("@").strip() or piece.id
            yield Mention(piece.id, name) if piece.id else Text("@" + name)
        case Image():
            yield replace(piece, alt=one_line(piece.alt))
        case Break():
            yield piece


def _once(content: Inlines) -> Inlines:
    runs = [new for piece in _merged(content) for new in _cleaned(piece)]
    runs = [new for piece in _merged(runs) for new in _edges(piece)]
    runs = _trim_lines(runs)
    _bare_spaces(runs)
    return tuple(_merged(runs))


@lru_cache(REMEMBERED)
def tidy_inlines(content: Inlines) -> Inlines:
    """The normal shape of a line of content."""
    for _ in range(4):
        again = _once(content)
        if again == content:
            break
        content = again
    return content


def _single_line(content: Inlines) -> Inlines:
    return tidy_inlines(
        tuple(Text(" ") if isinstance(p, Break) else p for p in tidy_inlines(content))
    )


def _code(fence: Fence, *, nested: bool) -> Fence:
    code = "\n".join(line.rstrip() for line in clean(fence.code).split("\n")).rstrip("\n")
    words = fence.language.split()
    return Fence(
        code.replace("\t", "    ") if nested else code,
        _LANGUAGE.sub("", clean(words[0])) if words else "",
    )


def _items(items: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(replace(item, blocks=tidy_blocks(item.blocks, nested=True)) for item in items)


def _table(table: Table) -> Table | None:
    rows = [tuple(tidy_inlines(cell) for cell in row) for row in table.rows]
    width = max((len(row) for row in rows), default=0)
    return Table(tuple(row + ((),) * (width - len(row)) for row in rows)) if width else None


def _block(block: Block, *, nested: bool) -> Block | None:
    match block:
        case Paragraph(content):
            content = tidy_inlines(content)
            return Paragraph(content) if content else None
        case Heading(level, content):
            content = _single_line(content)
            return Heading(min(max(level, 1), 6), content) if content else None
        case Fence():
            return _code(block, nested=nested)
        case Rule():
            return block
        case Quote(blocks, panel):
            blocks = tidy_blocks(blocks, nested=True)
            return Quote(blocks, panel if panel in PANELS else "") if blocks else None
        case Bullets(items):
            return Bullets(_items(items)) if items else None
        case Numbers(items, start):
            return Numbers(_items(items), min(max(start, 0), _LARGEST_NUMBER)) if items else None
        case Table():
            return _table(block)


def tidy_blocks(blocks: Iterable[Block], *, nested: bool = False) -> tuple[Block, ...]:
    """The normal shape of a sequence of blocks."""
    out: list[Block] = []
    for raw in blocks:
        block = _block(raw, nested=nested)
        last = out[-1] if out else None
        if isinstance(block, Bullets) and isinstance(last, Bullets):
            out[-1] = Bullets(last.items + block.items)
        elif isinstance(block, Numbers) and isinstance(last, Numbers):
            out[-1] = Numbers(last.items + block.items, last.start)
        elif block is not None:
            out.append(block)
    return tuple(out)


def tidy(doc: Doc) -> Doc:
    """The document in its normal shape."""
    return Doc(tidy_blocks(doc.blocks))
