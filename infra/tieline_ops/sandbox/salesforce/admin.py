"""What an administrator changes in a simulated org: fields of cases, picklists, people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tieline_ops.sandbox.salesforce.content import CaseField, Choice
from tieline_ops.sandbox.salesforce.state import Site


class Admin:
    """Fields by API name or label, users by e-mail address. Raises KeyError."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def acts(self) -> Mapping[str, Callable[..., None]]:
        """Act -> what does it, for the control surface."""
        return {
            "label_field": self.label_field,
            "hide_field": self.hide_field,
            "require_field": self.require_field,
            "lock_field": self.lock_field,
            "add_value": self.add_value,
            "deactivate_value": self.deactivate_value,
            "deactivate": self.deactivate,
        }

    def label_field(self, field: str, label: str) -> None:
        """Another label; the API name stays."""
        self._put(field, label=label)

    def hide_field(self, field: str) -> None:
        """Take a field from our user by field-level security: describe tells of it no more."""
        with self._site.lock:
            self._site.content.fields.remove(self._field(field))

    def require_field(self, field: str, required: bool = True) -> None:
        """Require a field of every case, not on a page layout alone."""
        self._put(field, nillable=not required)

    def lock_field(self, field: str, locked: bool = True) -> None:
        """Make a field read-only by field-level security."""
        self._put(field, createable=not locked, updateable=not locked)

    def add_value(self, field: str, value: str, label: str) -> None:
        options = self._field(field).options
        self._put(field, options=(*options, Choice(value, label)))

    def deactivate_value(self, field: str, value: str) -> None:
        """Make a value inactive; cases that have it keep it."""
        options = self._field(field).options
        if value not in {option.value for option in options}:
            raise KeyError(value)
        changed = (replace(o, active=False) if o.value == value else o for o in options)
        self._put(field, options=tuple(changed))

    def deactivate(self, user: str, active: bool = False) -> None:
        with self._site.lock:
            users = self._site.content.users
            users[:] = [replace(u, active=active) if u.email == user else u for u in users]

    def _put(self, name: str, **changes: object) -> None:
        with self._site.lock:
            fields, old = self._site.content.fields, self._field(name)
            fields[fields.index(old)] = replace(old, **changes)  # type: ignore[arg-type]

    def _field(self, name: str) -> CaseField:
        for field in self._site.content.fields:
            if name in (field.name, field.label):
                return field
        raise KeyError(name)
