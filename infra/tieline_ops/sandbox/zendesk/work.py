"""What can be done to tickets, whoever does it: each act changes the account and tells of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tieline_ops.sandbox.zendesk.content import TicketField, User
from tieline_ops.sandbox.zendesk.errors import invalid, needed_to_solve
from tieline_ops.sandbox.zendesk.state import (
    REDACTED,
    Attachment,
    Audit,
    Comment,
    Event,
    Site,
    Ticket,
    stamp,
)
from tieline_ops.sandbox.zendesk.values import (
    initial,
    plain,
    stored_html,
    tags_of,
    with_custom,
    with_tags,
)

PRIORITIES = ("low", "normal", "high", "urgent")
TYPES = ("problem", "incident", "question", "task")
CATEGORIES = ("new", "open", "pending", "hold", "solved", "closed")
_CHANGED: Mapping[str, str] = {
    "subject": "subject_changed",
    "status": "status_changed",
    "custom_status_id": "custom_status_changed",
    "priority": "priority_changed",
    "type": "type_changed",
    "assignee_id": "agent_assignment_changed",
    "group_id": "group_assignment_changed",
    "requester_id": "requester_changed",
    "external_id": "external_id_changed",
    "brand_id": "brand_changed",
    "ticket_form_id": "form_changed",
    "due_at": "task_due_at_changed",
    "tags": "tags_changed",
    "problem_id": "problem_link_changed",
}
"""A property -> the event that tells of its change, without the prefix."""
_ON_CLOSED = frozenset({"subject", "priority", "tags"})


@dataclass(frozen=True, slots=True)
class Said:
    """What a comment is made of. `author` may be another than who is at work."""

    html: str
    public: bool
    files: list[Attachment] = field(default_factory=list)
    author: int | None = None


@dataclass(frozen=True, slots=True)
class By:
    """Who acts and how: the channel, and the caller's User-Agent if it is an API's."""

    user: User
    channel: str = "web"
    client: str = "Mozilla/5.0"
    custom: Mapping[str, Any] = field(default_factory=dict)


def create(site: Site, by: By, values: Mapping[str, Any], said: Said) -> Ticket:
    """A new ticket. Raises ZendeskError 422."""
    now = _second(site)
    content = site.content
    requester = values.get("requester_id", by.user.id)
    ticket = Ticket(
        id=site.next_ticket(),
        created=now,
        updated=now,
        generated=int(now.timestamp()),
        submitter=values.get("submitter_id", by.user.id),
        requester=requester,
        channel=by.channel,
        brand=content.brands[0].id,
        form=content.forms[0].id,
        custom={each.id: initial(each) for each in site.custom_fields()},
        custom_status=_default_status(site, "new"),
    )
    changed = _apply(site, by, ticket, values)
    events = [
        {"type": "Create", "field_name": n, "value": _text(v)} for n, (_, v) in changed.items()
    ]
    audit = _audited(site, by, ticket, events, now)
    author = said.author or ticket.submitter
    _say(site, by, ticket, audit, Said(said.html, said.public, said.files, author), now)
    site.tickets[ticket.id] = ticket
    site.tell([Event("created", ticket, by.user, site.now(), {}), *_files_told(site, by, ticket)])
    return ticket


def update(
    site: Site, by: By, ticket: Ticket, values: Mapping[str, Any], said: Said | None = None
) -> Audit | None:
    """Change fields and say something, in one audit; None if nothing changed. Raises 422."""
    closed = ticket.status == "closed"
    loose = site.on("closed_takes_some_fields") and said is None and values.keys() <= _ON_CLOSED
    if closed and not loose:
        raise invalid(status="Status: closed prevents ticket update")
    trial = copy.deepcopy(ticket)
    changed = _apply(site, by, trial, values)
    if (
        said is not None
        and by.user.role == "end-user"
        and trial.status in {"pending", "hold", "solved"}
    ):
        _set_status(site, trial, "open")
        changed["status"] = (ticket.status, "open")
    if not changed and said is None:
        return None
    for name in vars(trial):
        setattr(ticket, name, getattr(trial, name))
    now = _second(site)
    touch(ticket, now)
    events = [
        {"type": "Change", "field_name": n, "value": _text(new), "previous_value": _text(old)}
        for n, (old, new) in changed.items()
    ]
    audit = _audited(site, by, ticket, events, now)
    told = [
        Event(_CHANGED.get(n, "custom_field_changed"), ticket, by.user, site.now(), _moved(n, *v))
        for n, v in changed.items()
    ]
    if said is not None:
        comment = _say(site, by, ticket, audit, said, now)
        told.append(_said(ticket, by.user, comment, site.now()))
        told += _files_told(site, by, ticket)
    site.tell(told)
    return audit


def redact(site: Site, by: By, ticket: Ticket, comment: Comment, file: Attachment) -> None:
    """Put an empty file in the place of one."""
    file.redacted, file.content, file.name, file.media_type = True, b"", REDACTED, "text/plain"
    now = _second(site)
    touch(ticket, now)
    events = [
        {"type": "AttachmentRedactionEvent", "attachment_id": file.id, "comment_id": comment.id}
    ]
    _audited(site, by, ticket, events, now)
    what = {"comment": {"id": str(comment.id), "attachment": {"id": str(file.id)}}}
    site.tell([Event("attachment_redacted_from_comment", ticket, by.user, site.now(), what)])


def redact_text(site: Site, by: By, ticket: Ticket, comment: Comment, text: str) -> None:
    """Black out some words of a comment."""
    comment.html = comment.html.replace(text, "▇" * len(text))
    now = _second(site)
    touch(ticket, now)
    _audited(site, by, ticket, [{"type": "CommentRedactionEvent", "comment_id": comment.id}], now)
    what = {"comment": {"id": str(comment.id)}}
    site.tell([Event("comment_redacted", ticket, by.user, site.now(), what)])


def make_private(site: Site, by: By, ticket: Ticket, comment: Comment) -> None:
    """A public comment becomes internal, for good."""
    comment.public = False
    now = _second(site)
    touch(ticket, now)
    _audited(site, by, ticket, [{"type": "CommentPrivacyChange", "comment_id": comment.id}], now)
    what = {"comment": {"id": str(comment.id), "is_public": False}}
    site.tell([Event("comment_made_private", ticket, by.user, site.now(), what)])


def delete(site: Site, by: By, ticket: Ticket) -> None:
    """Into the bin of deleted tickets."""
    ticket.deleted = True
    touch(ticket, _second(site))
    site.tell([Event("soft_deleted", ticket, by.user, site.now(), {})])


def restore(site: Site, by: By, ticket: Ticket) -> None:
    """Out of it again."""
    ticket.deleted = False
    touch(ticket, _second(site))
    site.tell([Event("undeleted", ticket, by.user, site.now(), {})])


def touch(ticket: Ticket, now: datetime) -> None:
    """The stamps of a change that somebody made."""
    ticket.updated = max(now, ticket.updated)
    ticket.generated = max(int(now.timestamp()), ticket.generated)


def _apply(
    site: Site, by: By, ticket: Ticket, values: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """Set fields by Zendesk's own rules; gives what changed, old and new, by property."""
    before = _flat(ticket)
    for name, value in values.items():
        if name in _SETTERS:
            _SETTERS[name](site, ticket, value)
    if "tags" in values:
        with_tags(site, ticket, tags_of(site, values["tags"]))
    for id, value in values.get("custom_fields", {}).items():
        with_custom(ticket, site.field(id), value)
    if site.on("tags_last") and "tags" in values:
        with_tags(site, ticket, tags_of(site, values["tags"]))
    _rules(site, by, ticket)
    after = _flat(ticket)
    return {n: (before[n], value) for n, value in after.items() if value != before[n]}


