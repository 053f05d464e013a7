"""What every webhook's body must be before its system's own form is looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tieline.domain.errors import Malformed


def json_object(system: str, body: bytes) -> Mapping[str, Any]:
    """The JSON object of an authentic body. Raises Malformed."""
    try:
        event = json.loads(body)
    except ValueError:
        raise Malformed(f"{system} webhook: the body is not JSON") from None
    if not isinstance(event, dict):
        raise Malformed(f"{system} webhook: the body is not an object")
    return event
