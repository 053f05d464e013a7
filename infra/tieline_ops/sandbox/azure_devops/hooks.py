"""Service hooks: what each event's body is, who gets it, and what comes of an answer.

Azure DevOps, Service hooks: Events; Troubleshoot. 408, 502, 503 and 504 are tried again for about
three minutes; 410 ends a subscription at once; any other failure is not sent again and puts the
subscription on probation, on which it is tried ever more seldom, and ends after seven tries.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tieline_ops.sandbox.azure_devops.content import ORGANISATION, User, guid
from tieline_ops.sandbox.azure_devops.render import fields_of, one_line, relation, stamp
from tieline_ops.sandbox.azure_devops.state import Event, Organisation
from tieline_ops.sandbox.webhooks import Attempt, Retry, Target, Webhooks

TRANSIENT = frozenset({408, 502, 503, 504})
RETRY = Retry(times=8, statuses=TRANSIENT, when_refused=True, wait=timedelta(seconds=23))
"""Eight tries in 183 s; the service's own waits grow from 1 s to 60 s."""
EVENTS = tuple(
    f"workitem.{kind}" for kind in ("created", "updated", "commented", "deleted", "restored")
)
PROBATION = (
    *(timedelta(minutes=20 * 2**n) for n in range(6)),
    timedelta(hours=15),
)
MASK = "********"
BASE = f"https://dev.azure.com/{ORGANISATION}"
_INPUTS = frozenset({
    "url", "basicAuthUsername", "basicAuthPassword", "httpHeaders", "resourceDetailsToSend",
    "messagesToSend", "detailedMessagesToSend", "acceptUntrustedCerts",
})  # fmt: skip


@dataclass
class Subscription:
    """One event of one project for one receiver."""

    id: str
    event: str
    publisher: dict[str, str]
    consumer: dict[str, str]
    target: Target
    by: User
    made: datetime
    disabled: bool = False
    notifications: int = 0
    probation: list[datetime] = field(default_factory=list)


