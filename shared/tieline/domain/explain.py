"""Why a ticket was synced, skipped or held, and by which rule, as plain JSON values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tieline.domain.link import FieldRule, Link, Test
from tieline.domain.marks import mark, show
from tieline.domain.plan import FieldWrite, Plan, UpdateFields
from tieline.domain.standing import Specs, agrees, direction
from tieline.domain.ticket import Ticket
from tieline.domain.twin import Change, Twin, TwinState
from tieline.domain.when import holds

WAITS = {
    "racy": "its version names a moment that may hide a second change, so it is read once more",
    "to and fro": "a field goes to and fro, so the next turn waits a little",
    "gone": "a side answered that the ticket is not there; it is looked for again",
    "paused": "a side is paused",
    "put off": "a side was paused when the ticket was first heard of",
    "creating": "its counterpart is being made, or its creation gave no answer",
    "unfinished": "there was more to do than one invocation had time for",
    "busy": "people edit it faster than it is reconciled",
    "leaving": "it is leaving the link: the note is being written",
}
"""The reasons that a twin waits for, by the store's word."""


ANOTHERS = (
    "another link made this ticket, and what a link made is not brought to life again"
    " by one that does not say `chain: true`"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`word` is synced, behind, waiting, held, skipped or ended; `because` are sentences."""

    word: str
    because: tuple[str, ...] = field(default=())


def wanted(test: Test) -> str:
    """A condition in words, to stand after a field's name: `is High or Urgent`."""
    return " and ".join(_wanted(test)) or "is anything"


def _wanted(test: Test) -> Iterator[str]:
    if test.any_of is not None:
        yield "is " + _either(test.any_of, "or")
    if test.none_of is not None:
        yield "is not " + _either(test.none_of, "nor")
    if test.has is not None:
        yield "has " + _either(test.has, "and")
    if test.matches is not None:
        yield f"matches /{test.matches}/"
    if test.before is not None:
        yield f"is before {test.before}"
    if test.after is not None:
        yield f"is after {test.after}"
    if test.empty is not None:
        yield "is empty" if test.empty else "is not empty"


def _either(words: Sequence[str], last: str) -> str:
    said = [word or "empty" for word in words]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} {last} {said[-1]}"


def births(link: Link, side: str, ticket: Ticket) -> list[dict[str, Any]]:
    """Each `create` rule of a side against a ticket: `rule` is its number under `create:`, from 0.

    A condition says the field, what it holds, what is wanted, and whether that is met.
    """
    rows = []
    for number, birth in enumerate(link.create):
        if birth.source != side:
            continue
        conditions = [
            {
                "field": name,
                "value": show(ticket.fields.get(name)),
                "wanted": wanted(test),
                "met": holds(test, ticket.fields.get(name)),
            }
            for name, test in birth.when.items()
        ]
        met = all(one["met"] for one in conditions)
        rows.append({"rule": number, "from": side, "met": met, "conditions": conditions})
    return rows


def without_twin(
    link: Link,
    side: str,
    rows: Sequence[Mapping[str, Any]],
    owner: str,
    paused: Mapping[str, str],
) -> Verdict:
    """Why a ticket has no twin. `owner` says whose creation it carries: "", "ours", "another's".

    `rows` are what `births` gave; `paused` is side -> why.
    """
    if owner == "another's" and not link.chain:
        return Verdict("skipped", (ANOTHERS,))
    if not rows:
        return Verdict("skipped", (f"no `create` rule of this link begins at {side}",))
    met = [row for row in rows if row["met"]]
    if not met:
        return Verdict("skipped", tuple(_unmet(row) for row in rows))
    first = f"it meets `create` rule {met[0]['rule'] + 1}"
    if link.mode == "plan":
        return Verdict("held", (first, "the link's mode is plan: it reads and writes nothing"))
    if paused:
        said = (f"{side} is paused: {why}" for side, why in paused.items())
        return Verdict("waiting", (first, *said))
    if owner == "ours":
        return Verdict("waiting", (first, "it carries the mark of a creation of this link"))
    late = "no change of it has been worked on yet: the next webhook or poll brings it, or `retry`"
    return Verdict("waiting", (first, late))


