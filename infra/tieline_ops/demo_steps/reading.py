"""Reads what stands in either system, without any of Tieline's own converters."""

from __future__ import annotations

import re
from typing import Any

_WORD = re.compile(r"\w+")
_NUMBERED = re.compile(r"^\s*\d+[.)]\s", re.MULTILINE)
_ADDRESS = re.compile(r"https?://\S+")


def text_of(value: Any) -> str:
    """An Atlassian document's text, a line for each block; plain text as it is."""
    if not isinstance(value, dict):
        return str(value or "")
    if value.get("type") == "text":
        return str(value["text"])
    if value.get("type") == "hardBreak":
        return "\n"
    inline = value.get("type") in {"paragraph", "heading", "codeBlock"}
    return ("" if inline else "\n").join(text_of(part) for part in value.get("content", ()))


def words(value: Any) -> list[str]:
    """The words of a text or document, without numbers of lists and web addresses."""
    return _WORD.findall(_NUMBERED.sub("", _ADDRESS.sub("", text_of(value))))
