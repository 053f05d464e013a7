"""The repository's webhooks. GitHub REST, Repository webhooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tieline.connectors.github.api import REPO, Api
from tieline.connectors.subscribing import Ensured, NotAllowed, SignedBy, Subscription, Take, taken
from tieline.domain.errors import Gone

EVENTS = ("issues", "issue_comment")
HOOKS = REPO + "/hooks"
HOOK = HOOKS + "/{id}"
_NEEDS = "give the account the role Admin, or its token the permission Webhooks (read and write)"


class Hooks:
    """See `tieline.connectors.subscribing.Subscriptions`."""

    signed_by: SignedBy = "link"

    def __init__(self, api: Api) -> None:
        self._api = api

    def every(self) -> Iterator[Subscription]:
        try:
            for page in self._api.pages(HOOKS):
                yield from map(_read, page)
        except Gone:
            # Who may not administer a repository is told that it has no such thing.
            raise NotAllowed("github does not show the repository's webhooks", _NEEDS) from None

    def ensure(
        self,
        address: str,
        name: str,  # noqa: ARG002 - all are "web"
        secret: str,
        take: Take = taken,  # noqa: ARG002 - the link's own is stored already
    ) -> Ensured:
        wanted = {"active": True, "events": [*EVENTS], "config": _config(address, secret)}
        there = [hook for hook in self.every() if hook.leads_to(address)]
        if not there:
            self._api.json("POST", HOOKS, json={"name": "web", **wanted}, safe=False)
            return Ensured("made", secret)
        first, *more = there
        self._api.json("PATCH", HOOK, parts={"id": first.id}, json=wanted, safe=True)
        self._api.call("POST", HOOK + "/pings", parts={"id": first.id}, safe=True)
        for each in more:
            self.remove(each.id)
        return Ensured("brought up to date", secret)

    def renew(
        self,
        address: str,
        name: str,
        secret: str,
        old: str,  # noqa: ARG002 - one hook has one secret
        take: Take = taken,  # noqa: ARG002 - likewise
    ) -> Ensured:
        return self.ensure(address, name, secret)

    def finish(self, address: str, secret: str) -> int:  # noqa: ARG002 - one hook has one secret
        return 0

    def remove(self, id: str) -> None:
        try:
            self._api.call("DELETE", HOOK, parts={"id": id})
        except Gone:
            return


def _config(address: str, secret: str) -> dict[str, str]:
    return {"url": address, "content_type": "json", "secret": secret, "insecure_ssl": "0"}


def _read(hook: Mapping[str, Any]) -> Subscription:
    last = hook.get("last_response") or {}
    code = last.get("code")
    return Subscription(
        id=str(hook["id"]),
        address=str((hook.get("config") or {}).get("url", "")),
        events=tuple(map(str, hook.get("events") or ())),
        state="active" if hook.get("active") else "inactive",
        last=f"answered {code}" if code else "",
    )
