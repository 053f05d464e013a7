"""HTML, the form of rich text of most help desks, from and to Markdown, sanitised both ways.

Mentions are `<span data-mention="id">@Name</span>` when written; read are these and what Azure
DevOps writes, `<a data-vss-mention="version:2.0,id">`. Tasks are read from check boxes and from
drawn boxes, and written as drawn boxes. Colours, sizes and cell spans are lost.
"""

from __future__ import annotations

import re
from typing import Any

from tieline.domain.richtext.html_reader import FindImage
from tieline.domain.richtext.markdown import normal_form, parse, render
from tieline.domain.richtext.tree import Doc

_TAGS = frozenset(
    "p div br hr h1 h2 h3 h4 h5 h6 ul ol li blockquote pre code kbd tt table thead tbody tfoot tr td th "  # noqa: E501, SIM905
    "strong b em i del s strike u ins sub sup a img span input".split()
)
_ATTRIBUTES = {
    "a": {"href", "data-mention"},
    "img": {"src", "alt"},
    "code": {"class"},
    "pre": {"class"},
    "ol": {"start"},
    "span": {"data-mention"},
    "input": {"type", "checked"},
}
_SCHEMES = {"http", "https", "mailto", "cid", "attachment"}
_AZURE = re.compile(r'data-vss-mention="version:[\d.]+,(?:\{)?([^"{}]+)\}?"')


def _sanitised(html: str, **more: Any) -> str:
    import nh3  # noqa: PLC0415 - cold start

    return nh3.clean(
        html,
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes=set(_SCHEMES),
        link_rel=None,
        **more,
    )


def html_to_markdown(html: str, *, image: FindImage | None = None) -> str:
    """The Markdown of a piece of HTML. Never raises.

    `image` gives the address to keep for a picture's `src`, as `attachment:<name>` or of the web,
    or
    None to leave it; pictures of other schemes, such as `cid:`, leave their alternative text.
    """
    from tieline.domain.richtext.html_reader import read  # noqa: PLC0415 - cold start

    html = _AZURE.sub(r'data-mention="\1"', html)
    return normal_form(render(Doc(read(_sanitised(html), image))))


def markdown_to_html(md: str) -> str:
    """The HTML of a Markdown text, with no tag or address that could do harm."""
    from tieline.domain.richtext.html_writer import write  # noqa: PLC0415 - cold start

    return _sanitised(write(parse(md).blocks))
