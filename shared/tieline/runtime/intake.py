"""Webhooks: check the proof over the raw body, put what they hint at on the queue, then say 202.

202  the queue holds it (or this process knows for certain that it is old news); 200 with a receipt
     where its system wants one
401  the signature is missing, wrong or too old
400  authentic, but not what its system sends
404  not a path of this link
413  larger than any webhook we take
503  the queue, the table or the secret did not answer: come again after `Retry-After`
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tieline.connectors.base import Clock, Hint
from tieline.domain.errors import Configuration, Malformed, Transient, Unauthenticated
from tieline.domain.link import Link
from tieline.runtime.enqueue import Enqueuer
from tieline.runtime.following import new_change_id
from tieline.runtime.sides import Sides
from tieline.runtime.telemetry import Telemetry

MAX_BODY = 5_000_000
"""Bytes. A Lambda invocation carries 6 MB at most, a third more than the body if in base64."""
RETRY_AFTER_SECONDS = 30
LONGEST_ID = 64


class Intake:
    """Turns webhooks into messages."""

    def __init__(
        self,
        link: Link,
        enqueuer: Enqueuer,
        sides: Sides,
        telemetry: Telemetry,
        clock: Clock,
    ) -> None:
        self._link = link
        self._enqueuer = enqueuer
        self._sides = sides
        self._telemetry = telemetry
        self._clock = clock

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one API Gateway HTTP API (payload format 2.0) request.

        What it tells of is followed by the request's id, which the access log has, too.
        """
        self._telemetry.count("Received")
        told = (event.get("requestContext") or {}).get("requestId")
        change_id = str(told)[:LONGEST_ID] if told else new_change_id()
        with self._telemetry.following(change_id):
            return self._answer(event, change_id)

    def _answer(self, event: Mapping[str, Any], change_id: str) -> dict[str, Any]:
        side = self._side(event)
        if side is None:
            return _reply(404, "no such link or side")
        try:
            body = _body(event)
        except ValueError:
            return _reply(400, "the body is neither text nor valid base64")
        if len(body) > MAX_BODY:
            return _reply(413, f"more than {MAX_BODY} bytes")
        headers = {str(k).lower(): str(v) for k, v in (event.get("headers") or {}).items()}
        now = self._clock()
        try:
            hints = self._sides.read_webhook(side, headers, body, now)
            queued = sum(self._enqueue(side, hint, now, change_id) for hint in hints)
        except Unauthenticated as error:
            self._telemetry.count("Refused")
            self._telemetry.warn("webhook refused", side=side, reason=error.what)
            return _reply(401, error.what)
        except Malformed as error:
            self._telemetry.warn("webhook not understood", side=side, reason=error.what)
            return _reply(400, error.what)
        except (Transient, Configuration) as error:
            self._telemetry.warn("webhook not taken", side=side, reason=error.what)
            return _reply(503, "try again later", {"Retry-After": str(RETRY_AFTER_SECONDS)})
        receipt = self._sides.receipt(side, headers)
        if receipt is not None:
            media_type, text = receipt
            return {"statusCode": 200, "headers": {"Content-Type": media_type}, "body": text}
        return _reply(202, f"{queued} queued")

    def _side(self, event: Mapping[str, Any]) -> str | None:
        parts = str(event.get("rawPath", "")).strip("/").split("/")
        # A stage other than $default stands before the route's own path.
        link, side = parts[-2:] if len(parts) >= 2 else ("", "")
        return side if link == self._link.name and side in self._link.sides else None

    def _enqueue(self, side: str, hint: Hint, now: datetime, change_id: str) -> bool:
        queued = self._enqueuer.hint(side, hint, "webhook", now, change_id)
        if not queued:
            self._telemetry.count("Unchanged")
            self._telemetry.info("unchanged", side=side, id=hint.id, cause="webhook")
        return queued


def _body(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    if event.get("isBase64Encoded"):
        return base64.b64decode(text, validate=True)
    return str(text).encode()


def _reply(status: int, what: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", **(headers or {})},
        "body": json.dumps({"message": what}),
    }