class Hooks:
    """The subscriptions of an organisation."""

    def __init__(self, organisation: Organisation, webhooks: Webhooks) -> None:
        self._of = organisation
        self._webhooks = webhooks
        self.subscriptions: dict[str, Subscription] = {}
        self._made = 0
        self._events = 0
        self._read = 0
        organisation.listeners.append(self._told)

    def add(
        self,
        event: str,
        publisher: Mapping[str, str],
        consumer: Mapping[str, str],
        by: User,
        target: Target | None = None,
    ) -> Subscription:
        """Raises KeyError for what a subscription does not have."""
        _check(event, consumer)
        self._made += 1
        made = Subscription(
            guid(f"subscription:{self._made}"),
            event,
            dict(publisher),
            dict(consumer),
            consumer["url"] if target is None else target,
            by,
            self._of.now(),
        )
        self.subscriptions[made.id] = made
        return made

    def replace(
        self,
        of: Subscription,
        event: str,
        publisher: Mapping[str, str],
        consumer: Mapping[str, str],
    ) -> None:
        """Another form of it, switched on. Raises KeyError as `add` does.

        A password that comes back as it was shown is the one that was there.
        """
        _check(event, consumer)
        kept = dict(consumer)
        if kept.get("basicAuthPassword") == MASK:
            kept["basicAuthPassword"] = of.consumer.get("basicAuthPassword", "")
        of.event, of.publisher, of.consumer = event, dict(publisher), kept
        of.target = kept["url"]
        self._learn()
        of.disabled = False
        of.probation.clear()

    def status(self, of: Subscription) -> str:
        """By what became of its notifications."""
        self._learn()
        if of.disabled:
            return "disabledBySystem"
        return "onProbation" if of.probation else "enabled"

    def attempts(self, of: Subscription) -> list[tuple[Mapping[str, Any], Attempt]]:
        """The events that were sent, and what became of each."""
        found = [(json.loads(each.body), each) for each in list(self._webhooks.attempts)]
        return [(event, each) for event, each in found if event["subscriptionId"] == of.id]

    def _learn(self) -> None:
        """Read what receivers answered since the last time."""
        attempts = list(self._webhooks.attempts)
        if self._read > len(attempts):
            self._read = 0
        for each in attempts[self._read :]:
            of = self.subscriptions.get(json.loads(each.body)["subscriptionId"])
            if of is None:
                continue
            again = RETRY.again(each.number, each.status)
            if 200 <= each.status < 300:
                of.probation.clear()
            elif each.status == 410:
                of.disabled = True
            elif not again:
                of.probation.append(each.at)
                of.disabled = of.disabled or len(of.probation) > len(PROBATION)
        self._read = len(attempts)

    def _told(self, event: Event) -> None:
        kinds = [event.kind, *(["updated"] if event.kind == "commented" else [])]
        for kind in kinds:
            self._events += 1
            name = guid(f"event:{self._events}")
            for of in list(self.subscriptions.values()):
                if of.event == f"workitem.{kind}" and self._goes(of, event):
                    self._post(of, event, name)

    def _goes(self, of: Subscription, event: Event) -> bool:
        """Whether this one is to be told: its filters, and whether it may be tried."""
        fields, wanted = event.item.fields, of.publisher
        content = self._of.content
        if wanted.get("projectId") not in {
            "",
            None,
            content.projects[fields["System.TeamProject"]],
        }:
            return False
        if wanted.get("workItemType") not in {"", None, event.item.type}:
            return False
        area = wanted.get("areaPath") or ""
        if area and not f"{fields['System.AreaPath']}\\".startswith(area + "\\"):
            return False
        if self.status(of) == "disabledBySystem":
            return False
        if not of.probation:
            return True
        rest = PROBATION[len(of.probation) - 1]
        return self._of.now() - of.probation[-1] >= rest

    def _post(self, of: Subscription, event: Event, name: str) -> None:
        of.notifications += 1
        body = json.dumps(self._body(of, event, name)).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "VSServices/19"}
        user, password = (of.consumer.get(f"basicAuth{n}", "") for n in ("Username", "Password"))
        if user or password:
            held = base64.b64encode(f"{user}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {held}"
        for line in of.consumer.get("httpHeaders", "").splitlines():
            key, _, text = line.partition(":")
            headers[key.strip()] = text.strip()
        self._webhooks.post(of.target, lambda _body, _attempt: headers, body)

    def _body(self, of: Subscription, event: Event, name: str) -> dict[str, Any]:
        kind = of.event.removeprefix("workitem.")
        words = f"{event.item.type} #{event.item.id} {kind} by {event.user.name}."
        message = {"text": words, "html": words, "markdown": words}
        project = self._of.content.projects[event.item.fields["System.TeamProject"]]
        return {
            "subscriptionId": of.id,
            "notificationId": of.notifications,
            "id": name,
            "eventType": of.event,
            "publisherId": "tfs",
            "message": None if of.consumer.get("messagesToSend") == "none" else message,
            "detailedMessage": None,
            "resource": self._resource(of, event, kind),
            "resourceVersion": "1.0",
            "resourceContainers": {
                "collection": {"id": guid("collection"), "baseUrl": f"{BASE}/"},
                "account": {"id": guid("account"), "baseUrl": f"{BASE}/"},
                "project": {"id": project, "baseUrl": f"{BASE}/"},
            },
            # Seven digits of a second.
            "createdDate": stamp(event.at).rstrip("Z").partition(".")[0] + ".5943909Z",
        }

    def _resource(self, of: Subscription, event: Event, kind: str) -> dict[str, Any] | None:
        details = of.consumer.get("resourceDetailsToSend") or "all"
        if details == "none":
            return None
        made = self._update(event) if kind == "updated" else self._item(event, kind)
        if details == "minimal":
            return {name: made[name] for name in ("id", "workItemId", "rev", "url") if name in made}
        return made

    def _item(self, event: Event, kind: str) -> dict[str, Any]:
        item, of = event.item, self._of
        fields = fields_of(item.fields, of.content, BASE, lines=True)
        place = "recyclebin" if kind == "deleted" else "workItems"
        made: dict[str, Any] = {"id": item.id, "rev": item.rev, "fields": fields}
        if item.relations:
            made["relations"] = [relation(of, each, BASE) for each in item.relations]
        if event.comment is not None:
            fields["System.History"] = event.comment.text
            made["commentVersionRef"] = {
                "commentId": event.comment.id,
                "version": event.comment.version,
                "url": f"{BASE}/_apis/wit/workItems/{item.id}/comments/{event.comment.id}",
            }
        return {**made, "url": f"{BASE}/_apis/wit/{place}/{item.id}"}

    def _update(self, event: Event) -> dict[str, Any]:
        """An update: `id` is its own number, which is not the item's."""
        item, content = event.item, self._of.content
        before = fields_of(event.before, content, BASE, lines=True)
        now = fields_of(item.fields, content, BASE, lines=True)
        fields: dict[str, dict[str, Any]] = {}
        for ref in sorted(before.keys() | now.keys()):
            if before.get(ref) != now.get(ref):
                old = {"oldValue": before[ref]} if ref in before else {}
                fields[ref] = old | ({"newValue": now[ref]} if ref in now else {})
        fields["System.Rev"] = {"oldValue": item.rev - 1, "newValue": item.rev}
        return {
            "id": item.rev + 1,
            "workItemId": item.id,
            "rev": item.rev,
            "revisedBy": {
                "id": event.user.id,
                "name": one_line(event.user),
                "displayName": event.user.name,
                "uniqueName": event.user.unique,
            },
            "revisedDate": "9999-01-01T00:00:00Z",
            "fields": fields,
            "url": f"{BASE}/_apis/wit/workItems/{item.id}/updates/{item.rev + 1}",
            "revision": {
                "id": item.id,
                "rev": item.rev,
                "fields": now,
                "url": f"{BASE}/_apis/wit/workItems/{item.id}/revisions/{item.rev}",
            },
        }


def _check(event: str, consumer: Mapping[str, str]) -> None:
    if event not in EVENTS or consumer.keys() - _INPUTS or not consumer.get("url"):
        raise KeyError(event)
