"""What people see and do in the simulated systems of a local stack, in plain JSON values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice, zip_longest
from typing import Any

from tieline.connectors import connector_class
from tieline.connectors.base import Site
from tieline.domain.link import FieldRule, Link
from tieline.domain.ticket import FieldSpec, Kind
from tieline.domain.twin import Twin
from tieline.state.dynamodb import DynamoStore
from tieline_ops.demo_steps.values import matching
from tieline_ops.local.provisioning import TABLE
from tieline_ops.local.stack import LocalStack
from tieline_ops.sandbox.desk import JANE, LENA, OMAR, Desk, Said, Seen, Simulator
from tieline_ops.trouble import unknown

PEOPLE = (JANE, OMAR, LENA)
MOST = 200
"""So many tickets of a side are listed, the newest."""
WRITES = "POST|PUT|PATCH|DELETE"
Json = dict[str, Any]


@dataclass
class Desks:
    """The desks of one link's two sides."""

    stack: LocalStack
    name: str
    _specs: dict[str, Mapping[str, FieldSpec]] = field(default_factory=dict)

    @property
    def link(self) -> Link:
        return self.stack.links[self.name].link

    def simulator(self, side: str) -> Simulator:
        """The system behind a side. Raises Wrong."""
        if side not in self.link.order:
            raise unknown("side", side, self.link.order, "")
        found: Simulator = self.stack.sandbox.system(self.name, side)
        return found

    def desk(self, side: str) -> Desk:
        return self.simulator(side).desk

    @property
    def title(self) -> FieldRule:
        """The first rule that pairs two texts; tickets are told apart by it."""
        return next(rule for rule in self.link.fields if rule.template is None)

    def overview(self) -> Json:
        """Both sides, and every ticket with its counterpart, the newest first."""
        return {
            "link": self.name,
            "title": self.link.title,
            "people": list(PEOPLE),
            "sides": [self._side(side) for side in self.link.order],
            "tickets": self._tickets(),
        }

    def ticket(self, side: str, id: str) -> Json:
        """A ticket and its counterpart, rule by rule. Raises KeyError if neither is there."""
        twin = self._twin(side, id)
        ids = {s: b.id for s, b in twin.sides.items() if b.id} if twin else {side: id}
        seen = {s: self._see(s, ids[s]) for s in self.link.order if s in ids}
        if not any(seen.values()):
            raise KeyError(f"ticket {id} in {side}")
        return {
            "sides": {s: _ticket(one) for s, one in seen.items() if one is not None},
            "rows": [self._row(rule, seen) for rule in self.link.fields],
            "more": list(self._more(seen)),
            "gone": [s for s, one in seen.items() if one is None],
            "twin": twin and _standing(twin),
        }

    def faults(self, side: str, switches: Mapping[str, Any]) -> None:
        """Make a system refuse writes, be down, lose the next webhook; or be well again."""
        simulator = self.simulator(side)
        simulator.faults.clear()
        if switches.get("down"):
            simulator.faults.status(503, ".*", ".*", count=-1)
        elif switches.get("refuses"):
            simulator.faults.status(400, WRITES, ".*", count=-1)
        if switches.get("drop"):
            simulator.webhooks.drop_next()

    def _side(self, side: str) -> Json:
        one = self.link.sides[side]
        waiting = self.simulator(side).faults.waiting()
        statuses = {fault.status for fault in waiting if fault.count}
        births = [birth for birth in self.link.create if birth.source == side]
        return {
            "name": side,
            "system": one.system,
            "title": connector_class(one.system).title,
            "scope": dict(one.scope),
            "births": [matching(birth) for birth in births],
            "title_field": self.title.names.get(side, ""),
            "down": 503 in statuses,
            "refuses": 400 in statuses,
            "webhooks": self.simulator(side).webhooks.pending,
        }

    def _tickets(self) -> list[Json]:
        first, second = self.link.order
        twins = [twin for twin in self._store.all_twins() if twin.sides]
        of = {(s, b.id): twin for twin in twins for s, b in twin.sides.items() if b.id}
        found: dict[str, Json] = {}
        for side in (first, second):
            for id in islice(reversed(self.desk(side).ids()), MOST):
                twin = of.get((side, id))
                row = found.setdefault(twin.key if twin else f"{side} {id}", _empty(twin))
                seen = self._see(side, id)
                if seen is not None:
                    title = seen.fields.get(self.title.names.get(side, ""))
                    row["sides"][side] = {"id": id, "key": seen.key, "title": title or ""}
        return [row for row in found.values() if row["sides"]]

    def _row(self, rule: FieldRule, seen: Mapping[str, Seen | None]) -> Json:
        cells = {
            side: self._cell(side, name, seen.get(side), rule) for side, name in rule.names.items()
        }
        return {
            "id": rule.id,
            "targets": list(rule.targets),
            "template": rule.template,
            "place": rule.place,
            "cells": cells,
        }

    def _more(self, seen: Mapping[str, Seen | None]) -> Iterator[Json]:
        """What conditions look at and no rule names: what brings a ticket over."""
        ruled = {(s, name) for rule in self.link.fields for s, name in rule.names.items()}
        asked = {(b.source, name) for b in self.link.create for name in b.when} - ruled
        columns = [[(s, n) for s, n in sorted(asked) if s == side] for side in self.link.order]
        for pair in zip_longest(*columns):
            named = [one for one in pair if one is not None]
            cells = {side: self._cell(side, name, seen.get(side), None) for side, name in named}
            id = " ".join(f"{side}.{name}" for side, name in named)
            yield {"id": id, "targets": [], "cells": cells}

    def _cell(self, side: str, name: str, seen: Seen | None, rule: FieldRule | None) -> Json:
        spec = self._spec(side).get(name) or FieldSpec(name, Kind.TEXT)
        value = seen.fields.get(name) if seen else None
        return {
            "field": name,
            "kind": spec.kind.value,
            "value": value,
            "writable": spec.writable and (rule is None or rule.template is None),
            "options": self._options(side, spec, value, rule),
            "longest": spec.max_length,
        }

    def _options(self, side: str, spec: FieldSpec, value: Any, rule: FieldRule | None) -> list[str]:
        """What may be chosen: what the system told, what the rule and the conditions name."""
        place = self.link.order.index(side)
        named = [pair[place] for pair in rule.values] if rule else []
        for birth in self.link.create:
            test = birth.when.get(spec.name) if birth.source == side else None
            named += [word for word in (test.any_of or () if test else ()) if word]
        if spec.kind is Kind.PERSON:
            named += [*PEOPLE, *((rule.otherwise or {}).values() if rule else ())]
        labels = [option.label for option in spec.options]
        found = [*labels, *(_label(word, spec) for word in named)]
        return list(dict.fromkeys(one for one in (*found, value) if isinstance(one, str) and one))

    def _spec(self, side: str) -> Mapping[str, FieldSpec]:
        """What the real connector says of the fields, asked once of the simulated system."""
        if side not in self._specs:
            one = self.link.sides[side]
            made = connector_class(one.system)
            secret = {**self.simulator(side).credentials(), "webhook_secret": "of no use here"}
            connector: Any = made(  # type: ignore[call-arg]
                Site(side, one.url, one.scope), made.secret_model.model_validate(secret)
            )
            self._specs[side] = connector.fields(self.link.field_names(side))
        return self._specs[side]

    def _see(self, side: str, id: str) -> Seen | None:
        try:
            return self.desk(side).see(id)
        except KeyError:
            return None

    def _twin(self, side: str, id: str) -> Twin | None:
        self.simulator(side)
        key = self._store.twin_key(side, id)
        return self._store.twin(key) if key else None

    @cached_property
    def _store(self) -> DynamoStore:
        return DynamoStore(self.name, TABLE, self.stack.aws.client("dynamodb"))


def _label(word: str, spec: FieldSpec) -> str:
    return next((option.label for option in spec.options if option.means(word)), word)


def _empty(twin: Twin | None) -> Json:
    return {"sides": {}, "twin": twin and _standing(twin)}


def _standing(twin: Twin) -> Json:
    parked = twin.parked
    return {
        "key": twin.key,
        "state": twin.state.value,
        "parked": parked and {"kind": parked.kind, "reason": parked.reason, "words": parked.words},
        "waits": twin.due_why if twin.due_at else "",
        "changes": [
            {"at": c.at.isoformat(), "side": c.side, "what": c.what, "cause": c.cause}
            for c in twin.history[-8:]
        ],
    }


def _ticket(seen: Seen) -> Json:
    return {
        "id": seen.id,
        "key": seen.key,
        "comments": [_said(said) for said in seen.comments],
        "files": [{"name": name, "size": len(content)} for name, content in seen.files.items()],
    }


def _said(said: Said) -> Json:
    return {"id": said.id, "author": said.author, "text": said.text, "public": said.public}
