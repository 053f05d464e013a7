"""Agents and those who ask for help: by id and by e-mail address, remembered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tieline.connectors.fresh.api import ME, ROOT, Api
from tieline.connectors.fresh.wire import Raw
from tieline.domain.errors import Configuration, Gone, Refused
from tieline.domain.ticket import Person

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class Directory:
    """Where a kind of people is listed: `agents`, `contacts`, `requesters`.

    `active`: its rows say by this word that they were not deactivated. A contact of Freshdesk says
    by the same word that its address was confirmed.
    """

    path: str
    one: str = ""
    many: str = ""
    active: bool = False


class People:
    """The people of one account. `asking` is the directory of those who are no agents.

    `me` is the e-mail address of the agent whose key we have, where the account does not say.
    """

    def __init__(self, api: Api, agents: Directory, asking: Directory, me: str = "") -> None:
        self._api = api
        self._directories = (agents, asking)
        self._email = me
        self._known: dict[str, Person] = {}
        self._me: Person | None = None

    def ask_me(self) -> Person:
        """The agent that we act as, asked for now. Raises Credentials."""
        self._me = None
        return self.me()

    def me(self) -> Person:
        """The agent that we act as, asked for once. Agents: Currently authenticated agent."""
        if self._me is None:
            try:
                self._me = person_of(self._api.one("GET", ME, self._directories[0].one))
            except Gone:
                self._me = self._by_address()
            self._known[self._me.id] = self._me
        return self._me

    def by_id(self, id: str) -> Person:
        """Whoever it is; one who may not be looked up is known by the id alone."""
        if id not in self._known:
            self._known[id] = self._asked(id) or Person(id, "", id)
        return self._known[id]

    def learn(self, row: Any) -> None:
        """Somebody who came along with a record."""
        if isinstance(row, Mapping) and row.get("id"):
            found = person_of(row)
            self._known[found.id] = found

    def by_email(self, email: str, *, agent: bool = False) -> Person | None:
        """The one active person with this address, agents first; None if nobody has it."""
        wanted = email.strip().casefold()
        if not _ADDRESS.fullmatch(wanted):
            return None
        for directory in self._directories[: 1 if agent else 2]:
            rows, _ = self._api.page(ROOT + directory.path, directory.many, email=wanted)
            found = [person_of(row) for row in rows if _is_there(row, directory)]
            same = [person for person in found if person.email.casefold() == wanted]
            if same:
                self._known[same[0].id] = same[0]
                return same[0] if len(same) == 1 else None
        return None

    def _by_address(self) -> Person:
        found = self.by_email(self._email, agent=True) if self._email else None
        if found is None:
            raise Configuration(
                f"{self._api.system}: the account does not say whose key this is; put the agent's "
                "e-mail address into the secret as agent_email"
            )
        return found

    def _asked(self, id: str) -> Person | None:
        for directory in self._directories:
            path = ROOT + directory.path + "/{id}"
            try:
                return person_of(self._api.one("GET", path, directory.one, parts={"id": id}))
            except (Gone, Refused):
                continue
        return None


def person_of(row: Raw) -> Person:
    """An agent, a contact or a requester. An agent of Freshdesk has a contact within."""
    inner = row.get("contact") if isinstance(row.get("contact"), Mapping) else row
    known: Raw = inner or row
    email = str(known.get("email") or known.get("primary_email") or "")
    parts = (str(known.get(key) or "") for key in ("first_name", "last_name"))
    name = str(known.get("name") or "") or " ".join(part for part in parts if part)
    return Person(id=str(row["id"]), email=email, name=name or email or str(row["id"]))


def _is_there(row: Raw, directory: Directory) -> bool:
    gone = row.get("deleted") or row.get("deactivated")
    return not gone and not (directory.active and row.get("active") is False)
