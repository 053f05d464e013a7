"""What the service makes of the HTML that it is sent. It is not what was sent."""

from __future__ import annotations

import re

import nh3

_TAGS = frozenset(
    "p div br hr h1 h2 h3 h4 h5 h6 ul ol li blockquote pre code table thead tbody tr td th strong "  # noqa: SIM905
    "b em i del s u sub sup a img span font".split()
)
_ATTRIBUTES = {
    "a": {"href", "data-vss-mention", "target"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "code": {"class"},
    "span": {"style"},
}
_PARAGRAPH = re.compile(r"(?<=[^\s>])</p>")
_EMOJI = re.compile(r"[\U0001F300-\U0001FAFF]")


def kept(html: str) -> str:
    """HTML as a field keeps it: without scripts and comments, a blank before each `</p>`."""
    clean = nh3.clean(html, tags=set(_TAGS), attributes=_ATTRIBUTES, link_rel=None)
    return _PARAGRAPH.sub(" </p>", clean)


def said(html: str) -> str:
    """A comment as it is kept: besides, an emoji is an entity."""
    return _EMOJI.sub(lambda found: f"&#{ord(found[0])};", kept(html))
