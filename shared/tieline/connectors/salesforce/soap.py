"""A small strict reader of outbound messages: elements and text, nothing else of XML. Pure.

What it does not take: a document type, an entity of one's own, a comment, CDATA, an instruction
beyond the declaration, elements too deep or too many. So nothing is ever expanded or fetched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tieline.domain.errors import Malformed

MOST_BYTES = 2_000_000
MOST_ELEMENTS = 20_000
MOST_DEPTH = 12
_DECLARATION = re.compile(
    r"<\?xml version=[\"']1\.0[\"'](?: encoding=[\"'](?i:utf-8)[\"'])?"
    r"(?: standalone=[\"']\w+[\"'])?\s*\?>"
)
_NAME = r"(?:[A-Za-z_][\w.-]{0,80}:)?[A-Za-z_][\w.-]{0,80}"
_TAG = re.compile(
    rf"<(?:/(?P<end>{_NAME})\s*|(?P<start>{_NAME})"
    rf"(?P<attributes>(?:\s+{_NAME}\s*=\s*(?:\"[^\"<&]*\"|'[^'<&]*'))*)\s*(?P<empty>/?))>",
    re.ASCII,
)
_REFERENCE = re.compile(r"&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([0-9A-Fa-f]{1,6}));|&")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}


@dataclass
class Element:
    """An element by its local name, in order."""

    name: str
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, name: str) -> list[Element]:
        return [child for child in self.children if child.name == name]

    def value(self, name: str) -> str:
        """The text of the one child of a name; "" if there is none. Raises Malformed for two."""
        found = self.all(name)
        if len(found) > 1:
            raise Malformed(f"salesforce webhook: {name} stands twice")
        return found[0].text.strip() if found else ""


def parsed(body: bytes) -> Element:
    """The root element of a body. Raises Malformed."""
    if len(body) > MOST_BYTES:
        raise Malformed("salesforce webhook: the message is too large")
    try:
        text = body.decode("utf-8").removeprefix("\ufeff").strip()
    except ValueError:
        raise Malformed("salesforce webhook: the message is not UTF-8") from None
    declared = _DECLARATION.match(text)
    text = text[declared.end() :] if declared else text
    if "<!" in text or "<?" in text:
        raise Malformed("salesforce webhook: the message holds more than elements and text")
    return _tree(text)


def _tree(text: str) -> Element:
    top = Element("")
    open_names: list[str] = []
    path = [top]
    at = count = 0
    for tag in _TAG.finditer(text):
        path[-1].text += _plain(text[at : tag.start()])
        at = tag.end()
        if tag["end"]:
            if not open_names or open_names.pop() != tag["end"]:
                raise Malformed("salesforce webhook: the message's elements do not close")
            path.pop()
            continue
        count += 1
        if count > MOST_ELEMENTS or len(path) > MOST_DEPTH:
            raise Malformed("salesforce webhook: the message has too many elements")
        element = Element(tag["start"].rpartition(":")[2])
        path[-1].children.append(element)
        if not tag["empty"]:
            path.append(element)
            open_names.append(tag["start"])
    top.text += _plain(text[at:])
    if open_names or len(top.children) != 1 or top.text.strip():
        raise Malformed("salesforce webhook: the message is not one whole element")
    return top.children[0]


def _plain(text: str) -> str:
    if "<" in text:
        raise Malformed("salesforce webhook: the message holds what is no element")
    return _REFERENCE.sub(_letter, text)


def _letter(found: re.Match[str]) -> str:
    if found[1]:
        return _NAMED[found[1]]
    number = int(found[2]) if found[2] else int(found[3], 16) if found[3] else 0
    if not 0 < number < 0x110000 or 0xD800 <= number < 0xE000:
        raise Malformed("salesforce webhook: the message names an unknown letter")
    return chr(number)