def _rules(site: Site, by: By, ticket: Ticket) -> None:
    """Rules that no administrator can change ("About native system ticket rules")."""
    if ticket.assignee is not None:
        if site.user(ticket.assignee).role == "end-user":
            raise invalid(assignee="Assignee: is not an agent")
        if ticket.group is None:
            ticket.group = site.content.groups[0].id
        if ticket.status == "new":
            _set_status(site, ticket, "open")
    if ticket.status == "solved":
        if ticket.assignee is None and (
            site.on("solve_needs_assignee") or by.user.role == "end-user"
        ):
            raise invalid(assignee="Assignee: is required when solving a ticket")
        ticket.assignee = ticket.assignee or by.user.id
        ticket.group = ticket.group or site.content.groups[0].id
        empty = [(f.id, f.type, f.title) for f in _demanded(site, ticket) if not _held(ticket, f)]
        if empty:
            raise needed_to_solve(*empty)
    if ticket.type != "task" and not site.on("due_on_every_type"):
        ticket.due = None


def _demanded(site: Site, ticket: Ticket) -> list[TicketField]:
    """Fields of a ticket's form that are required to solve it."""
    left_off = site.content.left_off.get(ticket.form, set())
    return [f for f in site.content.fields if f.required and f.active and f.id not in left_off]


