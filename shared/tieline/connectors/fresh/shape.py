"""What tells one list of records from another: addresses, envelopes, what comes along. Data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tieline.connectors.fresh.api import ROOT
from tieline.connectors.fresh.wire import Field


@dataclass(frozen=True, slots=True)
class Shape:
    """One list of records of one system: `tickets`, `problems`, `changes`.

    `one` and `many` are the envelopes of an answer, "" where it is bare; `include` is what every
    read must ask for, `included` what a row of a list must. `keys` are those of other types.
    `born` is what a creation says if nobody else does, `due` how far ahead it then is due.
    `closed` are the statuses that close it.
    `talks`: it has conversations, public and private, with files; else it has notes for the team.
    `ordered`: a list is sure to take an order and a moment. `bins` are the filters under which it
    shows what it leaves out. `search` is where a tag or a custom field is looked for, `searched`
    the envelope there. `params` stand in every list, `workspace` is the one that records are of.
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
    keys: Mapping[str, str] = field(default_factory=dict)
    born: Mapping[str, Any] = field(default_factory=dict)
    due: timedelta | None = None
    closed: frozenset[str] = frozenset()
    tagged: bool = True
    talks: bool = True
    ordered: bool = True
    file: str = ROOT + "/attachments/{file}"
    bins: tuple[str, ...] = ("deleted", "spam")
    search: str = ""
    searched: str = "results"
    params: Mapping[str, Any] = field(default_factory=dict)
    workspace: str = ""

    @property
    def record(self) -> str:
        """The address of one of them."""
        return self.path + "/{id}"
