"""The tree to HTML. Tasks are drawn boxes, for most systems cut `<input>` out."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

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

_TAGS = {
    Mark.UNDERLINE: "u",
    Mark.SUB: "sub",
    Mark.SUP: "sup",
    Mark.STRONG: "strong",
    Mark.EM: "em",
    Mark.STRIKE: "del",
    Mark.CODE: "code",
}
_BOXES = {None: "", False: "\u2610 ", True: "\u2611 "}


def _piece(piece: Inline) -> str:
    match piece:
        case Text(text, marks, href):
            out = escape(text, quote=False).replace("\xa0", "&nbsp;")
            for mark in reversed(Mark):
                out = f"<{_TAGS[mark]}>{out}</{_TAGS[mark]}>" if mark in marks else out
        case Mention(id, name):
            words, address = escape(name, quote=False), escape(id)
            return f'<span data-mention="{address}">@{words}</span>'
        case Image(alt, src, href):
            out = f'<img src="{escape(src)}" alt="{escape(alt)}">'
        case Break():
            return "<br>"
    return f'<a href="{escape(href)}">{out}</a>' if href else out


def _line(content: Inlines) -> str:
    return "".join(_piece(piece) for piece in content)


def _item(item: Item) -> str:
    blocks = list(item.blocks)
    out = _BOXES[item.checked]
    if blocks and isinstance(blocks[0], Paragraph):
        first = blocks.pop(0)
        assert isinstance(first, Paragraph)
        out += _line(first.content)
    return f"<li>{out}{write(blocks)}</li>"


def _rows(table: Table) -> str:
    rows = [
        "<tr>" + "".join(f"<{tag}>{_line(cell)}</{tag}>" for cell in row) + "</tr>"
        for row, tag in zip(table.rows, ["th", *["td"] * len(table.rows)], strict=False)
    ]
    return f"<table><thead>{rows[0]}</thead><tbody>{''.join(rows[1:])}</tbody></table>"


def _block(block: Block) -> str:
    match block:
        case Paragraph(content):
            return f"<p>{_line(content)}</p>"
        case Heading(level, content):
            return f"<h{level}>{_line(content)}</h{level}>"
        case Fence(code, language):
            name = f' class="language-{escape(language)}"' if language else ""
            return f"<pre><code{name}>{escape(code, quote=False)}\n</code></pre>"
        case Rule():
            return "<hr>"
        case Quote(blocks, panel):
            head = f"<p>[!{panel}]</p>" if panel else ""
            return f"<blockquote>{head}{write(blocks)}</blockquote>"
        case Bullets(items):
            return f"<ul>{''.join(map(_item, items))}</ul>"
        case Numbers(items, start):
            begin = f' start="{start}"' if start != 1 else ""
            return f"<ol{begin}>{''.join(map(_item, items))}</ol>"
        case Table():
            return _rows(block)


def write(blocks: Sequence[Block]) -> str:
    """The blocks as HTML, not yet sanitised."""
    return "".join(_block(block) for block in blocks)
