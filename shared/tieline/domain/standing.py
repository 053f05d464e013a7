"""How a twin stands, in plain JSON values for people: its fields, comments and files.

What is shown quotes tickets, so it is for whoever may read both: never for a log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tieline.domain.lens import Untranslatable, parse_text, same
from tieline.domain.link import FieldRule, Link
from tieline.domain.marks import mark, whole
from tieline.domain.template import fill
from tieline.domain.ticket import Attachment, Comment, FieldSpec, Ticket, Value
from tieline.domain.twin import Mark, PartKind, PartState, PartTwin, Twin

Specs = Mapping[str, Mapping[str, FieldSpec]]
WORDS = 120
"""Characters of a comment that are shown."""
_DIGEST, _UNSENT = "sha256:", "\x00"


def direction(link: Link, targets: Sequence[str]) -> str:
    """Where something flows: `eng <-> it`, `it -> eng`; "" if nowhere."""
    first, second = link.order
    if set(targets) == {first, second}:
        return f"{first} <-> {second}"
    return f"{link.other(targets[0])} -> {targets[0]}" if targets else ""


def field_rows(
    link: Link, twin: Twin, tickets: Mapping[str, Ticket], specs: Specs
) -> list[dict[str, Any]]:
    """A row for each rule, in the file's order. `tickets` are the sides that could be read.

    `agrees` is None where a side could not be read; a side's `changed` likewise, and where the
    base does not know the field.
    """
    return [_row(link, rule, twin, tickets, specs) for rule in link.fields]


def _row(
    link: Link, rule: FieldRule, twin: Twin, tickets: Mapping[str, Ticket], specs: Specs
) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "place": rule.place,
        "direction": direction(link, rule.targets),
        "template": rule.template,
        "agrees": agrees(link, rule, tickets, specs),
        "sides": {
            side: _cell(twin, side, name, tickets.get(side), specs)
            for side, name in sorted(rule.names.items(), key=lambda n: link.order.index(n[0]))
        },
    }


def _cell(twin: Twin, side: str, name: str, ticket: Ticket | None, specs: Specs) -> dict[str, Any]:
    base = twin.sides[side].marks.get(name)
    spec = specs.get(side, {}).get(name)
    if ticket is None:
        return {"field": name, "value": None, "base": base_shown(base, spec), "changed": None}
    value = ticket.fields.get(name)
    changed = None if base is None else base != mark(value)
    shown = whole(value)
    before = shown if changed is False else base_shown(base, spec)
    return {"field": name, "value": shown, "base": before, "changed": changed}


def base_shown(base: Mark | None, spec: FieldSpec | None) -> str | None:
    """What the base holds, as far as that can be read: of a long text only that it was one.

    None if the base does not know the field.
    """
    if base is None:
        return None
    if isinstance(base, tuple):
        return ", ".join(_label(one, spec) for one in base)
    if base.startswith(_DIGEST):
        return "(another long text)"
    return "(not sent yet)" if base == _UNSENT else _label(base, spec)


def _label(value: str, spec: FieldSpec | None) -> str:
    options = spec.options if spec is not None else ()
    return next((one.label or one.value for one in options if one.value == value), value)


def agrees(link: Link, rule: FieldRule, tickets: Mapping[str, Ticket], specs: Specs) -> bool | None:
    """Whether both sides mean the same by a rule; None if that cannot be told."""
    if any(side not in tickets for side in link.order):
        return None
    if any(specs.get(side, {}).get(name) is None for side, name in rule.names.items()):
        return None
    if rule.template is not None:
        (target,) = rule.targets
        name = rule.names[target]
        try:
            text = fill(rule.template, tickets[link.other(target)])
            wanted: Value = parse_text(text, specs[target][name])
        except Untranslatable:
            return False
        return mark(wanted) == mark(tickets[target].fields.get(name))
    values = {side: tickets[side].fields.get(name) for side, name in rule.names.items()}
    try:
        return same(rule, link, values, {s: specs[s][n] for s, n in rule.names.items()})
    except Untranslatable:
        return False


def comment_rows(
    link: Link, tickets: Mapping[str, Ticket], parts: Sequence[PartTwin]
) -> list[dict[str, Any]]:
    """The comments of both sides, oldest first, without the copies of those that crossed.

    Of an internal one that does not cross only its author and moment are told.
    """
    rule = link.comments
    rows = []
    for side, one, part in _originals(tickets, parts, PartKind.COMMENT):
        assert isinstance(one, Comment)
        targets = (rule.targets if one.public else rule.internal) if rule else ()
        became = _became(part, crosses=link.other(side) in targets, ours=one.ours)
        words = one.body if one.public or link.other(side) in targets else ""
        rows.append(
            {
                "side": side,
                "id": one.id,
                "at": one.created.isoformat(),
                "author": one.author.name if one.author else "",
                "public": one.public,
                "words": _first(words),
                "became": became,
            }
        )
    return sorted(rows, key=lambda row: str(row["at"]))


def file_rows(
    link: Link, tickets: Mapping[str, Ticket], parts: Sequence[PartTwin]
) -> list[dict[str, Any]]:
    """The files of both sides, oldest first, without the copies of those that crossed."""
    rule = link.attachments
    rows = []
    for side, one, part in _originals(tickets, parts, PartKind.ATTACHMENT):
        assert isinstance(one, Attachment)
        crosses = rule is not None and link.other(side) in rule.targets
        became = _became(part, crosses=crosses, ours=one.ours)
        if rule is not None and one.size > rule.max_bytes and became != "crossed":
            became = "stays: larger than the link takes"
        rows.append(
            {
                "side": side,
                "id": one.id,
                "at": one.created.isoformat(),
                "name": one.name,
                "size": one.size,
                "became": became,
            }
        )
    return sorted(rows, key=lambda row: str(row["at"]))


def _originals(
    tickets: Mapping[str, Ticket], parts: Sequence[PartTwin], kind: PartKind
) -> Iterator[tuple[str, Comment | Attachment, PartTwin | None]]:
    for side, ticket in tickets.items():
        known = {p.ids[side]: p for p in parts if p.kind is kind and side in p.ids}
        elements: Sequence[Comment | Attachment] = (
            ticket.comments if kind is PartKind.COMMENT else ticket.attachments
        ) or ()
        for one in elements:
            part = known.get(one.id)
            if part is None or part.origin == side:
                yield side, one, part


def _became(part: PartTwin | None, *, crosses: bool, ours: bool) -> str:
    """What became of a comment or a file: crossed, waits, or stays."""
    if part is not None and part.state is PartState.LIVE and len(part.ids) > 1:
        return "crossed"
    if part is not None and part.state is PartState.ENDED:
        return "stays: its copy was deleted, or it was not taken"
    if ours:
        return "stays: written by the link's own account"
    if not crosses:
        return "stays: does not cross by this link's rules"
    return "waits"


def _first(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= WORDS else line[: WORDS - 1] + "…"
