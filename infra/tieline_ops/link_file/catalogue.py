"""What a system is known to have without asking it: the checks that need no network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from pydantic import BaseModel

from tieline.connectors import CONNECTORS, connector_class
from tieline.domain.ticket import FieldSpec

ALIASES = ("title", "description", "status", "priority", "assignee", "reporter", "tags", "due")
"""The canonical names of fields; link.yaml may use them for the native ones."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One kind of system. `custom_ok`: an unknown field name may be a custom field's."""

    title: str
    standard_fields: Mapping[str, FieldSpec]
    scope_keys: Mapping[str, bool] = field(default_factory=dict)
    custom_ok: bool = True
    described_by: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    described_fields: Callable[[Mapping[str, str]], Mapping[str, FieldSpec]] | None = None

    def of(self, scope: Mapping[str, str]) -> Catalogue:
        """What is known of a side with this scope: a described system has the fields it says."""
        told = all(scope.get(key, "").startswith("{") for key in self.described_by)
        if self.described_fields is None or not told:
            return self
        return replace(self, standard_fields=self.described_fields(scope), custom_ok=False)

    def native(self, name: str) -> str | None:
        """The native name for a native or canonical one; None if the name is not standard."""
        if name in self.standard_fields:
            return name
        for native, spec in self.standard_fields.items():
            if name and spec.alias == name:
                return native
        return None

    def words(self) -> tuple[str, ...]:
        """Every name that a standard field may be called by."""
        aliases = [spec.alias for spec in self.standard_fields.values() if spec.alias]
        return (*self.standard_fields, *aliases)


def catalogues() -> Mapping[str, Catalogue]:
    """What the connectors declare, by the system's word in link.yaml."""
    found = {}
    for system in CONNECTORS:
        connector = connector_class(system)
        found[system] = Catalogue(
            connector.title,
            connector.standard_fields,
            connector.scope_keys,
            described_by=getattr(connector, "described_by", {}),
            described_fields=getattr(connector, "described_fields", None),
        )
    return found
