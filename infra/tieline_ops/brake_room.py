"""Whether the brake lets through what a command will have written, said before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tieline_ops.asking import checked
from tieline_ops.calling import Asks
from tieline_ops.trouble import Trouble

OF_A_BIRTH = 2
"""Writes of a ticket that is brought to life: the new one, and the link to it on the old one."""


def brake_of(calls: Asks, link: str) -> dict[str, Any]:
    """What the link counted in the last hour, and the sides that its brake holds.

    Nothing of either if it cannot be asked: what was done is to be told all the same.
    """
    try:
        return checked(calls.ask(link, {"tieline": "brake"}), "")
    except Trouble:
        return {"braked": {}, "counted": {}}


def room(brake: Mapping[str, Any]) -> int | None:
    """How many writes go through before the brake comes on; None if it is off, or unknown."""
    hour = brake["counted"].get("writes")
    return (
        None
        if hour is None or hour["until"]
        else max(0, hour["limit"] - hour["count"]) + int(hour["free"])
    )


def foretold(link: str, brake: Mapping[str, Any], writes: int, about: str = "about") -> str:
    """What to do before so many writes; "" if there is room for them."""
    left = room(brake)
    if left is None or writes <= left:
        return ""
    limit = brake["counted"]["writes"]["limit"]
    return (
        f"this is {about} {writes} writes; the brake comes on after {limit} an hour,"
        f" {left} more now: `tieline release {link} --writes {writes}` lets them through"
    )


def foretold_of_births(link: str, brake: Mapping[str, Any], rate: int) -> str:
    """The same where it is not known how many are born, but no more than `rate` a minute."""
    left = room(brake)
    if left is None or rate * 60 * OF_A_BIRTH <= left:
        return ""
    limit = brake["counted"]["writes"]["limit"]
    return (
        f"a birth takes {OF_A_BIRTH} writes; the brake comes on after {limit} an hour, so after"
        f" some {left // OF_A_BIRTH} tickets from now: `tieline release {link} --for 4h` keeps it"
        f" off, --dry-run counts them"
    )


def braked(link: str, brake: Mapping[str, Any]) -> Iterator[str]:
    """A line for each side that the brake holds."""
    for side, pause in brake["braked"].items():
        yield f"{side} is paused by the brake: {pause['reason']}"
    if brake["braked"]:
        yield f"nothing of {link} crosses until it is released"
