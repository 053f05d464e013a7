"""Our marks in texts of GitHub: HTML comments, which a reader of the page does not see. Pure.

An issue and a comment have no place for an id of somebody else's, and a body may be given in the
call that makes them. So the id stands in the body, in a comment at its end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from tieline.domain.twin import as_key

_KEY = re.compile(r"<!-- {0,3}tieline:([0-9A-Za-z_-]{1,64}) {0,3}-->")
_FILE = re.compile(r"<!-- {0,3}tieline-file:([^\s<>]{1,4000}) {0,3}-->")
_OURS = re.compile(r"<!-- {0,3}tieline(?:-file)?:[^\n<>]{0,4000}-->")


def stamped(text: str, key: str) -> str:
    """A text with our mark at its end. Marks that it brought along are taken off."""
    plain, mark = unmarked(text), f"<!-- tieline:{key} -->"
    return f"{plain}\n\n{mark}" if plain else mark


def mark_of(text: str | None) -> str:
    """The key in a text's last mark, or ""."""
    found = _KEY.findall(text or "")
    return as_key(found[-1]) if found else ""


def unmarked(text: str | None) -> str:
    """A text without our marks, its line ends newlines, with no space at its end."""
    plain = (text or "").replace("\r\n", "\n").replace("\r", "\n")
    return _OURS.sub("", plain).rstrip() if "tieline" in plain else plain.rstrip()


def file_mark(about: Mapping[str, str]) -> str:
    """The mark of a comment that stands for a file: what the file is."""
    return f"<!-- tieline-file:{urlencode(about)} -->"


def file_of(text: str | None) -> Mapping[str, str]:
    """What a comment's mark says of its file; empty for any other comment."""
    found = _FILE.search(text or "")
    return dict(parse_qsl(found[1])) if found else {}
