"""Markdown, the form in which rich text is compared and kept.

The dialect is CommonMark with tables, `~~strike~~`, `- [x]` tasks, `> [!NOTE]` panels,
`@[Name](user:id)` mentions, `![alt](attachment:file.png)` pictures, and `<u>`, `<sub>`, `<sup>`;
`markdown_reader` says exactly what is understood. What it has no form for is lost: column
alignment,
titles of links, cell spans, colours, blank lines beyond one, numbers of list items after the first.
"""

from __future__ import annotations

from tieline.domain.richtext.markdown_reader import read
from tieline.domain.richtext.markdown_writer import Style, Tier, write
from tieline.domain.richtext.tidy import tidy
from tieline.domain.richtext.tree import Doc

_STYLE = Style((Tier("light", "\\\n"), Tier("full", "\\\n"), Tier("full", "\\\n", tags=True)), read)
_TURNS = 4


def parse(md: str, *, breaks: bool = False) -> Doc:
    """The tree of a Markdown text.

    `breaks`: single newlines are line breaks, as in comments on GitHub.
    """
    return Doc(read(md, breaks=breaks))


def render(doc: Doc) -> str:
    """The canonical Markdown of a tree, without a newline at the end."""
    return write(tidy(doc).blocks, _STYLE)


def normal_form(md: str, *, breaks: bool = False) -> str:
    """The one spelling of a text, by which texts of two systems are compared. Stable."""
    doc = parse(md, breaks=breaks)
    text = write(doc.blocks, _STYLE)
    for _ in range(_TURNS):
        again = parse(text)
        if again == doc:
            break
        doc, text = again, write(again.blocks, _STYLE)
    return text
