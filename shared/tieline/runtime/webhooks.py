"""What operators ask about webhooks: which there are, that there be one, that there be none.

All of it is done here, in the function, so that no credentials leave it. The public address is not
known here: it comes with the question.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tieline.connectors.base import Clock
from tieline.connectors.webhook_body import BEFORE, NOW, secrets_of
from tieline.domain.errors import Configuration, Credentials
from tieline.domain.link import Link
from tieline.runtime.proofs import seen_key
from tieline.runtime.secrets import Secret
from tieline.runtime.sides import Sides
from tieline.state.store import Store

if TYPE_CHECKING:
    from tieline.connectors.subscribing import Subscription, Subscriptions

Verb = Callable[[Mapping[str, Any]], dict[str, Any]]
SECRET_BYTES = 32


class Webhooks:
    """Answers in plain JSON values, in which there is never a secret."""

    def __init__(
        self, link: Link, store: Store, sides: Sides, secret: Secret, clock: Clock
    ) -> None:
        self._link = link
        self._store = store
        self._sides = sides
        self._secret = secret
        self._clock = clock

    def verbs(self) -> Mapping[str, Verb]:
        """Verb -> what answers it."""
        return {
            "webhooks": self._list,
            "webhooks-register": self._register,
            "webhooks-remove": self._remove,
            "webhooks-rotate": self._rotate,
            "webhooks-finish": self._finish,
        }

    def _list(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Those to the address, and those that lead to the same link and side elsewhere."""
        side, address = self._asked(event)
        path = "/" + "/".join(address.rstrip("/").split("/")[-2:])

        def listed(hooks: Subscriptions) -> dict[str, Any]:
            every = list(hooks.every())
            ours = [h for h in every if h.leads_to(address)]
            astray = [h for h in every if h.address.rstrip("/").endswith(path) and h not in ours]
            return {"webhooks": [_shown(h) for h in ours], "elsewhere": [_shown(h) for h in astray]}

        return {**self._with_api(side, listed), **self._proved(side)}

    def _register(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """See that there is one; a secret that the system makes is stored."""
        side, address = self._asked(event)

        def ensured(hooks: Subscriptions) -> dict[str, Any]:
            held = str(self._secret.side(side).get(NOW) or "")
            wanted = held or secrets.token_urlsafe(SECRET_BYTES)
            if not held:
                # Before anything is signed with it.
                self._secret.change(side, {NOW: wanted})
            made = hooks.ensure(address, self._name(side), wanted)
            if made.secret != wanted:
                # What is under way may still be signed with the one before.
                self._secret.change(side, {NOW: made.secret, BEFORE: held})
            ours = [h for h in hooks.every() if h.leads_to(address)]
            return {"done": made.done, "webhooks": [_shown(h) for h in ours]}

        return self._with_api(side, ensured)

    def _remove(self, event: Mapping[str, Any]) -> dict[str, Any]:
        side, address = self._asked(event)

        def removed(hooks: Subscriptions) -> dict[str, Any]:
            ours = [h for h in hooks.every() if h.leads_to(address)]
            for each in ours:
                hooks.remove(each.id)
            return {"removed": [_shown(h) for h in ours]}

        return self._with_api(side, removed)

    def _rotate(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """A new secret beside the old one; webhooks are changed where there is an API for it.

        The new one is stored before anything is signed with it. One that a system makes is stored
        while the webhook with the old one still tells of everything.
        """
        side, address = self._asked(event)
        self._secret.read_again()
        part = self._secret.side(side)
        if part.get(BEFORE):
            raise Configuration("two secrets are taken already; end that first with --finish")
        old, new = str(part.get(NOW) or ""), secrets.token_urlsafe(SECRET_BYTES)
        if not old:
            raise Configuration("there is no webhook secret yet; `tieline secrets set` makes one")
        began = self._clock()

        def renewed(hooks: Subscriptions) -> dict[str, Any]:
            there = any(h.leads_to(address) for h in hooks.every())
            self._secret.change(side, {NOW: new, BEFORE: old})
            if not there:
                return {"done": "none is registered", "webhooks": []}
            made = hooks.renew(address, self._name(side), new)
            if made.secret != new:
                self._secret.change(side, {NOW: made.secret, BEFORE: old})
            ours = [h for h in hooks.every() if h.leads_to(address)]
            return {"done": made.done, "webhooks": [_shown(h) for h in ours]}

        answer = self._with_api(side, renewed)
        if not self._secret.side(side).get(BEFORE):
            # Nothing of the system's own was changed: the steps tell people what to change.
            self._secret.change(side, {NOW: new, BEFORE: old})
        self._store.record_answer(_began(side), began.isoformat(), began)
        return {**answer, "began": began.isoformat()}

    def _finish(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The old secret is taken no more, once something has come that bore the new one.

        `force` drops it all the same. Raises Configuration.
        """
        side, address = self._asked(event)
        self._secret.read_again()
        part = self._secret.side(side)
        if not part.get(BEFORE):
            raise Configuration("only one secret is taken; begin with `tieline secrets rotate`")
        proved = self._proved(side)["proved"]
        if not proved and not event.get("force"):
            return {"refused": "nothing has come yet that bears the new secret", "proved": None}
        current = secrets_of(part)[0]
        answer = self._with_api(side, lambda hooks: {"removed": hooks.finish(address, current)})
        self._secret.change(side, {BEFORE: None})
        return {**answer, "proved": proved, "finished": True}

    def _proved(self, side: str) -> dict[str, Any]:
        """Since when webhooks bear the new secret, while two are taken; None if none has come."""
        began, seen = self._store.answer(_began(side)), self._store.answer(seen_key(side))
        if began and seen and datetime.fromisoformat(seen) < datetime.fromisoformat(began):
            seen = None
        return {"rotating": bool(self._secret.side(side).get(BEFORE)), "proved": seen}

    def _with_api(
        self, side: str, act: Callable[[Subscriptions], dict[str, Any]]
    ) -> dict[str, Any]:
        """What `act` gives; `api` false where a system has none, `denied` where we may not."""
        from tieline.connectors.subscribing import NotAllowed  # noqa: PLC0415

        connector = self._sides.anew(side)
        subscriptions: Callable[[], Subscriptions] | None = getattr(
            connector, "subscriptions", None
        )
        if subscriptions is None:
            return {"api": False}
        try:
            return {"api": True, **act(subscriptions())}
        except NotAllowed as denied:
            return {"api": True, "denied": str(denied), "remedy": denied.remedy}
        except Credentials as unknown:
            # Told, and no reason to pause the side: it may lack what only this needs.
            return {"api": True, "denied": str(unknown), "remedy": "look at the account's rights"}

    def _asked(self, event: Mapping[str, Any]) -> tuple[str, str]:
        side, address = str(event.get("side", "")), str(event.get("address", ""))
        if side not in self._link.order:
            raise Configuration(f"the link's sides are {' and '.join(self._link.order)}")
        if not address:
            raise Configuration("the webhooks' address is missing")
        return side, address

    def _name(self, side: str) -> str:
        return f"Tieline {self._link.name} {side}"


def _began(side: str) -> str:
    return f"webhook secret rotates {side}"


def _shown(hook: Subscription) -> dict[str, Any]:
    return {
        "id": hook.id,
        "address": hook.address,
        "events": list(hook.events),
        "state": hook.state,
        "last": hook.last,
        "ends": hook.ends,
    }
