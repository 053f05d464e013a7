"""What an administrator changes in a simulated Azure DevOps: fields, lists, the process, people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tieline_ops.sandbox.azure_devops.content import FieldDef
from tieline_ops.sandbox.azure_devops.state import Organisation


class Admin:
    """Fields by reference name or name, users by e-mail address.

    Raises KeyError for what does not exist, ValueError for a value that items still hold.
    """

    def __init__(self, organisation: Organisation) -> None:
        self._of = organisation

    def acts(self) -> Mapping[str, Callable[..., None]]:
        """Act -> what does it, for the control surface."""
        return {
            "rename_field": self.rename_field,
            "remove_field": self.remove_field,
            "require_field": self.require_field,
            "add_option": self.add_option,
            "remove_option": self.remove_option,
            "remove_ways": self.remove_ways,
            "deactivate": self.deactivate,
        }

    def rename_field(self, field: str, name: str) -> None:
        """Another name; the reference name stays."""
        old = self._field(field)
        self._put(old, replace(old, name=name))

    def remove_field(self, field: str) -> None:
        """Delete a field of the organisation, with what items hold in it."""
        old = self._field(field)
        self._put(old, None)
        with self._of.lock:
            for item in self._of.items.values():
                item.fields.pop(old.ref, None)

    def require_field(self, field: str, required: bool = True) -> None:
        """On every type that has it. What is saved without it is refused, old items too."""
        old = self._field(field)
        self._put(old, replace(old, required=required))

    def add_option(self, field: str, option: str) -> None:
        old = self._field(field)
        self._put(old, replace(old, values=(*old.values, option)))

    def remove_option(self, field: str, option: str) -> None:
        old = self._field(field)
        gone = [value for value in old.values if str(value) == option]
        if not gone:
            raise KeyError(option)
        held = [i.id for i in self._of.items.values() if i.fields.get(old.ref) == gone[0]]
        if held:
            raise ValueError(f"{', '.join(map(str, held))} still hold {option!r}")
        self._put(old, replace(old, values=tuple(v for v in old.values if v not in gone)))

    def remove_ways(self, state: str, type: str = "Bug") -> None:
        """Take every transition that leads to a state out of a type's workflow."""
        with self._of.lock:
            content = self._of.content
            old = content.type(type)
            if state not in dict(old.states):
                raise KeyError(state)
            moves = {of: tuple(t for t in to if t != state) for of, to in old.moves.items()}
            new = replace(old, moves=moves)
            content.types = tuple(new if each is old else each for each in content.types)

    def deactivate(self, user: str, active: bool = False) -> None:
        with self._of.lock:
            content = self._of.content
            old = content.user(user)
            users = content.users
            content.users = [replace(u, active=active) if u is old else u for u in users]

    def _put(self, old: FieldDef, new: FieldDef | None) -> None:
        with self._of.lock:
            content = self._of.content
            fields = (new if each is old else each for each in content.fields)
            content.fields = tuple(each for each in fields if each is not None)

    def _field(self, name: str) -> FieldDef:
        for field in self._of.content.fields:
            if name in (field.ref, field.name):
                return field
        raise KeyError(name)