def _unmet(row: Mapping[str, Any]) -> str:
    failed = [
        f"{one['field']} {one['wanted']}, and it is {one['value'] or 'empty'}"
        for one in row["conditions"]
        if not one["met"]
    ]
    return f"`create` rule {row['rule'] + 1} wants that " + "; that ".join(failed)


def with_twin(
    link: Link,
    twin: Twin,
    rows: Sequence[Mapping[str, Any]],
    paused: Mapping[str, str],
    plan: Plan | None,
    unread: Mapping[str, str],
) -> Verdict:
    """How it came that a twin stands as it does.

    `rows` are what `births` gave for the ticket that was there first; `plan` is what would be
    written now, None if that cannot be told.
    """
    because = [_origin(link, twin, rows)]
    if twin.state is TwinState.ENDED:
        return Verdict("ended", (*because, *ended(link, twin)))
    if twin.parked is not None:
        place = f" ({twin.parked.place})" if twin.parked.place else ""
        because.append(f"it waits for a person: {twin.parked.kind}: {twin.parked.reason}{place}")
        return Verdict("held", tuple(because))
    if link.mode == "plan":
        because.append("the link's mode is plan: it reads and writes nothing")
        return Verdict("held", tuple(because))
    because += [f"{side} is paused: {why}" for side, why in paused.items()]
    if twin.due_at is not None:
        why = WAITS.get(twin.due_why, twin.due_why)
        because.append(f"it is looked at again at {twin.due_at:%Y-%m-%d %H:%M:%S} UTC, since {why}")
    if twin.state is TwinState.CREATING:
        return Verdict("waiting", (*because, "its counterpart is not there yet"))
    if paused:
        return Verdict("waiting", tuple(because))
    if plan is None:
        said = [f"{side} cannot be read: {why}" for side, why in unread.items()]
        said = said or ["what would be written now cannot be told: a side's fields are not known"]
        return Verdict("waiting", (*because, *said))
    if plan.actions:
        late = (
            "a change of it was not worked on yet; the next webhook or poll brings it, or `retry`"
        )
        return Verdict("behind", (*because, late))
    if _leaves(link, rows):
        end = "it is leaving the link: a note is left, and then the pair ends"
        return Verdict("behind", (*because, end))
    return Verdict("synced", (*because, "nothing is left to write"))


def _origin(link: Link, twin: Twin, rows: Sequence[Mapping[str, Any]]) -> str:
    """By which rule a twin came to life. Which it was is not stored: it is what holds today."""
    first = f"{twin.origin} {twin.sides[twin.origin].key or twin.sides[twin.origin].id}"
    how = next((c.why for c in reversed(twin.history) if c.what == "created"), "")
    made = " (found again after a try that gave no answer)" if how == "adopted" else ""
    met = [row["rule"] + 1 for row in rows if row["met"]]
    if met:
        return f"{first} was there first, and meets `create` rule {met[0]}{made}"
    if not rows:
        return f"{first} was there first{made}; no `create` rule of this link begins there"
    unmet = f"{first} was there first{made}; it meets no `create` rule now"
    if twin.state is TwinState.ENDED:
        return unmet
    if _leaves(link, rows):
        return f"{unmet}, which ends a pair that agrees (on_leave: {link.on_leave})"
    return f"{unmet}, which alone does not end a pair (on_leave: {link.on_leave})"


