"""What an administrator changes in a simulated account: ticket fields, their lists, people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tieline_ops.sandbox.zendesk.content import Choice, TicketField
from tieline_ops.sandbox.zendesk.state import Site


class Admin:
    """Fields by id or title, options and forms by name, users by e-mail address.

    Raises KeyError for what does not exist, ValueError for an option that tickets still hold.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def acts(self) -> Mapping[str, Callable[..., None]]:
        """Act -> what does it, for the control surface."""
        return {
            "rename_field": self.rename_field,
            "deactivate_field": self.deactivate_field,
            "require_field": self.require_field,
            "require_in_portal": self.require_in_portal,
            "leave_off_form": self.leave_off_form,
            "add_option": self.add_option,
            "rename_option": self.rename_option,
            "remove_option": self.remove_option,
            "deactivate": self.deactivate,
        }

    def rename_field(self, field: str, title: str) -> None:
        """Another title; the id stays."""
        self._put(replace(self._field(field), title=title))

    def deactivate_field(self, field: str, active: bool = False) -> None:
        self._put(replace(self._field(field), active=active))

    def require_field(self, field: str, required: bool = True) -> None:
        """To solve a ticket."""
        self._put(replace(self._field(field), required=required))

    def require_in_portal(self, field: str, required: bool = True) -> None:
        """Of end users, on the form of the help centre."""
        self._put(replace(self._field(field), required_in_portal=required))

    def leave_off_form(self, field: str, form: str) -> None:
        with self._site.lock:
            content = self._site.content
            (id,) = (each.id for each in content.forms if each.name == form)
            content.left_off.setdefault(id, set()).add(self._field(field).id)

    def add_option(self, field: str, value: str, name: str) -> None:
        found = self._field(field)
        self._put(replace(found, options=(*found.options, Choice(value, name))))

    def rename_option(self, field: str, option: str, name: str) -> None:
        """Another name; the value, a tag, stays."""
        found, old = self._option(field, option)
        new = replace(old, name=name)
        self._put(replace(found, options=tuple(new if o is old else o for o in found.options)))

    def remove_option(self, field: str, option: str) -> None:
        found, old = self._option(field, option)
        held = [str(t.id) for t in self._site.tickets.values() if old.value in t.tags]
        if held:
            raise ValueError(f"{', '.join(held)} still hold {option!r}")
        self._put(replace(found, options=tuple(o for o in found.options if o is not old)))

    def deactivate(self, user: str, active: bool = False) -> None:
        with self._site.lock:
            users = self._site.content.users
            found = self._site.user(user)
            users[users.index(found)] = replace(found, active=active)

    def _option(self, field: str, name: str) -> tuple[TicketField, Choice]:
        found = self._field(field)
        for option in found.options:
            if option.name == name:
                return found, option
        raise KeyError(name)

    def _put(self, field: TicketField) -> None:
        with self._site.lock:
            fields = self._site.content.fields
            fields[[each.id for each in fields].index(field.id)] = field

    def _field(self, name: str) -> TicketField:
        for field in self._site.content.fields:
            if name in (str(field.id), field.title):
                return field
        raise KeyError(name)
