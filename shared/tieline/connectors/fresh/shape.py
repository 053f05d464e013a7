"""What tells one list of records from another: addresses, envelopes, what comes along. Data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tieline.connectors.fresh.wire import Field


@dataclass(frozen=True, slots=True)
class Shape:
    """One list of records of one system: `tickets`, `problems`, `changes`.

    `one` and `many` are the envelopes of an answer, "" where it is bare; `include` is what every
    read must ask for, `included` what a row of a list must. `born` is what a creation says if
    nobody else does. `agent` is the key of who works on it. `bins` are the filters under which a
    list shows what it leaves out. `search` is where a tag or a custom field is looked for, with
    the key of the rows there.
    """

    path: str
    key: str
    url: str
    fields: str
    standard: Mapping[str, Field]
    one: str = ""
    many: str = ""
    fields_key: str = ""
    lists: Mapping[str, str] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    included: tuple[str, ...] = ()
    requester: str = "requester"
    born: Mapping[str, Any] = field(default_factory=dict)
    tagged: bool = True
    talks: bool = True
    bins: tuple[str, ...] = ("deleted", "spam")
    search: str = ""
    searched: str = "results"
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def record(self) -> str:
        """The address of one of them."""
        return self.path + "/{id}"
