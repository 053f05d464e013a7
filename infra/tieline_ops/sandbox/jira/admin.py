"""What an administrator changes in a simulated Jira: fields, options, workflow, people, rights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tieline_ops.sandbox.jira.content import Field, Named
from tieline_ops.sandbox.jira.state import Site

_FIRST_OPTION = 20_000


class Admin:
    """Fields by id or name, options and statuses by name, users by e-mail address.

    Raises KeyError for what does not exist, ValueError for an option that issues still hold.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def acts(self) -> Mapping[str, Callable[..., None]]:
        """Act -> what does it, for the control surface."""
        return {
            "rename_field": self.rename_field,
            "remove_field": self.remove_field,
            "require_field": self.require_field,
            "lock_field": self.lock_field,
            "add_option": self.add_option,
            "remove_option": self.remove_option,
            "remove_ways": self.remove_ways,
            "deactivate": self.deactivate,
            "deny": self.deny,
        }

    def rename_field(self, field: str, name: str) -> None:
        """Another name; the id stays."""
        self._put(replace(self._field(field), name=name))

    def remove_field(self, field: str) -> None:
        with self._site.lock:
            del self._site.content.fields[self._field(field).id]

    def require_field(self, field: str, required: bool = True) -> None:
        self._put(replace(self._field(field), required=required))

    def lock_field(self, field: str, locked: bool = True) -> None:
        """Take a field off every screen, so that nothing can be set in it; or put it back."""
        screens = frozenset[str]() if locked else frozenset({"create", "edit"})
        self._put(replace(self._field(field), screens=screens))

    def add_option(self, field: str, option: str) -> None:
        found = self._field(field)
        taken = [int(o.id) for o in found.options]
        made = Named(str(max([_FIRST_OPTION, *taken]) + 1), option)
        self._put(replace(found, options=(*found.options, made)))

    def remove_option(self, field: str, option: str) -> None:
        found = self._field(field)
        gone = [o for o in found.options if o.name == option]
        if not gone:
            raise KeyError(option)
        held = [i.key for i in self._site.issues.values() if gone[0].id in str(i.values[found.id])]
        if held:
            raise ValueError(f"{', '.join(held)} still hold {option!r}")
        self._put(replace(found, options=tuple(o for o in found.options if o not in gone)))

    def remove_ways(self, status: str) -> None:
        """Take every transition that leads to a status out of the workflow."""
        with self._site.lock:
            content = self._site.content
            (id,) = (s.id for s in content.statuses if s.name == status)
            content.transitions = tuple(t for t in content.transitions if t.target != id)

    def deactivate(self, user: str, active: bool = False) -> None:
        with self._site.lock:
            found = self._site.user(user)
            found.active = found.assignable = active

    def deny(self, user: str, permission: str, denied: bool = True) -> None:
        """Take a permission (`EDIT_ISSUES`) from somebody, or give it back."""
        with self._site.lock:
            lacks = self._site.user(user).denied
            (lacks.add if denied else lacks.discard)(permission)

    def _put(self, field: Field) -> None:
        with self._site.lock:
            self._site.content.fields[field.id] = field

    def _field(self, name: str) -> Field:
        for field in self._site.content.fields.values():
            if name in (field.id, field.name):
                return field
        raise KeyError(name)
