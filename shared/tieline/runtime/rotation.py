"""How far the replacing of a side's webhook secret has come, so that it can be gone on with.

Its steps: a new secret is stored beside the old one; what signs is given the new one; a webhook
that bears it arrives; the old one is dropped. Each may be done again, whatever became of it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from tieline.connectors.base import Clock
from tieline.connectors.webhook_body import BEFORE, NOW
from tieline.runtime import proofs, secrets
from tieline.state.store import Store

NOTE = "webhook secret rotation"
Given = Literal["no", "api", "hand"]
"""Whether what signs has the present secret: not known to, by the API, or left to people."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """`pair` names the two secrets that are taken, "" if it is one; `began` is ISO 8601 or ""."""

    pair: str
    began: str
    given: Given


class Rotations:
    """Those of a link's sides. Raises Configuration, Transient.

    A note stands beside the secret, which has no place for it. It names the two secrets, so that
    one about others counts for nothing.
    """

    def __init__(self, store: Store, secret: secrets.Secret, clock: Clock) -> None:
        self._store = store
        self._secret = secret
        self._clock = clock

    def of(self, side: str) -> Rotation:
        """How it stands, by the secret as it was read last."""
        pair = proofs.pair_of(self._secret.side(side))
        text = self._store.noted(side, NOTE)
        kept = Rotation(**json.loads(text)) if text else None
        if not pair:
            return replace(kept, pair="") if kept else Rotation("", "", "api")
        # Two that `tieline secrets set` or people stored have no note.
        return kept if kept and kept.pair == pair else Rotation(pair, "", "no")

    def take(self, side: str, new: str, old: str) -> None:
        """Store a secret beside the old one; from now on what either signed is taken.

        The note comes first: without its two secrets it says nothing.
        """
        part = self._secret.side(side)
        if (part.get(NOW), part.get(BEFORE)) == (new, old):
            return
        two = {NOW: new, BEFORE: old}
        self._keep(side, Rotation(proofs.pair_of(two), self._clock().isoformat(), "no"))
        self._secret.change(side, two)

    def mark(self, side: str, given: Given) -> None:
        """What signs was given the present secret, or people are to give it."""
        self._keep(side, replace(self.of(side), given=given))

    def proved(self, side: str) -> str | None:
        """When the first webhook came that bore the new one of the two; None if none did."""
        return proofs.first_seen(self._store, side, self.of(side).pair)

    def old(self, side: str) -> str | None:
        """When about the last webhook came that bore the old one; None if none did."""
        return proofs.last_old(self._store, side, self.of(side).pair)

    def drop(self, side: str, given: Given) -> None:
        """Take the old one no more."""
        kept = replace(self.of(side), pair="", given=given)
        self._secret.change(side, {BEFORE: None})
        self._keep(side, kept)
        proofs.forget(self._store, side)

    def wait(self, side: str) -> timedelta:
        """How long until every process takes the new one. See `secrets.AGAIN`."""
        rotation, whole = self.of(side), secrets.AGAIN + timedelta(seconds=1)
        if not rotation.pair:
            return timedelta()
        if not rotation.began:
            return whole
        since = self._clock() - datetime.fromisoformat(rotation.began)
        return max(whole - since, timedelta())

    def _keep(self, side: str, rotation: Rotation) -> None:
        self._store.note(side, NOTE, json.dumps(asdict(rotation)))
