"""The product with one law broken on purpose: what the simulation must find."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest import MonkeyPatch  # noqa: PT013

from tieline.connectors.base import Page
from tieline.domain.richtext import said
from tieline.domain.ticket import Ticket
from tieline.domain.twin import PartTwin, Twin
from tieline.runtime import births
from tieline.runtime.carry_out import CarryOut, Outcome
from tieline.runtime.message import Message
from tieline.runtime.poller import Poller
from tieline.runtime.reconciler import Reconciler
from tieline.state.dynamodb import DynamoStore
from tieline.state.store import Cursor

Break = Callable[[MonkeyPatch], None]


@dataclass(frozen=True)
class Mutant:
    name: str
    apply: Break


def skip_the_intent_record(patch: MonkeyPatch) -> None:
    """A ticket is made before its twin is stored, a comment before its own."""
    save = DynamoStore.save

    def forgetful(
        self: DynamoStore, twin: Twin, parts: Sequence[PartTwin] = (), *, bind: bool = False
    ) -> Twin:
        if twin.creating_since is not None and not bind:
            return twin
        return save(self, twin, parts, bind=bind)

    def intend(self: CarryOut, plan: Any, state: Outcome, end: object) -> None:
        del end
        adds = [a.part for a in plan.actions if hasattr(a, "part")]
        state.parts.update({p.key: p for p in adds})

    patch.setattr(DynamoStore, "save", forgetful)
    patch.setattr(CarryOut, "_intend", intend)


def drop_the_condition_on_the_revision(patch: MonkeyPatch) -> None:
    """A twin is stored over whatever revision of it there is; only a new one asks for none."""
    put_twin = DynamoStore._put_twin

    def unconditional(self: DynamoStore, twin: Twin, body: str) -> dict[str, Any]:
        write = put_twin(self, twin, body)
        if twin.revision > 1:
            del write["Put"]["ConditionExpression"], write["Put"]["ExpressionAttributeValues"]
        return write

    patch.setattr(DynamoStore, "_put_twin", unconditional)


def move_the_cursor_before_enqueueing(patch: MonkeyPatch) -> None:
    """The cursor is stored first; what the page said is put on the queue afterwards."""
    queue_page = Poller._queue_page

    def hasty(self: Poller, side: str, page: Page) -> int:
        stored = self._store.cursor(side) or Cursor(side, "", 0, self._clock())
        if stored.position != page.cursor:
            self._store.move_cursor(replace(stored, position=page.cursor, moved=self._clock()))
        return queue_page(self, side, page)

    def moved_already(self: Poller, cursor: Cursor, position: str) -> Cursor:
        del position
        return self._store.cursor(cursor.side) or cursor

    patch.setattr(Poller, "_queue_page", hasty)
    patch.setattr(Poller, "_move", moved_already)


def trust_a_racy_version(patch: MonkeyPatch) -> None:
    """A version that was read within its own grain counts as the last word."""
    patch.setattr(Reconciler, "_racy_until", lambda *_: None)


def deduplicate_by_version(patch: MonkeyPatch) -> None:
    """The queue takes two changes with one version for one."""

    def by_version(self: Message) -> str:
        text = f"{self.side}|{self.id}|{self.version or self.delivery}"
        return hashlib.sha256(text.encode()).hexdigest()

    patch.setattr(Message, "deduplication_id", property(by_version))


def skip_the_copy_check(patch: MonkeyPatch) -> None:
    """Whatever carries a twin's key is taken for the ticket that was made for it."""

    def may_be(owner: Twin, side: str, ticket: Ticket) -> bool:
        del ticket
        return owner.origin != side

    patch.setattr(births, "may_be", may_be)


def take_missing_words_for_a_conversion(patch: MonkeyPatch) -> None:
    """What came back of a write without some of its words is the system's own spelling."""

    def says(sent: str, got: str, *, rich: bool) -> bool:
        there, here = re.findall(r"\w+", sent), re.findall(r"\w+", got)
        return set(here) <= set(there) if rich else here == there

    patch.setattr(said, "says", says)


MUTANTS = tuple(
    Mutant(apply.__name__.replace("_", " "), apply)
    for apply in (
        skip_the_intent_record,
        drop_the_condition_on_the_revision,
        move_the_cursor_before_enqueueing,
        trust_a_racy_version,
        deduplicate_by_version,
        skip_the_copy_check,
        take_missing_words_for_a_conversion,
    )
)
