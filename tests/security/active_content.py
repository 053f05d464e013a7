"""What counts as active content, judged by parsers that our own writers do not use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import nh3

TAGS = frozenset(
    "p br hr h1 h2 h3 h4 h5 h6 ul ol li blockquote pre code table thead tbody tr th td "  # noqa: SIM905
    "strong em del u sub sup a img span".split()
)
ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt"},
    "code": {"class"},
    "ol": {"start"},
    "span": {"data-mention"},
}
SCHEMES = {"http", "https", "mailto", "attachment"}
NODES = frozenset(
    "doc paragraph text hardBreak heading bulletList orderedList listItem taskList taskItem "  # noqa: SIM905
    "blockquote panel codeBlock rule table tableRow tableHeader tableCell mediaSingle media".split()
)
MARKS = frozenset({"strong", "em", "strike", "underline", "code", "subsup", "link"})


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.other: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.other.append(data)

    def handle_decl(self, decl: str) -> None:
        self.other.append(decl)

    def handle_pi(self, data: str) -> None:
        self.other.append(data)

    def unknown_decl(self, data: str) -> None:
        self.other.append(data)


def _scheme(address: str) -> str:
    """As a browser takes it, which skips white space and control characters."""
    return re.sub(r"[\x00-\x20\x7f-\xa0\u200b\ufeff]", "", address).partition(":")[0].lower()


def in_html(html: str) -> list[str]:
    """What in a piece of HTML is more than formatted words; [] when nothing is.

    Two parsers must agree: the standard library's, and html5ever (by nh3), which reads as browsers
    do, so that what changes its meaning when it is read again is found.
    """
    parser = _Tags()
    parser.feed(html)
    parser.close()
    wrong = [f"not an element: {other!r}" for other in parser.other]
    for tag, attributes in parser.found:
        if tag not in TAGS:
            wrong.append(f"<{tag}>")
        for name, value in attributes.items():
            if name not in ATTRIBUTES.get(tag, set()):
                wrong.append(f"<{tag} {name}>")
            if name in {"href", "src"} and _scheme(value or "") not in SCHEMES:
                wrong.append(f"<{tag} {name}={value!r}>")
    again = nh3.clean(
        html, tags=set(TAGS), attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel=None
    )
    if again != html:
        wrong.append(f"read again it is {again!r}")
    return wrong


def html_words(html: str) -> str:
    """The text that a reader of the HTML sees."""
    parser = _Tags()
    parser.feed(html)
    parser.close()
    return "".join(parser.words)


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every node and mark of a document, in its order."""
    waiting = [value]
    while waiting:
        at = waiting.pop()
        if isinstance(at, dict):
            yield at
            waiting += reversed([*at.get("marks", ()), *at.get("content", ())])


def in_adf(document: dict[str, Any]) -> list[str]:
    """What in a document is more than formatted words and pictures; [] when nothing is."""
    wrong = []
    for node in nodes(document):
        kind, attrs = node["type"], node.get("attrs", {})
        if kind not in NODES | MARKS:
            wrong.append(kind)
        addresses = {name: attrs[name] for name in ("href", "url") if name in attrs}
        wrong += [
            f"{kind} {name}={address!r}"
            for name, address in addresses.items()
            if _scheme(address) not in SCHEMES
        ]
    return wrong


def adf_words(document: dict[str, Any]) -> str:
    """The text of a document's text nodes."""
    return "".join(node["text"] for node in nodes(document) if node["type"] == "text")
