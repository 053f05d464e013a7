"""Webhooks of Jira Cloud: an administrator's, or those of an OAuth app.

Jira Cloud: Webhooks (`/rest/webhooks/1.0/webhook`, for administrators); REST v3, Webhooks
(`/rest/api/3/webhook`, for apps alone: they end after 30 days, and one app has one address).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tieline.connectors.jira.search import quoted
from tieline.connectors.subscribing import (
    Ensured,
    NotAllowed,
    SignedBy,
    Subscription,
    Take,
    taken,
    words_of,
)
from tieline.domain.errors import Credentials, Gone, Refused

Call = Callable[..., Any]
ADMIN = "/rest/webhooks/1.0/webhook"
ADMIN_ONE = ADMIN + "/{id}"
DYNAMIC = "/rest/api/3/webhook"
_FILTER = "issue-related-events-section"
OF_ISSUES = (
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "comment_created",
    "comment_updated",
    "comment_deleted",
)
EVENTS = (*OF_ISSUES, "attachment_created", "attachment_deleted")
_NEEDS = "let the account administer Jira, or have an administrator follow the steps"
_APP_NEEDS = (
    "give the OAuth app the scopes read:jira-work and manage:jira-webhook, and consent anew"
)


class AdminWebhooks:
    """See `tieline.connectors.subscribing.Subscriptions`. They are signed with our secret."""

    signed_by: SignedBy = "link"

    def __init__(self, call: Call, project: str) -> None:
        self._call = call
        self._project = project

    def every(self) -> Iterator[Subscription]:
        for hook in self._seen():
            yield _admin(hook)

    def ensure(
        self,
        address: str,
        name: str,
        secret: str,
        take: Take = taken,  # noqa: ARG002 - the link's own is stored already
    ) -> Ensured:
        there = [h for h in self._seen() if _admin(h).leads_to(address)]
        good = [h for h in there if self._is_whole(h)]
        if good:
            for each in there:
                if each is not good[0]:
                    self.remove(_admin(each).id)
            return Ensured("was there", secret)
        return self._replaced(there, address, name, secret)

    def renew(
        self,
        address: str,
        name: str,
        secret: str,
        old: str,  # noqa: ARG002 - nobody is shown which one signs with it
        take: Take = taken,  # noqa: ARG002 - the link's own is stored already
    ) -> Ensured:
        """The new one is there before the old one goes: its secret cannot be read, nor changed.

        Said again it makes one more, and takes away all that were there: which of them has the
        new secret cannot be known.
        """
        there = [h for h in self._seen() if _admin(h).leads_to(address)]
        return self._replaced(there, address, name, secret)

    def finish(self, address: str, secret: str) -> int:  # noqa: ARG002 - `renew` left no other
        return 0

    def remove(self, id: str) -> None:
        try:
            self._call("DELETE", ADMIN_ONE, parts={"id": id})
        except Gone:
            return

    def _seen(self) -> list[Mapping[str, Any]]:
        try:
            return list(self._call("GET", ADMIN).json())
        except (Refused, Gone) as refused:
            raise NotAllowed(words_of(refused), _NEEDS) from None

    def _is_whole(self, hook: Mapping[str, Any]) -> bool:
        signed, on = hook.get("isSigned"), hook.get("enabled", True)
        jql = (hook.get("filters") or {}).get(_FILTER, "")
        # People may have written it without the quotation marks.
        same = jql.replace('"', "").casefold() == self._jql().replace('"', "").casefold()
        return bool(signed and on) and same and set(EVENTS) <= set(hook["events"])

    def _replaced(
        self, before: list[Mapping[str, Any]], address: str, name: str, secret: str
    ) -> Ensured:
        body = {
            "name": name,
            "url": address,
            "events": [*EVENTS],
            "filters": {_FILTER: self._jql()},
            "excludeBody": False,
            "secret": secret,
        }
        try:
            self._call("POST", ADMIN, json=body, safe=False)
        except Refused as refused:
            raise NotAllowed(words_of(refused), _NEEDS) from None
        for each in before:
            self.remove(_admin(each).id)
        return Ensured("made anew" if before else "made", secret)

    def _jql(self) -> str:
        return f"project = {quoted(self._project)}"


class AppWebhooks:
    """See `tieline.connectors.subscribing.Subscriptions`. They are signed with the app's secret."""

    signed_by: SignedBy = "app"

    def __init__(self, call: Call, project: str) -> None:
        self._call = call
        self._project = project

    def every(self) -> Iterator[Subscription]:
        for hook in self._seen():
            yield _dynamic(hook)

    def ensure(
        self,
        address: str,
        name: str,  # noqa: ARG002 - they have no name
        secret: str,
        take: Take = taken,  # noqa: ARG002 - the app's signs
    ) -> Ensured:
        there = [h for h in map(_dynamic, self._seen()) if h.leads_to(address)]
        good = [h for h in there if set(OF_ISSUES) <= set(h.events)]
        if good:
            # Known to be alive, it may live for another 30 days.
            self._call("PUT", DYNAMIC + "/refresh", json={"webhookIds": [int(good[0].id)]})
            return Ensured("kept for another 30 days", secret)
        jql = f"project = {quoted(self._project)}"
        body = {"url": address, "webhooks": [{"events": [*OF_ISSUES], "jqlFilter": jql}]}
        answer = self._call("POST", DYNAMIC, json=body, safe=False).json()
        (made,) = answer["webhookRegistrationResult"]
        if made.get("errors"):
            raise Refused(f"jira POST {DYNAMIC} made nothing", "; ".join(made["errors"]))
        for each in there:
            self.remove(each.id)
        return Ensured("made for 30 days", secret)

    def renew(
        self,
        address: str,
        name: str,
        secret: str,
        old: str,  # noqa: ARG002 - the app's secret signs
        take: Take = taken,  # noqa: ARG002 - likewise
    ) -> Ensured:
        return self.ensure(address, name, secret)

    def finish(self, address: str, secret: str) -> int:  # noqa: ARG002 - the app's secret signs
        return 0

    def remove(self, id: str) -> None:
        self._call("DELETE", DYNAMIC, json={"webhookIds": [int(id)]})

    def _seen(self) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        while True:
            try:
                page = self._call("GET", DYNAMIC, params={"startAt": len(found)}).json()
            except (Refused, Credentials) as refused:
                raise NotAllowed(words_of(refused), _APP_NEEDS) from None
            found += page.get("values") or ()
            if page.get("isLast", True) or not page.get("values"):
                return found


def _admin(hook: Mapping[str, Any]) -> Subscription:
    on, signed = hook.get("enabled", True), hook.get("isSigned", True)
    return Subscription(
        id=str(hook["self"]).rstrip("/").rpartition("/")[2],
        address=str(hook.get("url", "")),
        events=tuple(map(str, hook.get("events") or ())),
        state=("enabled" if on else "disabled") + ("" if signed else ", not signed"),
    )


def _dynamic(hook: Mapping[str, Any]) -> Subscription:
    return Subscription(
        id=str(hook["id"]),
        address=str(hook.get("url", "")),
        events=tuple(map(str, hook.get("events") or ())),
        state="enabled",
        ends=_moment(hook.get("expirationDate")),
    )


def _moment(value: object) -> str:
    """The description has milliseconds, its example ISO 8601: either is taken."""
    if isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, UTC).isoformat()
    return str(value or "")
