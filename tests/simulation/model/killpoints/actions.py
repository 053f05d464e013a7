"""What a link does for people, one kind after another: each is an act on a pair of tickets.

Every value that is written is there once in the world, so that a test can look for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from simulation.model.people import Filed, Written
from simulation.model.profile import Profile
from simulation.model.simulated import Simulated
from simulation.model.system import LEVELS, PRIVATE, STATES, Record, System

from tieline.domain.ticket import Value

WHO = "jane"


@dataclass
class Place:
    """The world, the system in which people act, the other one, and the ticket on each."""

    world: Simulated
    here: System
    there: System
    record: Record = field(init=False)

    def birth(self) -> None:
        """A ticket that the link carries over, with a comment and a file."""
        self.record = self.here.add(WHO, _born())
        self.say("c1.")
        self.file("f1.txt")

    def counterpart(self) -> Record:
        """The ticket that the link made."""
        return next(r for r in self.there.records.values() if not r.deleted)

    def set(self, **fields: Value) -> None:
        self.here.set(self.record, WHO, fields)

    def say(self, token: str) -> None:
        made = self.here.comment(self.record, WHO, f"{token} see **this**", public=True)
        people = self.world.people
        people.comments.append(Written(self.here, self.record, made.id, token, public=True))

    def say_otherwise(self) -> None:
        written = self._written()
        written.version = "v7;"
        self.here.edit_comment(self.record, written.id, f"{written.token} v7; again")

    def take_back(self) -> None:
        self.here.delete_comment(self.record, self._written().id)

    def file(self, name: str) -> None:
        made = self.here.attach(self.record, WHO, name, 30)
        self.world.people.files.append(Filed(self.here, self.record, made.id, name, 30))

    def take_file_away(self) -> None:
        self.here.detach(self.record, self.world.people.files[0].id)

    def _written(self) -> Written:
        return self.world.people.comments[0]


Act = Callable[[Place], None]


@dataclass(frozen=True)
class Action:
    """A kind of act. `born`: the pair is there before it, and at rest.

    `dies`: at the first point with this name a process dies, before the points are counted.
    Without `webhooks` nothing but the poll tells of it. `against` names the other side's profile
    where it must not be that of its own kind. Unless people act on both sides, nothing that they
    wrote may flow back to where they act.
    """

    name: str
    act: Act
    born: bool = True
    dies: str = ""
    webhooks: bool = True
    against: str = ""
    both: bool = False
    on_delete: str = "keep"
    possible: Callable[[Profile], bool] = lambda _: True  # where people act


def _born() -> dict[str, Value]:
    return {
        "title": "title 1",
        "body": "**body** 1\n\n* one  two\n\n\nend",
        "level": LEVELS[2],
        "state": STATES[0],
        "tags": frozenset({"sync", "Tag 1"}),
        "points": Decimal(1),
        "private": f"{PRIVATE} 1",
    }


def _fields(place: Place) -> None:
    place.set(
        title="title 2", body="**body** 2", level=LEVELS[0], points=Decimal(2), due=date(2026, 4, 2)
    )


def _untold(place: Place) -> None:
    _fields(place)
    place.say("c2.")


def _both(place: Place) -> None:
    place.set(title="title 2")
    place.say("c2.")
    place.there.set(place.counterpart(), "omar", {"body": "**body** 2", "points": Decimal(2)})
    there = place.there.comment(place.counterpart(), "omar", "c3. and this", public=True)
    people = place.world.people
    people.comments.append(Written(place.there, place.counterpart(), there.id, "c3.", public=True))


_ALL = (
    Action("ticket made", Place.birth, born=False),
    Action("fields edited", _fields),
    Action("fields edited, formatting lost", _fields, against="silent"),
    Action("status moved", lambda p: p.set(state=STATES[1])),
    Action("person assigned", lambda p: p.set(owner=p.here.person("omar"))),
    Action("tags changed", lambda p: p.set(tags=frozenset({"sync", "Tag 2", "Tag 3"}))),
    Action("comment", lambda p: p.say("c2.")),
    Action("comment edited", Place.say_otherwise, possible=lambda p: p.edits_comments),
    Action(
        "comment edited, told by another",
        Place.say_otherwise,
        against="servicenow",  # which neither edits comments nor marks them
        possible=lambda p: p.edits_comments,
    ),
    Action("comment deleted", Place.take_back, possible=lambda p: p.edits_comments),
    Action("file", lambda p: p.file("f2.txt")),
    Action("file deleted", Place.take_file_away, possible=lambda p: p.tells_file_deleted),
    Action("edits and comments on both sides", _both, both=True),
    Action("closed on delete", lambda p: p.here.delete(p.record), on_delete="close"),
    Action("found by the poll alone", _untold, webhooks=False),
    Action("adopted after a lost create", Place.birth, born=False, dies="after {there} create"),
    Action("made after a create not sent", Place.birth, born=False, dies="before {there} create"),
    Action(
        "found again after a lost comment", lambda p: p.say("c2."), dies="after {there} add comment"
    ),
    Action(
        "found again after a lost file", lambda p: p.file("f2.txt"), dies="after {there} attach"
    ),
)
ACTIONS = {action.name: action for action in _ALL}
