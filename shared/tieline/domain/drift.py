"""How far a twin's two tickets are from agreement, told by names and counts, without any value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tieline.domain.lens import Untranslatable, same
from tieline.domain.link import Link
from tieline.domain.plan import (
    AddAttachment,
    AddComment,
    DeleteAttachment,
    DeleteComment,
    EditComment,
    Plan,
    UpdateFields,
)
from tieline.domain.reconcile import Specs
from tieline.domain.ticket import Ticket
from tieline.domain.twin import PartKind, PartState

ACROSS, EDITED, DELETED = "only on the other side", "edited there", "deleted there"
COPY_GONE = "its copy is gone here"


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing in which a side is not as it should be. `what` is a field, comments, files."""

    side: str  # "" where it is both sides' matter
    what: str
    why: str
    count: int = 1


def drifts(link: Link, plan: Plan, tickets: Mapping[str, Ticket]) -> tuple[Drift, ...]:
    """What a plan would write, what it cannot apply, and copies that are gone and not missed yet.

    `tickets` must have been read with their whole lists of comments and files.
    """
    found = [*_fields(plan)]
    counts = Counter([*_parts(plan), *_copies_gone(plan, tickets)])
    found += [Drift(side, what, why, count) for (side, what, why), count in counts.items()]
    for problem in plan.problems:
        found.append(Drift("", problem.place or link.name, f"{problem.kind}: {problem.reason}"))
    return tuple(found)


def stands(
    link: Link, plan: Plan, tickets: Mapping[str, Ticket], specs: Specs
) -> tuple[tuple[str, ...], ...]:
    """Pairs of fields that differ although nothing changed since the base; nothing is to be done.

    A rule of one direction, `initial`, or `otherwise` lets them differ. Each is (`side.field`, …).
    """
    written = {
        (update.side, write.field)
        for update in plan.actions
        if isinstance(update, UpdateFields)
        for write in update.writes
    }
    found = []
    for rule in link.fields:
        if rule.template is not None or any(pair in written for pair in rule.names.items()):
            continue
        values = {side: tickets[side].fields.get(name) for side, name in rule.names.items()}
        known = {side: specs[side].get(name) for side, name in rule.names.items()}
        fields = {side: spec for side, spec in known.items() if spec is not None}
        if len(fields) < len(known):
            continue
        try:
            equal = same(rule, link, values, fields)
        except Untranslatable:
            equal = False
        if not equal:
            found.append(tuple(f"{side}.{name}" for side, name in rule.names.items()))
    return tuple(found)


def _fields(plan: Plan) -> Iterator[Drift]:
    for action in plan.actions:
        if isinstance(action, UpdateFields):
            yield from (Drift(action.side, write.field, write.why) for write in action.writes)


def _parts(plan: Plan) -> Iterator[tuple[str, str, str]]:
    for action in plan.actions:
        match action:
            case AddComment(side=side):
                yield side, "comments", ACROSS
            case EditComment(side=side):
                yield side, "comments", EDITED
            case DeleteComment(side=side):
                yield side, "comments", DELETED
            case AddAttachment(side=side):
                yield side, "files", ACROSS
            case DeleteAttachment(side=side):
                yield side, "files", DELETED
            case UpdateFields():
                pass


def _copies_gone(plan: Plan, tickets: Mapping[str, Ticket]) -> Iterator[tuple[str, str, str]]:
    """Copies that were there and are not, while their originals are."""
    for part in plan.parts:
        if part.state is not PartState.ENDED or len(part.ids) < len(tickets):
            continue
        comment = part.kind is PartKind.COMMENT
        there: dict[str, frozenset[str]] = {}
        for side, ticket in tickets.items():
            listed = (ticket.comments if comment else ticket.attachments) or ()
            there[side] = frozenset(one.id for one in listed)
        (copied,) = (side for side in tickets if side != part.origin)
        if part.ids[part.origin] in there[part.origin] and part.ids[copied] not in there[copied]:
            yield copied, "comments" if comment else "files", COPY_GONE
