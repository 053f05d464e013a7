"""People who work in the simulated systems, at random, each act at one moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from typing import ClassVar

from simulation.model.system import LEVELS, PEOPLE, PRIVATE, STATES, Record, System

from tieline.domain.ticket import Value

STRANGER = "solo"
"""A person whom only one system knows."""


@dataclass
class People:
    """`acts` counts what they did. Every text that they write is there once in the world."""

    systems: Sequence[System]
    rng: Random
    acts: Counter[str] = field(default_factory=Counter)
    numbers: count[int] = field(default_factory=lambda: count(1))
    comments: list[Written] = field(default_factory=list)
    files: list[Filed] = field(default_factory=list)
    may_delete: bool = True
    may_copy: bool = True
    tick: bool = False  # whether there are boxes in what they write

    def act(self) -> None:
        """Somebody does something."""
        system = self.rng.choice(self.systems)
        mine = [r for r in system.alive() if not r.deleted]
        if not mine or self.rng.random() < 0.12:
            self.create(system)
            return
        record = self.rng.choice(mine)
        act = self.rng.choices(self._choices, weights=self._weights)[0]
        act(self, system, record)

    def create(self, system: System) -> Record:
        fields: dict[str, Value] = {
            "title": self._text("title"),
            "body": self._rich(),
            "level": self.rng.choice(LEVELS),
            "state": STATES[0],
            "tags": frozenset({"sync"}) if self.rng.random() < 0.8 else None,
            "private": f"{PRIVATE} {next(self.numbers)}",
        }
        self.acts["ticket made"] += 1
        return system.add(self._who(), fields)

    def edit(self, system: System, record: Record) -> None:
        names = self.rng.sample(list(self._values), self.rng.choice((1, 1, 2)))
        fields = {name: self._values[name](self, system, record) for name in names}
        self.acts["field edited"] += len(fields)
        system.set(record, self._who(), fields)

    def burst(self, system: System, record: Record) -> None:
        """The same field several times within a moment."""
        name = self.rng.choice(("title", "body"))
        for _ in range(self.rng.randint(2, 4)):
            span = timedelta(milliseconds=self.rng.randint(0, 900))
            system.clock.after(span, lambda: self._set(system, record, name))

    def _set(self, system: System, record: Record, name: str) -> None:
        if not record.deleted:
            self.acts["field edited"] += 1
            value = self._values[name](self, system, record)
            system.set(record, self._who(), {name: value})

    def take_away(self, rng: Random, system: System, record: Record) -> None:
        """Somebody unticks a box, or takes a word or a line out of the body, once it is there."""
        text = record.fields.get("body")
        if record.deleted or not isinstance(text, str):
            return
        first, *lines = text.split("\n")
        places = [n for n, line in enumerate(lines) if line.strip()]
        ticked = "[x]" in text
        if not places and not ticked:
            return
        if ticked and rng.random() < 0.5:
            text = text.replace("[x]", "[ ]")
        else:
            place = rng.choice(places)
            left = lines[place].rpartition(" ")[0].rstrip() if rng.random() < 0.5 else ""
            left = "" if left.endswith(("*", "-", "[", "]")) else left
            text = "\n".join((first, *lines[:place], left, *lines[place + 1 :]))
        self.acts["words taken away, or a box unticked"] += 1
        system.set(record, rng.choice(PEOPLE), {"body": text})

    def comment(self, system: System, record: Record) -> None:
        public = self.rng.random() < 0.8
        token = f"c{next(self.numbers)}."
        words = f"{token} see **this**" if public else f"{token} {PRIVATE}"
        made = system.comment(record, self._who(), words, public)
        self.comments.append(Written(system, record, made.id, token, public))
        self.acts["comment" if public else "internal comment"] += 1

    def edit_comment(self, system: System, record: Record) -> None:
        mine = [c for c in self._comments(record) if c.public]
        if not mine or not system.profile.edits_comments:
            return
        written = self.rng.choice(mine)
        version = next(self.numbers)
        written.version = f"v{version};"
        system.edit_comment(record, written.id, f"{written.token} {written.version} again")
        self.acts["comment edited"] += 1

    def delete_comment(self, system: System, record: Record) -> None:
        if not system.profile.edits_comments or not record.comments:
            return
        # Anybody's: a copy that a person deletes is not made again.
        id = self.rng.choice(sorted(record.comments))
        system.delete_comment(record, id)
        self.acts["comment deleted"] += 1

    def attach(self, system: System, record: Record) -> None:
        name, size = f"f{next(self.numbers)}.txt", self.rng.choice((3, 30, 300, 2_000))
        made = system.attach(record, self._who(), name, size)
        self.files.append(Filed(system, record, made.id, name, size))
        self.acts["file"] += 1

    def detach(self, system: System, record: Record) -> None:
        if record.files:
            system.detach(record, self.rng.choice(sorted(record.files)))
            self.acts["file deleted"] += 1

    def delete(self, system: System, record: Record) -> None:
        if self.may_delete and self.rng.random() < 0.5:
            system.delete(record)
            self.acts["ticket deleted"] += 1

    def copy(self, system: System, record: Record) -> None:
        if self.may_copy:
            system.copy(record, self._who())
            self.acts["ticket copied"] += 1

    def leave(self, system: System, record: Record) -> None:
        """The ticket no longer meets `when`, or does again."""
        tags = record.fields.get("tags") or frozenset()
        assert isinstance(tags, frozenset)
        changed = tags - {"sync"} if "sync" in tags else tags | {"sync"}
        system.set(record, self._who(), {"tags": frozenset(str(t) for t in changed) or None})
        self.acts["moved out of, or into, `when`"] += 1

    def _comments(self, record: Record) -> list[Written]:
        return [w for w in self.comments if w.record is record and w.id in record.comments]

    def _who(self) -> str:
        return self.rng.choice(PEOPLE)

    def _text(self, kind: str) -> str:
        return f"{kind} {next(self.numbers)}"

    def _rich(self) -> str:
        items = "* [ ] one  two\n* [x] three" if self.tick else "* one  two\n* three"
        return f"**body** {next(self.numbers)}\n\n{items}\n\n\nend"

    def _tags(self, system: System, record: Record) -> Value:
        tags = {str(t) for t in record.fields.get("tags") or ()}  # type: ignore[union-attr]
        others = sorted(tags - {"sync"})
        if others and self.rng.random() < 0.4:
            tags.discard(self.rng.choice(others))
        else:
            tags.add(f"Tag {next(self.numbers)}")
        return frozenset(tags)

    def _owner(self, system: System, record: Record) -> Value:
        who = self.rng.choice((*PEOPLE, STRANGER))
        return self.rng.choice((None, system.person(who), system.person(who)))

    _values: ClassVar = {
        "title": lambda self, *_: self._text("title"),
        "body": lambda self, *_: self._rich(),
        "level": lambda self, *_: self.rng.choice(LEVELS),
        "state": lambda self, *_: self.rng.choice(STATES),
        "owner": lambda self, system, record: self._owner(system, record),
        "tags": lambda self, system, record: self._tags(system, record),
        "due": lambda self, *_: date(2026, 4, 1) + timedelta(days=next(self.numbers)),
        "points": lambda self, *_: Decimal(next(self.numbers)),
        "private": lambda self, *_: f"{PRIVATE} {next(self.numbers)}",
    }
    _acts: tuple[tuple[Callable[[People, System, Record], None], int], ...] = (
        (edit, 30),
        (burst, 10),
        (comment, 16),
        (edit_comment, 5),
        (delete_comment, 3),
        (attach, 8),
        (detach, 2),
        (delete, 2),
        (copy, 3),
        (leave, 3),
    )
    _choices: ClassVar = [act for act, _ in _acts]
    _weights: ClassVar = [weight for _, weight in _acts]


@dataclass
class Written:
    """A comment that a person wrote."""

    system: System
    record: Record
    id: str
    token: str
    public: bool
    version: str = ""


@dataclass
class Filed:
    """A file that a person attached."""

    system: System
    record: Record
    id: str
    name: str
    size: int
