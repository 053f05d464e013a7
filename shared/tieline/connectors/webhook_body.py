"""What every webhook must prove and be before its system's own form is looked at. Pure."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from tieline.domain.errors import Malformed

NOW, BEFORE = "webhook_secret", "webhook_secret_before"
"""In a side's part of the secret: what webhooks are signed with, and what they were before."""
_DELIVERY = re.compile(r"[!-~]{1,200}")


def secrets_of(part: Mapping[str, Any]) -> tuple[str, ...]:
    """The secrets that a side's webhooks may be signed with, the present one first.

    `webhook_secret_before` is taken, too, while a system still signs with it.
    """
    held = (part.get(name) for name in ("webhook_secret", "webhook_secret_before"))
    return tuple(secret for secret in held if isinstance(secret, str) and secret)


def proved(given: str, *expected: str) -> bool:
    """Whether a header's proof is one of those expected, in a time that does not tell how near."""
    # Headers may hold anything, and `compare_digest` takes text of ASCII alone.
    proof = given.encode("utf-8", "surrogatepass")
    held = [hmac.compare_digest(each.encode(), proof) for each in expected]
    return any(held)


def json_object(system: str, body: bytes) -> Mapping[str, Any]:
    """The JSON object (RFC 8259: UTF-8, no NaN; each name once) of an authentic body.

    Raises Malformed.
    """
    try:
        text = body.decode("utf-8")
        event = json.loads(text, parse_constant=_no_number, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        raise Malformed(f"{system} webhook: the body is not JSON") from None
    if not isinstance(event, dict):
        raise Malformed(f"{system} webhook: the body is not an object")
    return event


def _no_number(_: str) -> NoReturn:
    raise ValueError("not a number of JSON")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name that stands twice")
    return made


def matched(pattern: re.Pattern[str], value: object) -> str:
    """An id or a count as text. Raises ValueError when it is not of its system's form.

    It becomes part of a key, of a queue's group and of addresses.
    """
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise ValueError("neither text nor a whole number")  # noqa: TRY004 - one error for all
    text = str(value)
    if not pattern.fullmatch(text):
        raise ValueError("not of the form of an id")
    return text


def delivery_of(value: object) -> str:
    """The name of a delivery; "" for what is none, so that the queue gets a name of our own."""
    return value if isinstance(value, str) and _DELIVERY.fullmatch(value) else ""