def _leaves(link: Link, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a pair ends with the next look at it. `rows` are its first ticket's."""
    return link.on_leave != "keep" and bool(rows) and not any(row["met"] for row in rows)


def ended(link: Link, twin: Twin) -> Iterator[str]:
    """By what an ended twin's pair was ended."""
    if twin.left:
        yield "the pair was ended: its first ticket meets no `create` rule any more"
        yield f"on_leave is {link.on_leave}; it comes back when it meets one again"
        return
    gone = [side for side, base in twin.sides.items() if base.gone_since]
    if gone:
        yield f"the pair was ended: the ticket of {gone[0]} is gone (on_delete: {link.on_delete})"
    else:
        yield (
            "a person ended the pair (`tieline disconnect`): each ticket goes its own way until"
            " `tieline connect` joins them again"
        )


def decisions(
    link: Link, twin: Twin, tickets: Mapping[str, Ticket], specs: Specs, plan: Plan | None
) -> list[dict[str, Any]]:
    """For each rule what is decided now and what was written last, in the file's order.

    `verdict` is equal, write, held, left (differs, and no cause to write) or unknown.
    """
    rows = []
    for rule in link.fields:
        verdict, why = _decided(link, rule, twin, tickets, specs, plan)
        rows.append(
            {
                "rule": rule.id,
                "names": {side: rule.names[side] for side in link.order if side in rule.names},
                "place": rule.place,
                "direction": direction(link, rule.targets),
                "verdict": verdict,
                "why": why,
                "last": _last(rule, twin.history),
            }
        )
    return rows


def _decided(
    link: Link,
    rule: FieldRule,
    twin: Twin,
    tickets: Mapping[str, Ticket],
    specs: Specs,
    plan: Plan | None,
) -> tuple[str, str]:
    problem = next((p for p in (plan.problems if plan else ()) if p.place == rule.place), None)
    if problem is not None:
        return "held", f"{problem.kind}: {problem.reason}"
    if twin.parked is not None and twin.parked.place == rule.place:
        return "held", f"{twin.parked.kind}: {twin.parked.reason}"
    if plan is None:
        return "unknown", "not both sides can be read"
    for side, write in _writes(plan):
        if write.rule == rule.id and write.field == rule.names.get(side):
            moved = f"{show(write.before) or 'empty'} -> {show(write.value) or 'empty'}"
            return "write", f"{side}.{write.field} would be written: {moved} ({write.why})"
    if agrees(link, rule, tickets, specs):
        return "equal", "both sides mean the same"
    return "left", _left_alone(link, rule, twin, tickets)


def _left_alone(link: Link, rule: FieldRule, twin: Twin, tickets: Mapping[str, Ticket]) -> str:
    """Why a difference is no cause to write."""
    bases = {side: twin.sides[side].marks.get(name) for side, name in rule.names.items()}
    if any(base is None for base in bases.values()):
        return f"the rule is new to this pair, and `initial: {link.initial}` leaves it as it is"
    changed = [s for s, n in rule.names.items() if bases[s] != mark(tickets[s].fields.get(n))]
    stuck = [side for side in changed if link.other(side) not in rule.targets]
    if stuck:
        return f"{stuck[0]} was changed, and nothing flows from there by this rule"
    if changed:
        return f"{changed[0]} was changed, and the other side shall stay as it is"
    if len(rule.targets) == 1:
        (target,) = rule.targets
        source = link.other(target)
        return f"nothing flows from {target} by this rule, and {source} was not changed since"
    return "they differ as they did when both were last looked at; a change is needed to write"


def _writes(plan: Plan) -> Iterator[tuple[str, FieldWrite]]:
    for action in plan.actions:
        if isinstance(action, UpdateFields):
            for write in action.writes:
                yield action.side, write


def _last(rule: FieldRule, history: Sequence[Change]) -> dict[str, Any] | None:
    """The last write by a rule that the history still holds."""
    for one in reversed(history):
        if one.side in rule.targets and one.what == rule.names.get(one.side):
            return {
                "at": one.at.isoformat(),
                "side": one.side,
                "before": one.before,
                "after": one.after,
                "why": one.why,
                "cause": one.cause,
            }
    return None


def waits_until(twin: Twin | None, paused: Mapping[str, datetime | None]) -> str | None:
    """The moment at which something is tried again by itself, if there is one."""
    moments = [until for until in paused.values() if until is not None]
    if twin is not None and twin.due_at is not None:
        moments.append(twin.due_at)
    return min(moments).isoformat() if moments else None
