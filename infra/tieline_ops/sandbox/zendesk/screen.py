"""What the screen of a ticket shows and takes, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tieline_ops.sandbox.zendesk.content import TicketField
from tieline_ops.sandbox.zendesk.state import Site, Ticket, stamp

STATUSES = {
    "new": "New", "open": "Open", "pending": "Pending", "hold": "On-hold", "solved": "Solved",
    "closed": "Closed",
}  # fmt: skip
_LISTED = {
    "group": ("groups", "group_id"),
    "brand": ("brands", "brand_id"),
    "form": ("forms", "ticket_form_id"),
}


class Screen:
    """Fields by native name, custom ones by title; lists by label, people by e-mail address."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._takers: Mapping[str, Callable[[str, Any], dict[str, Any]]] = {
            "subject": lambda name, value: {name: value or ""},
            "external_id": lambda name, value: {name: value or ""},
            "tags": lambda name, value: {name: value or []},
            "status": lambda name, value: {name: _word(STATUSES, value)},
            "priority": lambda name, value: {name: value.lower() if value else None},
            "type": lambda name, value: {name: value.lower() if value else None},
            "due_at": lambda name, value: {
                name: _moment(value),
                **({"type": "task"} if value else {}),
            },
            "assignee": self._person,
            "requester": self._person,
            "custom_status": lambda _, value: {"custom_status_id": _status_id(site, value)},
            **dict.fromkeys(_LISTED, self._listed),
        }

    def values(self, fields: Mapping[str, Any], ticket: Ticket | None) -> dict[str, Any]:
        """What was filled in, as the work takes it; `ticket` is the one on the screen.

        A due date makes a task. Raises KeyError for no such field, ValueError for no such choice.
        """
        values, custom = dict[str, Any](), dict[int, Any]()
        titles = {field.title: field for field in self._site.custom_fields()}
        for name, value in fields.items():
            if name == "description":
                continue
            if name in self._takers:
                values = {**self._takers[name](name, value), **values}
            else:
                custom[titles[name].id] = self._typed(titles[name], value)
        if "tags" in values:
            held = {**(ticket.custom if ticket else {}), **custom}
            values["tags"] = [*values["tags"], *self._field_tags(held)]
        if "type" in fields:
            values |= self._takers["type"]("type", fields["type"])
        return {**values, **({"custom_fields": custom} if custom else {})}

    def shown(self, ticket: Ticket) -> dict[str, Any]:
        """A ticket's fields, but for its description."""
        site = self._site
        users = {"requester": ticket.requester, "submitter": ticket.submitter}
        found: dict[str, Any] = {
            "subject": ticket.subject,
            "status": STATUSES[ticket.status],
            "custom_status": _label(site, ticket.custom_status),
            "priority": ticket.priority.capitalize() if ticket.priority else None,
            "type": ticket.type.capitalize() if ticket.type else None,
            "assignee": site.user(ticket.assignee).email if ticket.assignee else None,
            "due_at": stamp(ticket.due) if ticket.due else None,
            "external_id": ticket.external_id,
            "tags": self._own_tags(ticket) or None,
            "group": _name_of(site.content.groups, ticket.group),
            "brand": _name_of(site.content.brands, ticket.brand),
            "form": _name_of(site.content.forms, ticket.form),
            "created_at": stamp(ticket.created),
            **{name: site.user(id).email for name, id in users.items()},
        }
        for field in site.custom_fields():
            found[field.title] = self._shown(field, ticket.custom.get(field.id))
        return found

    def _person(self, name: str, value: Any) -> dict[str, Any]:
        return {f"{name}_id": self._site.user(value).id if value else None}

    def _listed(self, name: str, value: Any) -> dict[str, Any]:
        of, element = _LISTED[name]
        return {element: _id_of(getattr(self._site.content, of), value)}

    def _field_tags(self, custom: Mapping[int, Any]) -> list[str]:
        """The tags that lists and boxes stand for, which nobody takes out of the box of tags."""
        found: list[str] = []
        for field in self._site.custom_fields():
            value = custom.get(field.id)
            if field.type == "checkbox" and value:
                found.append(field.tag)
            elif field.type == "tagger" and value:
                found.append(value)
            elif field.type == "multiselect":
                found += value or []
        return found

    def _own_tags(self, ticket: Ticket) -> list[str]:
        """The tags that are not some list's or box's value."""
        taken = {
            tag
            for field in self._site.custom_fields()
            for tag in (field.tag, *(option.value for option in field.options))
        }
        return [tag for tag in ticket.tags if tag not in taken]

    def _shown(self, field: TicketField, value: Any) -> Any:
        if value is None:
            return None
        names = {option.value: option.name for option in field.options}
        match field.type:
            case "tagger":
                return names[value]
            case "multiselect":
                return [names[each] for each in value]
            case "integer":
                return int(value)
            case "decimal":
                return float(value)
            case "lookup" if field.target == "zen:user":
                return self._site.user(int(value)).email
            case _:
                return value

    def _typed(self, field: TicketField, value: Any) -> Any:
        if value is None:
            return None
        by_name = {option.name: option.value for option in field.options}
        match field.type:
            case "tagger":
                return _chosen(by_name, value)
            case "multiselect":
                return [_chosen(by_name, each) for each in value]
            case "lookup" if field.target == "zen:user":
                return str(self._site.user(value).id)
            case _:
                return value


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _word(labels: Mapping[str, str], label: Any) -> str:
    for word, known in labels.items():
        if label in (word, known):
            return word
    raise ValueError(f"no such choice: {label}")


def _chosen(by_name: Mapping[str, str], label: Any) -> str:
    if label not in by_name:
        raise ValueError(f"no such choice: {label}")
    return by_name[label]


def _label(site: Site, id: int) -> str:
    return next((status.label for status in site.content.statuses if status.id == id), "")


def _status_id(site: Site, label: Any) -> int:
    for status in site.content.statuses:
        if label == status.label:
            return status.id
    raise ValueError(f"no such choice: {label}")


def _name_of(rows: Any, id: int | None) -> str | None:
    return next((row.name for row in rows if row.id == id), None)


def _id_of(rows: Any, name: Any) -> int | None:
    if name is None:
        return None
    for row in rows:
        if row.name == name:
            return int(row.id)
    raise ValueError(f"no such choice: {name}")