def _held(ticket: Ticket, field: TicketField) -> Any:
    named = {"assignee": ticket.assignee, "priority": ticket.priority, "tickettype": ticket.type}
    held = {**named, "subject": ticket.subject}
    return ticket.custom.get(field.id) if field.removable else held.get(field.type, True)


def _set_status(site: Site, ticket: Ticket, status: Any) -> None:
    if status not in CATEGORIES:
        raise invalid(status=f"Status: {status} is not included in the list")
    if status == "new" and ticket.status != "new":
        if site.on("new_refused"):
            raise invalid(status="Status: new is not valid for this ticket")
        return
    if status != ticket.status:
        ticket.status = status
        # A closed ticket keeps the status of the solved one that it was.
        ticket.custom_status = _default_status(site, "solved" if status == "closed" else status)


def _set_custom_status(site: Site, ticket: Ticket, id: Any) -> None:
    for each in site.content.statuses:
        if each.id == id:
            _set_status(site, ticket, each.category)
            if ticket.status == each.category:
                ticket.custom_status = each.id
            return
    raise invalid(custom_status_id="Custom status: is invalid")


def _set_priority(site: Site, ticket: Ticket, value: Any) -> None:  # noqa: ARG001 - one form for all
    if value and value not in PRIORITIES:
        raise invalid(priority=f"Priority: {value} is not valid")
    ticket.priority = value or ticket.priority  # once set, it is not taken away


def _set_type(site: Site, ticket: Ticket, value: Any) -> None:  # noqa: ARG001
    if value and value not in TYPES:
        raise invalid(type=f"Type: {value} is not valid")
    ticket.type = value or None


def _set_user(name: str) -> Callable[[Site, Ticket, Any], None]:
    def setter(site: Site, ticket: Ticket, value: Any) -> None:
        if value is not None:
            try:
                user = site.user(value)
            except KeyError:
                user = None
            if user is None or not user.active or (user.suspended and name == "assignee"):
                label = name.capitalize()
                raise invalid(**{name: f"{label}: is not a valid user"})
        elif name == "requester":
            raise invalid(requester="Requester: is required")
        setattr(ticket, name, value)

    return setter


def _set_one_of(name: str, of: str) -> Callable[[Site, Ticket, Any], None]:
    def setter(site: Site, ticket: Ticket, value: Any) -> None:
        if value is not None and value not in {each.id for each in getattr(site.content, of)}:
            raise invalid(**{name: f"{name.capitalize()}: is invalid"})
        if value is not None:
            setattr(ticket, name, value)

    return setter


def _set_plain(name: str) -> Callable[[Site, Ticket, Any], None]:
    def setter(site: Site, ticket: Ticket, value: Any) -> None:  # noqa: ARG001
        setattr(ticket, name, value)

    return setter


