"""What an owner changes in a simulated organisation: the fields of its issues."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tieline_ops.sandbox.github.content import IssueField
from tieline_ops.sandbox.github.state import Repository


class Admin:
    """Fields and options by name. Raises KeyError."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo

    def acts(self) -> Mapping[str, Callable[..., None]]:
        """Act -> what does it, for the control surface."""
        return {
            "rename_field": self.rename_field,
            "remove_field": self.remove_field,
            "add_option": self.add_option,
            "remove_option": self.remove_option,
        }

    def rename_field(self, field: str, name: str) -> None:
        """Another name; the id stays."""
        self._put(replace(self._field(field), name=name))

    def remove_field(self, field: str) -> None:
        """Delete a field, with what issues hold in it."""
        with self._repo.lock:
            gone = self._field(field)
            self._repo.content.fields.remove(gone)
            self._empty(gone)

    def add_option(self, field: str, option: str) -> None:
        old = self._field(field)
        self._put(replace(old, options=(*old.options, option)))

    def remove_option(self, field: str, option: str) -> None:
        """Delete an option; issues that hold it are left without a value."""
        old = self._field(field)
        if option not in old.options:
            raise KeyError(option)
        self._put(replace(old, options=tuple(o for o in old.options if o != option)))
        with self._repo.lock:
            self._empty(old, option)

    def _empty(self, field: IssueField, option: str = "") -> None:
        """Take a field's values away, or that one."""
        for number, issue in self._repo.issues.items():
            held = dict(issue.values)
            value = held.pop(field.id, None)
            if isinstance(value, list) and option:
                held |= {field.id: left} if (left := [v for v in value if v != option]) else {}
            elif option and value is not None and value != option:
                continue
            self._repo.issues[number] = replace(issue, values=held)

    def _put(self, new: IssueField) -> None:
        with self._repo.lock:
            fields = self._repo.content.fields
            fields[:] = [new if each.id == new.id else each for each in fields]

    def _field(self, name: str) -> IssueField:
        for field in self._repo.content.fields:
            if field.name == name:
                return field
        raise KeyError(name)
