"""The fields of one Jira site by the names that people use for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tieline.connectors.jira.wire import STANDARD, Field, field_from_listing
from tieline.domain.errors import Configuration

Call = Callable[..., Any]
"""`Http.call`, or what does the same."""


class Fields:
    """Standard fields are known; others are looked up in `GET /field`, which is asked once."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._listing: tuple[Mapping[str, Any], ...] | None = None
        self._known: dict[str, Field] = dict(STANDARD)

    def named(self, names: Iterable[str]) -> dict[str, Field]:
        """Fields by name; what the site does not have is left out.

        Raises Configuration for a name that several fields have: then link.yaml must give the id.
        """
        return {name: field for name in names if (field := self._field(name)) is not None}

    def known(self, names: Iterable[str]) -> dict[str, Field]:
        """The same, for names that must exist. Raises Configuration."""
        wanted = list(names)
        found = self.named(wanted)
        missing = [name for name in wanted if name not in found]
        if missing:
            raise Configuration(f"jira has no field {', '.join(map(repr, missing))}")
        return found

    def _field(self, name: str) -> Field | None:
        if name not in self._known:
            raw = self._raw(name)
            field = field_from_listing(name, raw) if raw is not None else None
            if field is None:
                return None
            self._known[name] = field
        return self._known[name]

    def _raw(self, name: str) -> Mapping[str, Any] | None:
        if self._listing is None:
            self._listing = tuple(self._call("GET", "/rest/api/3/field").json())
        for same in (
            [raw for raw in self._listing if raw["id"] == name],
            [raw for raw in self._listing if raw["name"] == name],
            [raw for raw in self._listing if raw["name"].casefold() == name.casefold()],
        ):
            if len(same) > 1:
                ids = ", ".join(sorted(str(raw["id"]) for raw in same))
                raise Configuration(
                    f"jira has several fields named {name!r}: say which by id: {ids}"
                )
            if same:
                return same[0]
        return None
