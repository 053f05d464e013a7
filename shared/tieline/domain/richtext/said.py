"""What a text says, whatever it looks like: by this an edit is told from a conversion.

Every conversion keeps the characters of a text in their order, and its boxes as they are ticked.
What it may lose or change: looks, addresses, white space, the spelling of quotation marks and
dashes, pictures (of which words may remain), symbols that a system cannot hold, and the end of a
text that is too long, in whose place stands a mark.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from functools import lru_cache

from tieline.domain.richtext.links import attachment_name
from tieline.domain.richtext.markdown import parse
from tieline.domain.richtext.tidy import clean
from tieline.domain.richtext.tree import (
    PANELS,
    REMEMBERED,
    Block,
    Break,
    Bullets,
    Fence,
    Heading,
    Image,
    Inlines,
    Mention,
    Numbers,
    Paragraph,
    Quote,
    Rule,
    Table,
    Text,
)

_BOXES = {None: "", False: "\u2610", True: "\u2611"}
_DRAWN = re.compile(r"\[([ xX]?)\]")
_PANEL = re.compile(rf"\[!(?:{'|'.join(PANELS)})\]")
_ALIKE = str.maketrans(
    "\u2018\u2019\u201a\u201c\u201d\u201e\u2010\u2011\u2013\u2014\u2212",
    "'''\"\"\"-----",
    "\u200c\u200d\ufe0e\ufe0f",
)
_SPACE = re.compile(r"\s+")
_MARKUP = re.compile(r"[\s*_~`\\#>|@\[\]]+")
_CUT = re.compile(r"(?:\\?\[(?:…|\.\.\.)\\?\]|…|\.\.\.)$")
_WORD = re.compile(r"\w+")
_UNKNOWN = "\ufffd"
_MARKS = re.compile(rf"[?{_UNKNOWN}]+")
"""What a system may put where it cannot hold a character."""
_SYMBOLS = frozenset({"So", "Sk", "Cn", "Co"})
"""Categories of characters that a system may leave out, as small pictures."""

Pictures = Callable[[Image], str]


def says(sent: str, got: str, *, rich: bool) -> bool:
    """Whether `got` may be what a system made of `sent`, with nobody's edit in between.

    Both are Markdown if they are `rich`, else taken literally.
    """
    if _ended(got) != got.rstrip() and _ended(sent) == sent.rstrip():
        # Cut, perhaps within a word; lists may have become words, which number their items.
        whole = {word for word in _WORD.findall(_ended(got))[:-1] if not word.isdigit()}
        return whole <= set(_WORD.findall(sent))
    if not rich:
        return _fits(_folded(sent, _SPACE), _folded(got, _SPACE))
    here = _said(got)
    shown = frozenset(name for p in _pictures(parse(got).blocks) for name in (p.src, p.alt))
    ways = (_said(sent), _said(sent, shown))
    return any(_fits(way, here) for way in ways) or any(
        _fits(_said(way), here) for way in _conversions(sent)
    )


def _conversions(md: str) -> Iterator[str]:
    """What each form that cannot hold a text makes of it. What it cannot hold, it may draw."""
    from tieline.domain.richtext import adf, html, plain  # noqa: PLC0415 - seldom needed

    yield plain.plain_to_markdown(plain.markdown_to_plain(md))
    yield html.html_to_markdown(html.markdown_to_html(md))
    yield adf.adf_to_markdown(adf.markdown_to_adf(md, mention=lambda _: None))[0]


def _ended(text: str) -> str:
    """A text without the mark that says that its end is missing."""
    return _CUT.sub("", text.rstrip())


def _fits(sent: str, got: str) -> bool:
    if sent == got:
        return True
    unknown = {char for char in sent if not char.isascii()} - {*got, *_BOXES.values()}
    lost = {char for char in unknown if unicodedata.category(char) in _SYMBOLS}
    return any(
        bool(gone) and _without(sent, gone, mark) == _without(got, frozenset(), mark)
        for gone, mark in ((unknown, "?"), (lost, ""))
    )


def _without(text: str, gone: AbstractSet[str], mark: str) -> str:
    """The text with `mark` where a character is gone, or stands as one that nobody knows."""
    return _MARKS.sub(mark, "".join(_UNKNOWN if char in gone else char for char in text))


def _folded(text: str, left_out: re.Pattern[str]) -> str:
    return left_out.sub("", unicodedata.normalize("NFKC", clean(text)).translate(_ALIKE))


@lru_cache(REMEMBERED)
def _said(md: str, shown: frozenset[str] | None = None) -> str:
    """The characters of a text.

    Pictures count for nothing; those that are not `shown`, by address or by alternative text,
    count as words if that is given.
    """

    def words(picture: Image) -> str:
        if shown is None or not shown.isdisjoint({picture.src, picture.alt} - {""}):
            return ""
        return picture.alt or attachment_name(picture.src) or picture.src

    text = _PANEL.sub("", "".join(_blocks(parse(md).blocks, words)))
    return _folded(_DRAWN.sub(lambda box: _BOXES[box[1] in {"x", "X"}], text), _MARKUP)


def _blocks(  # noqa: C901 - one case for each block
    blocks: Iterable[Block], pictures: Pictures
) -> Iterator[str]:
    for block in blocks:
        match block:
            case Paragraph(content) | Heading(_, content):
                yield from _line(content, pictures)
            case Fence(code):
                yield code
            case Quote(inside):
                yield from _blocks(inside, pictures)
            case Bullets(items) | Numbers(items):
                for item in items:
                    yield _BOXES[item.checked]
                    yield from _blocks(item.blocks, pictures)
            case Table(rows):
                for row in rows:
                    for cell in row:
                        yield from _line(cell, pictures)
            case Rule():
                pass


def _line(content: Inlines, pictures: Pictures) -> Iterator[str]:
    for piece in content:
        match piece:
            case Text(text):
                yield text
            case Mention(_, name):
                yield name
            case Image():
                yield pictures(piece)
            case Break():
                pass


def _pictures(blocks: Iterable[Block]) -> list[Image]:
    found: list[Image] = []

    def keep(picture: Image) -> str:
        found.append(picture)
        return ""

    for _ in _blocks(blocks, keep):
        pass
    return found
