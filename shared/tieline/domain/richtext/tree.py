"""The neutral tree that every rich text passes through on its way from one form to another.

Inline content is flat: a run of text carries its marks and its link with it, and neighbours that
look alike are one run. That is how ADF sees text, and it makes two spellings of the same text
equal.
A `Break` carries no marks. A task is a list item whose `checked` is True or False.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """What a run of text may look like."""

    STRONG = "strong"
    EM = "em"
    STRIKE = "strike"
    UNDERLINE = "underline"
    SUB = "sub"
    SUP = "sup"
    CODE = "code"


NO_MARKS: frozenset[Mark] = frozenset()


@dataclass(frozen=True, slots=True)
class Text:
    """A run of text. `href` is "" outside a link."""

    text: str
    marks: frozenset[Mark] = NO_MARKS
    href: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A person of the system the text came from."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture. `src` is a web address, or `attachment:` and the percent-encoded file name."""

    alt: str
    src: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Break:
    """A line break inside a paragraph."""


Inline = Text | Mention | Image | Break
Inlines = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    content: Inlines


@dataclass(frozen=True, slots=True)
class Heading:
    """`level` is 1 to 6; the content has no breaks."""

    level: int
    content: Inlines


@dataclass(frozen=True, slots=True)
class Fence:
    """A block of code, without the newline at its end."""

    code: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the page."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation, or a panel if `panel` is one of `PANELS`."""

    blocks: tuple[Block, ...]
    panel: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list; `checked` is None unless it is a task."""

    blocks: tuple[Block, ...]
    checked: bool | None = None


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Numbers:
    """A numbered list that begins at `start`."""

    items: tuple[Item, ...]
    start: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, all of one length. The first row is the head."""

    rows: tuple[tuple[Inlines, ...], ...]


Block = Paragraph | Heading | Fence | Rule | Quote | Bullets | Numbers | Table

REMEMBERED = 512
"""So many pieces of text each step keeps with its result: writing proves itself by reading."""

PANELS = ("NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION")


@dataclass(frozen=True, slots=True)
class Doc:
    blocks: tuple[Block, ...]


def plain_text(content: Inlines) -> str:
    """The words alone, breaks as spaces, pictures by their alternative text."""
    words: list[str] = []
    for piece in content:
        match piece:
            case Text():
                words.append(piece.text)
            case Mention():
                words.append("@" + piece.name)
            case Image():
                words.append(piece.alt)
            case Break():
                words.append(" ")
    return "".join(words)
