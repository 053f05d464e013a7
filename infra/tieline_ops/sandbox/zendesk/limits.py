"""Rate limits with their headers, and the two hours of an idempotency key."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tieline_ops.sandbox.zendesk.errors import ZendeskError, too_many
from tieline_ops.sandbox.zendesk.state import Site

MINUTE = timedelta(minutes=1)
TEN_MINUTES = timedelta(minutes=10)
KEPT = timedelta(hours=2)
MOST_KEY = 255


class Limits:
    """Sliding windows by name: so many calls within so long."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._calls: dict[str, deque[datetime]] = {}

    def take(self, name: str, most: int, span: timedelta) -> tuple[int, int]:
        """Count one call; gives what remains and the seconds to the reset. Raises 429."""
        now = self._site.now()
        calls = self._calls.setdefault(name, deque())
        while calls and calls[0] <= now - span:
            calls.popleft()
        reset = int((calls[0] + span - now).total_seconds()) + 1 if calls else 0
        if len(calls) >= most:
            header = f"total={most}; remaining=0; resets={reset}"
            raise too_many(reset, {f"zendesk-ratelimit-{name.partition(':')[0]}": header})
        calls.append(now)
        return most - len(calls), reset

    def account(self) -> dict[str, str]:
        """One call of any kind, and the headers that tell of it."""
        most = self._site.content.requests_per_minute
        left, reset = self.take("account", most, MINUTE)
        return {
            "x-rate-limit": str(most),
            "x-rate-limit-remaining": str(left),
            "ratelimit-limit": str(most),
            "ratelimit-remaining": str(left),
            "ratelimit-reset": str(reset or 60),
        }

    def per_ticket(self, user: int, ticket: int) -> dict[str, str]:
        """One update of one ticket by one user."""
        most = self._site.content.updates_per_ticket
        name = f"per-ticket-updates:{user}:{ticket}"
        left, reset = self.take(name, most, TEN_MINUTES)
        told = f"total={most}; remaining={left}; resets={reset or 600}"
        return {"zendesk-ratelimit-per-ticket-updates": told}

    def export(self, user: int) -> dict[str, str]:
        """One call of the incremental export."""
        most = self._site.content.exports_per_minute
        name = f"incremental-exports-cursor:{user}"
        left, reset = self.take(name, most, MINUTE)
        told = f"total={most}; remaining={left}; resets={reset or 60}"
        return {"zendesk-ratelimit-incremental-exports-cursor": told}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a key's first use was answered with."""

    body: str
    answer: Mapping[str, Any]
    until: datetime


class Keys:
    """Idempotency keys of creations."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._kept: dict[str, Answer] = {}

    def known(self, key: str, body: bytes) -> Mapping[str, Any] | None:
        """The answer of the first use, if it is to be repeated. Raises ZendeskError 400."""
        if len(key) > MOST_KEY:
            raise ZendeskError(400, {"error": "InvalidIdempotencyKey", "description": "too long"})
        kept = self._kept.get(key)
        if kept is None or kept.until <= self._site.now():
            return None
        if kept.body != _digest(body):
            words = "Request parameters don't match the given idempotency key"
            raise ZendeskError(400, {"error": "IdempotentRequestError", "description": words})
        return kept.answer

    def keep(self, key: str, body: bytes, answer: Mapping[str, Any]) -> None:
        self._kept[key] = Answer(_digest(body), answer, self._site.now() + KEPT)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
