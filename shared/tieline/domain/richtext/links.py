"""Which addresses a text may carry, and how they are written.

Only http, https, mailto, `attachment:<file name>` and `user:<id>` pass. Everything else, such as
`javascript:`, is dropped and the words of the link stay.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

ATTACHMENT = "attachment:"
USER = "user:"

_SCHEME = re.compile(r"(?i)(https?://|mailto:)(?=\S)")
_UNSAFE = re.compile(r"[\s\x00-\x20\x7f-\xa0<>\"\\`|^{}]")
_IGNORED = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u2060\ufeff]")
_BARE = re.compile(r"https?://[^\s<>\"\\`|^{}\x00-\x20\x7f-\xa0]+")
_TAIL = frozenset(".,;:!?'*_~][(")


def _balanced(href: str) -> bool:
    depth = 0
    for char in href:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return False
    return depth == 0


def _encoded(href: str) -> str:
    href = _UNSAFE.sub(lambda found: quote(found.group(), safe=""), href)
    return href if _balanced(href) else href.replace("(", "%28").replace(")", "%29")


def safe_link(href: str) -> str:
    """The address in canonical spelling, or "" if it may not pass."""
    href = _IGNORED.sub("", href).strip()
    if href.startswith(ATTACHMENT):
        return attachment_link(attachment_name(href))
    return _encoded(href) if _SCHEME.match(href) else ""


def safe_image(src: str) -> str:
    """As `safe_link`, for a picture: the web or an attachment."""
    src = safe_link(src)
    return "" if src.startswith("mailto:") else src


def attachment_link(name: str) -> str:
    """`attachment:` and the file's name, percent-encoded; "" without a name."""
    name = _IGNORED.sub("", name).strip()
    return ATTACHMENT + quote(name, safe="-._") if name else ""


def attachment_name(href: str) -> str:
    """The file's name out of an `attachment:` address, or ""."""
    return unquote(href.removeprefix(ATTACHMENT)).strip() if href.startswith(ATTACHMENT) else ""


def user_link(id: str) -> str:
    """`user:` and the id, percent-encoded where it must be."""
    return USER + quote(id, safe="-._:@")


def user_id(href: str) -> str:
    """The id out of a `user:` address, or ""."""
    return unquote(href.removeprefix(USER)).strip() if href.startswith(USER) else ""


def _ended(url: str) -> str:
    """The longest beginning with balanced parentheses that ends in no punctuation. One pass."""
    depth = best = 0
    for end, char in enumerate(url, 1):
        depth += (char == "(") - (char == ")")
        if depth < 0:
            break
        if depth == 0 and char not in _TAIL:
            best = end
    return url[:best]


def bare_links(text: str) -> list[tuple[str, str]]:
    """`text` cut at the web addresses in it: pairs of (words, address or "")."""
    if "://" not in text:
        return [(text, "")]
    pieces: list[tuple[str, str]] = []
    at = 0
    for found in _BARE.finditer(text):
        url = _ended(found.group())
        if url != safe_link(url) or url in ("https://", "http://", "https:", "http:", ""):
            continue
        pieces += [(text[at : found.start()], ""), (url, url)]
        at = found.start() + len(url)
    return [*[piece for piece in pieces if piece[0]], (text[at:], "")]
