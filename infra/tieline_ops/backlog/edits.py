"""Who changes what, all at once: chosen by a seed, made past the systems' APIs as people do."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from tieline_ops.backlog.pairs import ENG, IT, JANE, LENA, Pair, title
from tieline_ops.sandbox.jira.simulator import JiraSandbox
from tieline_ops.sandbox.servicenow.simulator import ServiceNowSandbox

ON_IT, OFTEN, BOTH, DROPPED, DOUBLED, LATE = 0.3, 0.1, 0.05, 0.1, 0.02, 0.5
"""Shares: changed in ServiceNow instead of Jira; several times; on both sides; and of webhooks."""
EDITS = 4
"""So often a ticket's title is changed that is changed several times."""
LATENESS = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Change:
    """What people do to one pair: `edits` titles on `side`; `both`: and another field opposite.

    `webhook` says what becomes of the first edit's: sent, dropped, doubled or late.
    """

    pair: Pair
    side: str
    edits: int
    both: bool
    webhook: str

    @property
    def title(self) -> str:
        """What both sides must say in the end."""
        return title(self.pair.number, self.edits)


def choose(pairs: Sequence[Pair], seed: int) -> list[Change]:
    """A change for every pair, in an order of its own."""
    chance = random.Random(seed)
    changes = [_change(pair, chance) for pair in pairs]
    chance.shuffle(changes)
    return changes


def _change(pair: Pair, chance: random.Random) -> Change:
    side = IT if chance.random() < ON_IT else ENG
    often, both = chance.random() < OFTEN, chance.random() < BOTH
    if often:
        # Told of late, the first edit comes after a later one.
        webhook = "late" if chance.random() < LATE else "sent"
    elif both:
        webhook = "sent"
    else:
        drawn = chance.random()
        webhook = "dropped" if drawn < DROPPED else "sent"
        webhook = "doubled" if DROPPED <= drawn < DROPPED + DOUBLED else webhook
    return Change(pair, side, EDITS if often else 1, both, webhook)


class Desk:
    """The people who make the changes."""

    def __init__(self, jira: JiraSandbox, servicenow: ServiceNowSandbox) -> None:
        self._jira = jira
        self._servicenow = servicenow

    def make(self, changes: Sequence[Change], edit: int) -> int:
        """The edit of that number of all that have one; gives how many edits that were."""
        mine = [change for change in changes if change.edits >= edit]
        for change in mine:
            self._retitle(change, edit)
            if change.both and edit == 1:
                self._opposite(change)
        return len(mine) + sum(change.both for change in mine) * (edit == 1)

    def _retitle(self, change: Change, edit: int) -> None:
        """One edit, with its own webhook disturbed: nothing else is told meanwhile."""
        pair, text = change.pair, title(change.pair.number, edit)
        at_jira = change.side == ENG
        lock = self._jira.site.lock if at_jira else self._servicenow.instance.lock
        webhooks = self._jira.webhooks if at_jira else self._servicenow.webhooks
        with lock:
            match change.webhook if edit == 1 else "sent":
                case "dropped":
                    webhooks.drop_next()
                case "doubled":
                    webhooks.duplicate_next()
                case "late":
                    webhooks.delay_next(LATENESS)
                case _:
                    pass
            if at_jira:
                self._jira.edit(JANE, pair.key, summary=text)
            else:
                self._servicenow.edit(LENA, pair.record, short_description=text)

    def _opposite(self, change: Change) -> None:
        if change.side == ENG:
            self._servicenow.edit(LENA, change.pair.record, urgency="3")
        else:
            self._jira.edit(JANE, change.pair.key, priority="Low")
