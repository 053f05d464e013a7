"""What is said of a side whose poll fails, from what its function tells. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tieline_ops.speaking import moment

LASTING = 2
"""So many in a row are more than a hiccup."""


def lasting(failing: Mapping[str, Any] | None) -> bool:
    """Whether somebody should look. None: the poll works, or the function's version tells not."""
    return failing is not None and failing["times"] >= LASTING


def said(failing: Mapping[str, Any]) -> str:
    """`poll has failed since …: reason`."""
    times = f" {failing['times']} times" if failing["times"] > 1 else ""
    return f"poll has failed{times} since {moment(failing['since'])}: {failing['reason']}"
