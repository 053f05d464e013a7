"""Service hooks, one for each event of the project. Azure DevOps: Service hooks, Subscriptions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tieline.connectors.azure_devops.api import Api
from tieline.connectors.azure_devops.check import ROOT
from tieline.connectors.azure_devops.webhook import USER
from tieline.connectors.subscribing import Ensured, NotAllowed, SignedBy, Subscription, Take, taken
from tieline.domain.errors import Credentials, Gone, Refused, TielineError

EVENTS = tuple(
    f"workitem.{kind}" for kind in ("created", "updated", "commented", "deleted", "restored")
)
HOOKS = "/_apis/hooks/subscriptions"
HOOK = HOOKS + "/{id}"
_NEEDS = (
    "let the account view and edit service hooks' subscriptions (Project Collection "
    "Administrators may); a personal access token is best given all scopes for this"
)
_PROJECT = re.compile(r"/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/_apis/", re.IGNORECASE)


class Hooks:
    """See `tieline.connectors.subscribing.Subscriptions`."""

    signed_by: SignedBy = "link"

    def __init__(self, api: Api, project: str) -> None:
        self._api = api
        self._project = project

    def every(self) -> Iterator[Subscription]:
        params = {"publisherId": "tfs", "consumerId": "webHooks"}
        try:
            found = self._api.json("GET", HOOKS, params=params)["value"]
        except (Refused, Credentials) as refused:
            # A token that lacks a scope is answered as an unknown one is.
            raise NotAllowed(str(refused), _NEEDS) from None
        yield from (self._read(each) for each in found)

    def ensure(
        self,
        address: str,
        name: str,  # noqa: ARG002 - they have no name
        secret: str,
        take: Take = taken,  # noqa: ARG002 - the link's own is stored already
    ) -> Ensured:
        there: dict[str, Subscription] = {}
        for each in self.every():
            if each.leads_to(address) and each.events[0] in EVENTS:
                # Of two for one event the first stays.
                if each.events[0] in there:
                    self.remove(each.id)
                there.setdefault(each.events[0], each)
        wanted = {"projectId": self._project_id()}
        bodies = {event: _body(event, wanted, address, secret) for event in EVENTS}
        # Those that are there come first: who may make none may change them all the same.
        for event, each in there.items():
            changed = {"id": each.id, **bodies[event]}
            self._api.json("PUT", HOOK, parts={"id": each.id}, json=changed)
        for event in EVENTS:
            if event not in there:
                self._made(bodies[event])
        missing = len(EVENTS) - len(there)
        if missing == len(EVENTS):
            return Ensured("made", secret)
        return Ensured(
            f"brought up to date, {missing} made" if missing else "brought up to date", secret
        )

    def renew(
        self,
        address: str,
        name: str,
        secret: str,
        old: str,  # noqa: ARG002 - one hook has one password
        take: Take = taken,  # noqa: ARG002 - likewise
    ) -> Ensured:
        return self.ensure(address, name, secret)

    def finish(self, address: str, secret: str) -> int:  # noqa: ARG002 - one hook has one password
        return 0

    def remove(self, id: str) -> None:
        try:
            self._api.call("DELETE", HOOK, parts={"id": id})
        except Gone:
            return

    def _made(self, body: Mapping[str, Any]) -> None:
        try:
            self._api.json("POST", HOOKS, json=body, safe=False)
        except (Refused, Credentials) as refused:
            raise NotAllowed(_with_words(refused), _NEEDS) from None

    def _project_id(self) -> str:
        """A filter takes a project's id alone; the address of its areas holds it."""
        root = self._api.json("GET", ROOT, parts={"project": self._project})
        found = _PROJECT.search(str(root.get("url", "")))
        if found is None:
            raise Refused("azure-devops did not say the project's id")
        return found[1]

    def _read(self, hook: Mapping[str, Any]) -> Subscription:
        inputs = hook.get("consumerInputs") or {}
        return Subscription(
            id=str(hook["id"]),
            address=str(inputs.get("url", "")),
            events=(str(hook.get("eventType", "")),),
            state=str(hook.get("status", "")),
        )


def _body(event: str, wanted: Mapping[str, str], address: str, secret: str) -> dict[str, Any]:
    """Azure DevOps: Service hooks, Consumers, Web Hooks."""
    return {
        "publisherId": "tfs",
        "eventType": event,
        "resourceVersion": "1.0",
        "consumerId": "webHooks",
        "consumerActionId": "httpRequest",
        "status": "enabled",
        "publisherInputs": dict(wanted),
        "consumerInputs": {
            "url": address,
            "basicAuthUsername": USER,
            "basicAuthPassword": secret,
            "resourceDetailsToSend": "all",
            "messagesToSend": "none",
            "detailedMessagesToSend": "none",
        },
    }


def _with_words(refused: TielineError) -> str:
    return f"{refused}: {refused.words}" if isinstance(refused, Refused) else str(refused)
