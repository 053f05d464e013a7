"""What an administrator changes in a simulated account: fields of a form, their lists, people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tieline_ops.sandbox.fresh.content import Field
from tieline_ops.sandbox.fresh.state import Site


class Admin:
    """Fields of one form by name or label, users by e-mail address.

    Raises KeyError for what does not exist, ValueError for a list that is not a plain one, and for
    an option that records still hold.
    """

    def __init__(self, site: Site, kind: str) -> None:
        self._site = site
        self._kind = kind

    def acts(self) -> Mapping[str, Callable[..., None]]:
        """Act -> what does it, for the control surface."""
        return {
            "rename_field": self.rename_field,
            "remove_field": self.remove_field,
            "require_field": self.require_field,
            "require_to_close": self.require_to_close,
            "move_to_section": self.move_to_section,
            "add_option": self.add_option,
            "remove_option": self.remove_option,
            "deactivate": self.deactivate,
        }

    def rename_field(self, field: str, label: str) -> None:
        """Another label; the name in the API stays."""
        self._put(replace(self._field(field), label=label))

    def remove_field(self, field: str) -> None:
        with self._site.lock:
            self._site.fields[self._kind].remove(self._field(field))

    def require_field(self, field: str, required: bool = True) -> None:
        """For agents, when they make a ticket."""
        self._put(replace(self._field(field), required=required))

    def require_to_close(self, field: str, required: bool = True) -> None:
        self._put(replace(self._field(field), closing=required))

    def move_to_section(self, field: str, section: bool = True) -> None:
        """Into a section, which comes up with some value of another field only; or out of it."""
        self._put(replace(self._field(field), section=section))

    def add_option(self, field: str, option: str) -> None:
        self._put(self._with_choices(field, [*self._choices(field), option]))

    def remove_option(self, field: str, option: str) -> None:
        found, left = self._field(field), self._choices(field)
        if option not in left:
            raise KeyError(option)
        records = self._site.records[self._kind].values()
        held = [str(r.id) for r in records if option in str(r.custom.get(found.name))]
        if held:
            raise ValueError(f"{', '.join(held)} still hold {option!r}")
        self._put(self._with_choices(field, [each for each in left if each != option]))

    def deactivate(self, user: str, active: bool = False) -> None:
        with self._site.lock:
            self._site.user(user).active = active

    def _choices(self, field: str) -> list[str]:
        found = self._field(field)
        if found.default or not isinstance(found.choices, list):
            raise ValueError(f"{field} has no list that can be changed here")
        return list(found.choices)

    def _with_choices(self, field: str, choices: list[str]) -> Field:
        return replace(self._field(field), choices=choices)

    def _put(self, field: Field) -> None:
        with self._site.lock:
            fields = self._site.fields[self._kind]
            fields[[each.name for each in fields].index(field.name)] = field

    def _field(self, name: str) -> Field:
        for field in self._site.fields[self._kind]:
            if name in (field.name, field.label):
                return field
        raise KeyError(name)
