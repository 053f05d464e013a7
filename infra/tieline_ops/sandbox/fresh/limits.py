"""How often an account may call in a minute, by its plan, and the headers that say so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from tieline_ops.sandbox.fresh.errors import FreshError, limited
from tieline_ops.sandbox.fresh.state import Site

MINUTE = timedelta(minutes=1)


class Limits:
    """Counts credits: a call is one, and what is included in its answer costs more."""

    def __init__(self, site: Site, plans: Mapping[str, int], plan: str) -> None:
        self._site = site
        self._plans = plans
        self.plan = plan
        self._began: datetime | None = None
        self._used = 0
        self._refused: list[timedelta | None] = []

    def refuse(self, after: timedelta | None, count: int) -> None:
        """Answer the next `count` calls as if there had been too many."""
        self._refused = [after] * count

    def take(self, credits: int) -> dict[str, str]:
        """The headers of an answer. Raises FreshError 429; refused calls count as well."""
        now, total = self._site.clock.now(), self._plans[self.plan]
        if self._began is None or now - self._began >= MINUTE:
            self._began, self._used = now, 0
        self._used += credits
        headers = {
            "X-Ratelimit-Total": str(total),
            "X-Ratelimit-Remaining": str(max(0, total - self._used)),
            "X-Ratelimit-Used-CurrentRequest": str(credits),
        }
        if self._refused:
            after = self._refused.pop(0)
            error = limited(after) if after is not None else _unsaid()
            error.headers |= headers
            raise error
        if self._used > total:
            error = limited(self._began + MINUTE - now)
            error.headers |= headers
            raise error
        return headers


def _unsaid() -> FreshError:
    """As old hourly plans answer: without a word of when."""
    return FreshError(429, {"message": "You have exceeded the limit of requests per hour"})
