"""Twins and their parts as DynamoDB items, and back. `v` is the form's version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tieline.domain.brake import Tally
from tieline.domain.twin import (
    Change,
    Mark,
    Parked,
    PartKind,
    PartState,
    PartTwin,
    SideBase,
    Turns,
    Twin,
    TwinState,
)

FORM = 1
Item = dict[str, Any]
"""An item in DynamoDB's own JSON: attribute -> {type: value}."""


def text(value: str) -> dict[str, str]:
    """A string attribute. Half a character (a lone surrogate) cannot be stored: it becomes `?`."""
    return {"S": value.encode("utf-8", "replace").decode()}


def number(value: int) -> dict[str, str]:
    """A number attribute."""
    return {"N": str(value)}


def moment(value: datetime | None) -> str | None:
    """A moment as it is stored, ISO 8601 in UTC, which sorts as time does."""
    return None if value is None else value.astimezone(UTC).isoformat(timespec="milliseconds")


def _read_moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def twin_body(twin: Twin) -> str:
    """Everything of a twin that no condition and no index looks at, as compact JSON."""
    body = {
        "origin": twin.origin,
        "born": moment(twin.born),
        "since": moment(twin.creating_since),
        "due_why": twin.due_why,
        "left": twin.left or None,
        "busy": moment(twin.busy_until),
        "initial": twin.initial,
        "parked": twin.parked and _parked_out(twin.parked),
        "sides": {name: _side_out(base) for name, base in twin.sides.items()},
        "history": [_change_out(change) for change in twin.history],
        "turns": {rule: _turns_out(turns) for rule, turns in twin.turns.items()},
        "change": twin.change_id,
        "seen": moment(twin.seen_at),
    }
    kept = {k: v for k, v in body.items() if v not in (None, "", [], {})}
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False)


def read_twin(item: Mapping[str, Any]) -> Twin:
    """A twin from its item. Raises KeyError, ValueError on what is not one."""
    body = json.loads(item["body"]["S"])
    due = item.get("due_at")
    born = _read_moment(body["born"])
    assert born is not None
    return Twin(
        key=item["key"]["S"],
        revision=int(item["revision"]["N"]),
        state=TwinState(item["state"]["S"]),
        origin=body["origin"],
        sides={name: _side_in(side) for name, side in body["sides"].items()},
        born=born,
        creating_since=_read_moment(body.get("since")),
        parked=_parked_in(body["parked"]) if "parked" in body else None,
        due_at=_read_moment(due["S"].partition("#")[0]) if due else None,
        due_why=body.get("due_why", ""),
        left=body.get("left", False),
        busy_until=_read_moment(body.get("busy")),
        initial=body.get("initial", ""),
        history=tuple(_change_in(change) for change in body.get("history", [])),
        turns={rule: _turns_in(turns) for rule, turns in body.get("turns", {}).items()},
        change_id=body.get("change", ""),
        seen_at=_read_moment(body.get("seen")),
    )


def _side_out(base: SideBase) -> dict[str, Any]:
    body = {
        "id": base.id,
        "key": base.key,
        "url": base.url,
        "version": base.version,
        "racy": moment(base.racy_until),
        "marks": {k: list(v) if isinstance(v, tuple) else v for k, v in base.marks.items()},
        "comments": base.comments_mark,
        "attachments": base.attachments_mark,
        "gone": moment(base.gone_since),
    }
    return {k: v for k, v in body.items() if v not in (None, "")}


def _side_in(body: Mapping[str, Any]) -> SideBase:
    marks: dict[str, Mark] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in body.get("marks", {}).items()
    }
    return SideBase(
        id=body.get("id", ""),
        key=body.get("key", ""),
        url=body.get("url", ""),
        version=body.get("version", ""),
        racy_until=_read_moment(body.get("racy")),
        marks=marks,
        comments_mark=body.get("comments", ""),
        attachments_mark=body.get("attachments", ""),
        gone_since=_read_moment(body.get("gone")),
    )


def _parked_out(parked: Parked) -> list[str | None]:
    return [moment(parked.since), parked.kind, parked.reason, parked.words, parked.place]


def _parked_in(body: list[str]) -> Parked:
    since, kind, reason, words, place = body
    return Parked(datetime.fromisoformat(since), kind, reason, words, place)


def _change_out(change: Change) -> list[str | None]:
    body = [
        moment(change.at),
        change.side,
        change.what,
        change.before,
        change.after,
        change.cause,
        change.why,
    ]
    return [*body, change.change_id] if change.change_id else body


def _change_in(body: list[str]) -> Change:
    at, *rest = body
    return Change(datetime.fromisoformat(at), *rest)


def _turns_out(turns: Turns) -> list[Any]:
    """Side, moment, counts; of a parked loop its values and whether it was tried, too."""
    body: list[Any] = [turns.side, moment(turns.at), turns.count, turns.quick]
    return [*body, turns.stood, turns.tried] if turns.stood or turns.tried else body


def _turns_in(body: list[Any]) -> Turns:
    side, at, count, quick, *rest = body
    stood, tried = rest or ((), False)
    marks = tuple(tuple(one) if isinstance(one, list) else one for one in stood)
    return Turns(side, datetime.fromisoformat(at), count, quick, marks, tried)


def part_item(part: PartTwin) -> Item:
    """A part's own attributes, without its keys."""
    body = {"ids": dict(part.ids), "marks": dict(part.marks)}
    return {
        "v": number(FORM),
        "kind": text(part.kind.value),
        "state": text(part.state.value),
        "origin": text(part.origin),
        "created": text(moment(part.created) or ""),
        "body": text(json.dumps(body, separators=(",", ":"), ensure_ascii=False)),
    }


def read_part(item: Mapping[str, Any]) -> PartTwin:
    """A part's twin from its item."""
    body = json.loads(item["body"]["S"])
    return PartTwin(
        key=item["sk"]["S"].partition("#")[2],
        kind=PartKind(item["kind"]["S"]),
        state=PartState(item["state"]["S"]),
        origin=item["origin"]["S"],
        ids=body["ids"],
        marks=body["marks"],
        created=datetime.fromisoformat(item["created"]["S"]),
    )


def read_tally(item: Mapping[str, Any]) -> Tally:
    """What the brake counted, from its item; `s5880960` is a step's count."""
    steps = {int(n[1:]): int(v["N"]) for n, v in item.items() if n[0] == "s" and n[1:].isdigit()}
    total, free = (int(item[n]["N"]) if n in item else 0 for n in ("made", "let_to"))
    until, by = (item.get(name, {}).get("S", "") for name in ("let_until", "let_by"))
    return Tally(total, free, datetime.fromisoformat(until) if until else None, steps, by)
