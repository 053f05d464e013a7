"""What every webhook's body must be before its system's own form is looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tieline.domain.errors import Malformed


def json_object(system: str, body: bytes) -> Mapping[str, Any]:
    """The JSON object of an authentic body. Raises Malformed."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed(f"{system} webhook: the body is not JSON") from None
    if not isinstance(event, dict):
        raise Malformed(f"{system} webhook: the body is not an object")
    return event


def matched(pattern: re.Pattern[str], value: object) -> str:
    """An id or a count as text. Raises ValueError when it is not of its system's form.

    It becomes part of a key, of a queue's group and of addresses.
    """
    text = str(value)
    if not pattern.fullmatch(text):
        raise ValueError("not of the form of an id")
    return text


def proof_bytes(header: str) -> bytes:
    """A header's proof for a comparison of bytes, whatever characters it holds."""
    return header.encode("utf-8", "surrogatepass")
