"""GitHub's Markdown and ours, each made from the other. Pure.

GitHub, Basic writing and formatting syntax: single line ends of issues and comments are breaks;
`@name` tells a person, `#12` and `GH-12` make a cross-reference. What another system's people
wrote must tell nobody here: a space of no width goes in between, and is taken out on reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from urllib.parse import quote, unquote

from tieline.connectors.github.assets import asset_id, file_name, own_name
from tieline.connectors.github.marker import unmarked
from tieline.domain.richtext.links import attachment_link, attachment_name
from tieline.domain.richtext.markdown import normal_form, parse, render
from tieline.domain.richtext.tree import (
    Block,
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

LONGEST = 65_536
"""Characters of a body. GitHub answers 422 to more."""
_RESERVE = 200
"""Characters kept free for our mark and for what parts a name from its sign."""

NameOf = Callable[[str, str], str | None]
"""Gives a file's name for a picture's address and alternative text, None if it is none of ours."""
AddressOf = Callable[[str], str | None]
"""Gives the address of the ticket's file of this name, None if there is none."""

_STAND_IN = "\ue0f7"
"""In place of the space of no width while the text is written: the writer would drop that one."""
_TITLE = "\ue0f8"
"""Around a picture's title while the text is written: a picture has none in the tree."""
_TITLED = re.compile(f"{_TITLE}([\\w.~%-]*){_TITLE}")
_TELLS = re.compile(
    r"(?<![A-Za-z0-9_/.])@(?=[A-Za-z0-9])|#(?=[0-9])|(?<=\bGH)-(?=[0-9])", re.IGNORECASE
)
_OUR_SIGNS = re.compile(f"[{_STAND_IN}{_TITLE}]")


def no_name(_src: str, _alt: str) -> None:
    """For texts whose pictures stay what they are."""


def from_github(text: str | None, name_of: NameOf = no_name) -> str:
    """The Markdown of a body; "" for none. Pictures that are the ticket's own get their names."""
    plain = unmarked(text)
    if not plain:
        return ""

    def named(piece: Inline) -> Inline:
        if isinstance(piece, Image) and (name := name_of(piece.src, piece.alt)):
            return replace(piece, src=attachment_link(name))
        return piece

    return normal_form(render(_mapped(parse(plain, breaks=True), named)))


def to_github(markdown: str, address_of: AddressOf) -> str:
    """What GitHub is given: no longer than it takes, and nobody is told of it by name."""

    def settled(piece: Inline) -> Inline:
        match piece:
            case Image(alt=alt, src=src) if name := attachment_name(src):
                address = address_of(name)
                if not address:
                    return Text(alt or name)
                return replace(piece, src=address + _title(address, name, alt))
            case Mention(name=name):
                return Text(_quiet(f"@{name}"))
            case Text(text=words, marks=marks, href=href) if Mark.CODE not in marks:
                return piece if words == href else replace(piece, text=_quiet(words))
            case _:
                return piece

    doc = _mapped(parse(_OUR_SIGNS.sub("", markdown)), settled)
    return cut(_with_titles(render(doc)).replace(_STAND_IN, "\u200b"))


def _title(address: str, name: str, alt: str) -> str:
    """A picture's name, where neither its address nor its words would say it."""
    id = asset_id(address)
    if not id or name == alt or name.startswith(own_name(id)) or address.endswith(f"/{name}"):
        return ""
    return f"{_TITLE}{quote(name, safe='')}{_TITLE}"


def _with_titles(text: str) -> str:
    return _TITLED.sub(lambda found: f' "{file_name(unquote(found[1]))}"', text)


def cut(text: str) -> str:
    """A text that leaves room for our mark."""
    most = LONGEST - _RESERVE
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _quiet(words: str) -> str:
    return _TELLS.sub(lambda found: found.group() + _STAND_IN, words)


def _mapped(doc: Doc, change: Callable[[Inline], Inline]) -> Doc:
    def line(content: Inlines) -> Inlines:
        return tuple(change(piece) for piece in content)

    def items(given: Sequence[Item]) -> tuple[Item, ...]:
        return tuple(replace(item, blocks=tuple(map(block, item.blocks))) for item in given)

    def block(one: Block) -> Block:
        match one:
            case Paragraph(content):
                return Paragraph(line(content))
            case Heading(level, content):
                return Heading(level, line(content))
            case Quote(blocks, panel):
                return Quote(tuple(map(block, blocks)), panel)
            case Bullets(given):
                return Bullets(items(given))
            case Numbers(given, start):
                return Numbers(items(given), start)
            case Table(rows):
                return Table(tuple(tuple(line(cell) for cell in row) for row in rows))
            case _:
                return one

    return Doc(tuple(block(one) for one in doc.blocks))
