"""What the conformance suite must know of a system, as one value for each.

`systems/<word>.py` holds one `SYSTEM`. A new system adds its file there and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

from tieline.connectors import CONNECTORS
from tieline.domain.richtext.markdown import normal_form
from tieline.domain.ticket import Kind, Option, Person, Value
from tieline_ops.local.sandbox import SIMULATORS
from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.desk import Simulator

Plain = str | int | float | bool | list[str] | None
"""A value as `sandbox.desk.Seen` has it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A field with two values that differ.

    `clears`: it may be left empty. `fixed`: once a ticket is made, it stays as it is.
    """

    name: str
    kind: Kind
    one: Plain
    other: Plain
    clears: bool = True
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    """The field of the status, and three labels on the way; `along`: what `done` demands."""

    name: str
    new: str
    working: str
    done: str
    along: Mapping[str, Plain] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lack:
    """A behaviour that the vendor does not have: why, and where that is said."""

    why: str
    source: str


@dataclass(frozen=True)
class SystemUnderTest:
    """One system. `lacks` is by behaviour (see `behaviours.py`), or by
    `behaviour+switch` for what is lacking only if that fact is so. `second_url`: another site's.

    `title` names the field of that part; `fields` has every kind that the system has. `needs` is
    what a creation must carry beside the title. Each of `switch_sets` is a run of the whole suite
    with those of the simulator's switches on that stand for remembered facts; those of `listing`
    concern listings. `rows` are so many that a listing has three pages, `many_comments` so many
    that they have two. `copy` makes a person's copy of a ticket, by simulator and id, in the way
    that keeps most of it; gives its id.
    """

    system: str
    url: str
    scope: Mapping[str, str]
    title: str
    status: Status
    fields: tuple[Sample, ...]
    second_url: str = ""
    needs: Mapping[str, Plain] = field(default_factory=dict)
    secret: Mapping[str, Any] = field(default_factory=dict)
    webhook_secret: str = "conformance-webhook-secret"
    switch_sets: tuple[frozenset[str], ...] = (frozenset(),)
    listing: frozenset[str] = frozenset()
    rows: int = 250
    many_comments: int = 120
    calls: Mapping[str, int] = field(default_factory=dict)
    copy: Callable[[Any, str], str] | None = None
    lacks: Mapping[str, Lack] = field(default_factory=dict)

    def simulator(self, clock: SandboxClock) -> Simulator:
        """A new simulated system, as the local stack would make it."""
        module, _, name = SIMULATORS[self.system].partition(":")
        made: Callable[[SandboxClock], Simulator] = getattr(import_module(module), name)
        return made(clock)

    def samples(self, kind: Kind) -> tuple[Sample, ...]:
        return tuple(each for each in self.fields if each.kind is kind)


def discovered() -> dict[str, SystemUnderTest]:
    """Every system of the folder whose connector is there, by its word in link.yaml."""
    names = sorted(path.stem for path in (Path(__file__).parent / "systems").glob("*.py"))
    found = [import_module(f"conformance.systems.{name}").SYSTEM for name in names]
    return {each.system: each for each in found if each.system in CONNECTORS}


def value_of(kind: Kind, plain: Any) -> Value:
    """A plain value as a connector takes it: people without an id, options by their label."""
    if plain is None or plain == []:
        return None
    match kind:
        case Kind.DATE:
            return date.fromisoformat(plain)
        case Kind.DATETIME:
            return datetime.fromisoformat(plain)
        case Kind.OPTION:
            return Option(plain, plain)
        case Kind.OPTIONS:
            return frozenset(Option(each, each) for each in plain)
        case Kind.PERSON:
            return Person("", plain, "")
        case Kind.NUMBER:
            return Decimal(str(plain))
        case Kind.TAGS:
            return frozenset(plain)
        case _:
            return plain


def comparable(kind: Kind, value: Value) -> Any:
    """A canonical value as people see it, in one form for what is the same; empty is None."""
    match value:
        case Option():
            return value.label
        case Person():
            return value.email
        case frozenset():
            return sorted(o.label if isinstance(o, Option) else o for o in value) or None
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case Decimal():
            return float(value)
        case str() if kind is Kind.RICH:
            return normal_form(value) or None
        case _:
            return value