_SETTERS: Mapping[str, Callable[[Site, Ticket, Any], None]] = {
    "subject": _set_plain("subject"),
    "external_id": _set_plain("external_id"),
    "type": _set_type,
    "due_at": _set_plain("due"),
    "priority": _set_priority,
    "assignee_id": _set_user("assignee"),
    "requester_id": _set_user("requester"),
    "group_id": _set_one_of("group", "groups"),
    "brand_id": _set_one_of("brand", "brands"),
    "ticket_form_id": _set_one_of("form", "forms"),
    "problem_id": _set_plain("problem"),
    "status": _set_status,
    "custom_status_id": _set_custom_status,
}


def _flat(ticket: Ticket) -> dict[str, Any]:
    return {
        "subject": ticket.subject,
        "status": ticket.status,
        "custom_status_id": ticket.custom_status,
        "priority": ticket.priority,
        "type": ticket.type,
        "assignee_id": ticket.assignee,
        "group_id": ticket.group,
        "requester_id": ticket.requester,
        "external_id": ticket.external_id,
        "brand_id": ticket.brand,
        "ticket_form_id": ticket.form,
        "due_at": stamp(ticket.due) if ticket.due else None,
        "problem_id": ticket.problem,
        "tags": list(ticket.tags),
        **{str(id): copy.copy(value) for id, value in ticket.custom.items()},
    }


def _say(site: Site, by: By, ticket: Ticket, audit: Audit, said: Said, now: datetime) -> Comment:
    # The event of the audit and the comment share one id.
    id = site.next_id()
    comment = Comment(
        id,
        said.author or by.user.id,
        stored_html(said.html),
        said.public,
        now,
        audit.id,
        by.channel,
        by.client,
        {} if site.on("metadata_not_kept") else by.custom,
        said.files,
    )
    ticket.comments.append(comment)
    audit.events.insert(0, {"id": id, "type": "Comment", "comment": comment})
    return comment


def _audited(
    site: Site, by: By, ticket: Ticket, events: list[dict[str, Any]], now: datetime
) -> Audit:
    custom = {} if site.on("metadata_not_kept") else by.custom
    named = [{"id": site.next_id(), **event} for event in events]
    audit = Audit(site.next_id(), by.user.id, now, by.channel, by.client, custom, named)
    ticket.audits.append(audit)
    return audit


def _default_status(site: Site, category: str) -> int:
    return next(s.id for s in site.content.statuses if s.category == category and s.default)


def _second(site: Site) -> datetime:
    return site.now().replace(microsecond=0)


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, list | bool) else str(value)


def _moved(name: str, old: Any, new: Any) -> dict[str, Any]:
    """An event's `current` and `previous`; what is a list of words here is upper case there."""
    upper = name in {"status", "priority", "type"}
    told = {
        "current": new.upper() if upper and new else _text(new),
        "previous": old.upper() if upper and old else _text(old),
    }
    return {**told, "custom_field": {"id": name}} if name.isdecimal() else told


def _said(ticket: Ticket, user: User, comment: Comment, at: datetime) -> Event:
    author = {"id": str(comment.author), "is_staff": user.role != "end-user", "name": user.name}
    told = {
        "id": str(comment.id),
        "body": plain(comment.html),
        "html_body": comment.html,
        "is_public": comment.public,
        "author": author,
    }
    return Event("comment_added", ticket, user, at, {"comment": told})


def _files_told(site: Site, by: By, ticket: Ticket) -> list[Event]:
    comment = ticket.comments[-1]
    return [
        Event(
            "attachment_linked_to_comment",
            ticket,
            by.user,
            site.now(),
            {
                "comment": {
                    "id": str(comment.id),
                    "attachment": {
                        "id": str(file.id),
                        "content_type": file.media_type,
                        "filename": file.name,
                        "is_public": comment.public,
                    },
                }
            },
        )
        for file in comment.attachments
    ]
