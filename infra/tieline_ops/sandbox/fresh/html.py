"""Rich text as Freshworks keeps it: cleaned, wrapped, and beside it as plain text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nh3

_TAGS = frozenset(
    "a abbr b blockquote br caption code col dd del div dl dt em figure h1 h2 h3 h4 h5 h6 hr i img "  # noqa: SIM905
    "ins kbd li ol p pre s samp small span strike strong sub sup table tbody td tfoot th thead tr "
    "tt u ul".split()
)
_ATTRIBUTES = {
    "*": {"style", "dir", "class"},
    "a": {"href", "target"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
}
_STYLE = (
    "font-family:-apple-system, BlinkMacSystemFont, Segoe UI, Roboto, Helvetica Neue, Arial, "
    "sans-serif; font-size:14px"
)
_BREAKS = frozenset({"br", "p", "div", "li", "tr", "pre", "hr", "h1", "h2", "h3", "h4"})
_SPACE = re.compile(r"\s+")


def kept(html: str, *, styled: bool) -> str:
    """What is kept of a text: comments and scripts go, and a `<div>` stands around it."""
    clean = nh3.clean(
        html, tags=set(_TAGS), attributes={k: set(v) for k, v in _ATTRIBUTES.items()}, link_rel=None
    )
    if styled:
        return f'<div style="{_STYLE}"><div dir="ltr">{clean}</div></div>'
    return clean if clean.startswith("<div") else f"<div>{clean}</div>"


def text_of(html: str) -> str:
    """The words alone (`body_text`, `description_text`)."""
    reader = _Words()
    reader.feed(html)
    reader.close()
    return _SPACE.sub(" ", "".join(reader.pieces)).strip()


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _BREAKS:
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)
