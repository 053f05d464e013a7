"""What operators ask about webhooks: which there are, that there be one, that there be none.

All of it is done here, in the function, so that no credentials leave it. The public address is not
known here: it comes with the question.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from tieline.connectors.base import Clock
from tieline.connectors.webhook_body import BEFORE, NOW, secrets_of
from tieline.domain.errors import Configuration, Credentials
from tieline.domain.link import Link
from tieline.runtime.rotation import Rotations
from tieline.runtime.secrets import Secret
from tieline.runtime.sides import Sides
from tieline.state.store import Store

if TYPE_CHECKING:
    from tieline.connectors.subscribing import NotAllowed, Subscription, Subscriptions

Verb = Callable[[Mapping[str, Any]], dict[str, Any]]
SECRET_BYTES = 32


class Webhooks:
    """Answers in plain JSON values, in which there is never a secret."""

    def __init__(
        self,
        link: Link,
        store: Store,
        sides: Sides,
        secret: Secret,
        clock: Clock,
        sleep: Callable[[float], None],
    ) -> None:
        self._link = link
        self._sides = sides
        self._secret = secret
        self._sleep = sleep
        self._rotations = Rotations(store, secret, clock)

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

        return {**_told(self._subscriptions(side), listed), **self._standing(side)}

    def _register(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """See that there is one; a secret that the system makes is stored.

        One that may be signed with another secret than the present one is given that.
        """
        side, address = self._asked(event)
        hooks = self._subscriptions(side)
        return _told(hooks, partial(self._registered, side, address))

    def _registered(self, side: str, address: str, hooks: Subscriptions) -> dict[str, Any]:
        part = dict(self._secret.side(side))
        if not part.get(NOW):
            # Before anything is signed with it.
            part[NOW] = secrets.token_urlsafe(SECRET_BYTES)
            self._secret.change(side, {NOW: part[NOW]})
        now, before = str(part[NOW]), str(part.get(BEFORE) or "")
        name = self._name(side)
        if hooks.signed_by == "link" and self._rotations.of(side).given != "api":
            self._wait(side)
            made = hooks.renew(address, name, now, before)
        else:
            # What is under way may still be signed with the one before.
            made = hooks.ensure(address, name, now, partial(self._take, side, now))
        self._rotations.mark(side, "api")
        ours = [h for h in hooks.every() if h.leads_to(address)]
        return {"done": made.done, "webhooks": [_shown(h) for h in ours]}

    def _remove(self, event: Mapping[str, Any]) -> dict[str, Any]:
        side, address = self._asked(event)

        def removed(hooks: Subscriptions) -> dict[str, Any]:
            ours = [h for h in hooks.every() if h.leads_to(address)]
            for each in ours:
                hooks.remove(each.id)
            return {"removed": [_shown(h) for h in ours]}

        return _told(self._subscriptions(side), removed)

    def _rotate(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """A new secret beside the old one; webhooks are changed where there is an API for it.

        While two are taken it goes on with these, from where it stopped. The new one is stored
        before anything is signed with it. Raises Configuration.
        """
        side, address = self._asked(event)
        hooks = self._subscriptions(side)
        whose = hooks.signed_by if hooks is not None else "link"
        if whose == "app":
            raise Configuration(
                "the app's own client secret signs these webhooks: change it in the system's "
                "console, then store it with `tieline secrets set`"
            )
        part = self._secret.side(side)
        now, again = str(part.get(NOW) or ""), bool(part.get(BEFORE))
        if not now:
            raise Configuration("there is no webhook secret yet; `tieline secrets set` makes one")
        if whose == "link" and not again:
            self._rotations.take(side, secrets.token_urlsafe(SECRET_BYTES), now)
        answer = _told(hooks, partial(self._given, side, address))
        if not answer.get("webhooks") and not answer.pop("tried", False):
            # There is none that could be given it: the steps tell people what to change.
            self._by_hand(side)
            self._wait(side)
        return {**answer, "again": again, **self._standing(side)}

    def _given(self, side: str, address: str, hooks: Subscriptions) -> dict[str, Any]:
        """Give the webhooks to the address the new secret, if they do not have it yet."""
        rotation = self._rotations.of(side)
        if not any(h.leads_to(address) for h in hooks.every()):
            return {"done": "none is registered", "webhooks": []}
        done = "had it already"
        if not rotation.pair or rotation.given != "api":
            self._wait(side)
            # Who else began meanwhile has stored what counts now.
            self._secret.read_again()
            part = self._secret.side(side)
            pair = bool(part.get(BEFORE))
            new, old = (str(part[NOW]), str(part[BEFORE])) if pair else ("", str(part[NOW]))
            take = partial(self._take, side, old)
            try:
                done = hooks.renew(address, self._name(side), new, old, take).done
            except _denials() as denied:
                # Some may have it by now, so it is not left to people alone.
                return {**_denied(denied), "tried": True}
            self._rotations.mark(side, "api")
        ours = [h for h in hooks.every() if h.leads_to(address)]
        return {"done": done, "webhooks": [_shown(h) for h in ours]}

    def _by_hand(self, side: str) -> None:
        rotation = self._rotations.of(side)
        if rotation.pair and rotation.given == "no":
            self._rotations.mark(side, "hand")

    def _finish(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The old secret is taken no more, once something has come that bore the new one.

        It is `refused` as long as webhooks may be signed with the old one; `again` if `rotate` is
        to go on first. `force` drops it all the same. Raises Configuration.
        """
        side, address = self._asked(event)
        hooks = self._subscriptions(side)
        part = self._secret.side(side)
        if not part.get(BEFORE):
            raise Configuration("only one secret is taken; begin with `tieline secrets rotate`")
        rotation, proved = self._rotations.of(side), self._rotations.proved(side)
        force = bool(event.get("force"))
        if not force and rotation.began and rotation.given == "no":
            why = "not every webhook is known to have the new secret"
            return {"refused": why, "again": True, "proved": proved}
        if not force and not proved:
            return {"refused": "nothing has come yet that bears the new secret", "proved": None}
        current = secrets_of(part)[0]
        answer = _told(hooks, lambda h: {"removed": h.finish(address, current)})
        if "denied" in answer and not force and hooks is not None and hooks.signed_by == "system":
            why = f"what is signed with the old secret cannot be taken away: {answer['denied']}"
            return {"refused": why, "proved": proved}
        known = proved and (rotation.given != "no" or not rotation.began)
        self._rotations.drop(side, "api" if known else rotation.given)
        return {**answer, "proved": proved, "finished": True}

    def _standing(self, side: str) -> dict[str, Any]:
        """Whether two secrets are taken; since when, who has the new one, when either came."""
        rotation = self._rotations.of(side)
        return {
            "rotating": bool(rotation.pair),
            "began": (rotation.pair and rotation.began) or None,
            "given": rotation.given,
            "proved": self._rotations.proved(side),
            "old": self._rotations.old(side),
        }

    def _take(self, side: str, old: str, new: str) -> None:
        """Store a secret that a system made, unless it is there."""
        if new != str(self._secret.side(side).get(NOW) or ""):
            self._rotations.take(side, new, old)
        self._wait(side)

    def _wait(self, side: str) -> None:
        """Until every process of this function takes what was stored."""
        left = self._rotations.wait(side)
        if left:
            self._sleep(left.total_seconds())

    def _subscriptions(self, side: str) -> Subscriptions | None:
        """A side's, with the secret as it is stored now; None where its system has no API."""
        made: Callable[[], Subscriptions] | None = getattr(
            self._sides.anew(side), "subscriptions", None
        )
        return made() if made is not None else None

    def _asked(self, event: Mapping[str, Any]) -> tuple[str, str]:
        side, address = str(event.get("side", "")), str(event.get("address", ""))
        if side not in self._link.order:
            raise Configuration(f"the link's sides are {' and '.join(self._link.order)}")
        if not address:
            raise Configuration("the webhooks' address is missing")
        return side, address

    def _name(self, side: str) -> str:
        return f"Tieline {self._link.name} {side}"


def _told(
    hooks: Subscriptions | None, act: Callable[[Subscriptions], dict[str, Any]]
) -> dict[str, Any]:
    """What `act` gives; `api` false where a system has none, `denied` where we may not."""
    if hooks is None:
        return {"api": False}
    try:
        return {"api": True, **act(hooks)}
    except _denials() as denied:
        return {"api": True, **_denied(denied)}


def _denials() -> tuple[type[NotAllowed], type[Credentials]]:
    from tieline.connectors.subscribing import NotAllowed  # noqa: PLC0415

    return NotAllowed, Credentials


def _denied(error: NotAllowed | Credentials) -> dict[str, Any]:
    # Credentials are told of, and no reason to pause: the side may lack what only this needs.
    remedy = "look at the account's rights" if isinstance(error, Credentials) else error.remedy
    return {"denied": str(error), "remedy": remedy}


def _shown(hook: Subscription) -> dict[str, Any]:
    return {
        "id": hook.id,
        "address": hook.address,
        "events": list(hook.events),
        "state": hook.state,
        "last": hook.last,
        "ends": hook.ends,
    }
