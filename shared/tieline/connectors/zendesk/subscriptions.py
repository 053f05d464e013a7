"""Webhooks that subscribe to all events of tickets. Zendesk: Webhooks API; Ticket events.

Zendesk makes the secret that a webhook signs with, and shows it to who may see the webhook.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tieline.connectors.subscribing import (
    Ensured,
    NotAllowed,
    SignedBy,
    Subscription,
    Take,
    taken,
    words_of,
)
from tieline.connectors.zendesk.api import API, Api
from tieline.domain.errors import Gone, Refused

HOOKS = "/webhooks"
HOOK = HOOKS + "/{id}"
SECRET = HOOK + "/signing_secret"
EVENTS = tuple(
    f"zen:event-type:ticket.{kind}"
    for kind in (
        "agent_assignment_changed", "attachment_linked_to_comment",
        "attachment_redacted_from_comment", "brand_changed", "comment_added",
        "comment_made_private", "comment_redacted", "created", "custom_field_changed",
        "custom_status_changed", "description_changed", "external_id_changed", "form_changed",
        "group_assignment_changed", "marked_as_spam", "merged", "organization_changed",
        "permanently_deleted", "priority_changed", "problem_link_changed", "requester_changed",
        "soft_deleted", "status_changed", "subject_changed", "submitter_changed", "tags_changed",
        "task_due_at_changed", "type_changed", "undeleted",
    )
)  # fmt: skip
_BY_TRIGGER = "conditional_ticket_events"
_NEEDS = "let the account be an administrator (or its OAuth client have webhooks:read, :write)"


class Webhooks:
    """See `tieline.connectors.subscribing.Subscriptions`.

    One that is made is off until its secret is stored, so that no delivery bears one that is not
    known here yet.
    """

    signed_by: SignedBy = "system"

    def __init__(self, api: Api) -> None:
        self._api = api

    def every(self) -> Iterator[Subscription]:
        try:
            for page in self._api.pages(HOOKS):
                yield from map(_read, page.get("webhooks") or ())
        except (Refused, Gone) as refused:
            raise NotAllowed(words_of(refused), _NEEDS) from None

    def ensure(self, address: str, name: str, secret: str, take: Take = taken) -> Ensured:
        """One that a trigger calls stays one: it cannot be changed, and serves as well."""
        there = {each: self._secret(each.id) for each in self._at(address)}
        return self._on(there, address, name, secret, take)

    def renew(self, address: str, name: str, secret: str, old: str, take: Take = taken) -> Ensured:
        """A second one beside the first."""
        there = {each: self._secret(each.id) for each in self._at(address)}
        others = {each: held for each, held in there.items() if held != old}
        return self._on(others, address, name, secret, take)

    def _on(
        self, there: Mapping[Subscription, str], address: str, name: str, secret: str, take: Take
    ) -> Ensured:
        """One of these, or a new one, is on and tells everything; its secret was stored before."""
        done, found = "was there", there
        if not there:
            made = self._made(address, name)
            done, found = "made", {made: self._secret(made.id)}
        # While a secret is replaced there are two, and the stored secret says which one stays.
        kept = next((each for each, held in found.items() if held == secret), next(iter(found)))
        take(found[kept])
        if _BY_TRIGGER not in kept.events and not set(EVENTS) <= set(kept.events):
            self._changed(kept.id, {"subscriptions": [*EVENTS]})
        if kept.state != "active":
            self._changed(kept.id, {"status": "active"})
        return Ensured(done, found[kept])

    def finish(self, address: str, secret: str) -> int:
        old = [each for each in self._at(address) if self._secret(each.id) != secret]
        for each in old:
            self.remove(each.id)
        return len(old)

    def remove(self, id: str) -> None:
        try:
            self._api.call("DELETE", API + HOOK, parts={"id": id})
        except Gone:
            return

    def _at(self, address: str) -> list[Subscription]:
        return [each for each in self.every() if each.leads_to(address)]

    def _secret(self, id: str) -> str:
        shown = self._api.get(SECRET, parts={"id": id})
        return str(shown["signing_secret"]["secret"])

    def _changed(self, id: str, what: Mapping[str, Any]) -> None:
        # Answered 204.
        self._api.call("PATCH", API + HOOK, parts={"id": id}, json={"webhook": what}, safe=True)

    def _made(self, address: str, name: str) -> Subscription:
        asked = {
            "name": name,
            "endpoint": address,
            "http_method": "POST",
            "request_format": "json",
            "status": "inactive",
            "subscriptions": [*EVENTS],
        }
        try:
            made = self._api.object("POST", HOOKS, json={"webhook": asked}, safe=False)
        except Refused as refused:
            raise NotAllowed(words_of(refused), _NEEDS) from None
        return _read(made["webhook"])


def _read(hook: Mapping[str, Any]) -> Subscription:
    return Subscription(
        id=str(hook["id"]),
        address=str(hook.get("endpoint", "")),
        events=tuple(map(str, hook.get("subscriptions") or ())),
        state=str(hook.get("status", "active")),
    )
