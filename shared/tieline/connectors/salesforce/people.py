"""Users, contacts and queues of an org."""

from __future__ import annotations

import re

from tieline.connectors.salesforce.api import Api
from tieline.connectors.salesforce.soql import equal, select
from tieline.connectors.salesforce.wire import id18
from tieline.domain.errors import Configuration, Credentials, Gone, Refused
from tieline.domain.ticket import Person

_EMAIL = re.compile(r"[^\s\"\\@%*]{1,100}@[^\s\"\\@%*]{1,100}")


class People:
    """Who is who. Queues are remembered by name."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._queues: dict[str, str] = {}

    def whoami(self) -> Person:
        """Our own user, asked for now. Raises Credentials."""
        path = "/sobjects/User/{id}"
        fields = {"fields": "Id,Name,Email"}
        try:
            row = self._api.get(path, parts={"id": self._api.me()}, params=fields)
        except (Refused, Gone) as refused:
            raise Credentials(f"{refused}: the account may do nothing") from None
        return Person(id18(row.get("Id")), str(row.get("Email") or ""), str(row.get("Name") or ""))

    def find(self, email: str) -> Person | None:
        """The one active user with this address; None if there are several.

        An address is not unique among users, their name is (Salesforce: Object reference, User).
        """
        return self._one("User", email, "IsActive = true")

    def find_contact(self, email: str) -> Person | None:
        """The one contact with this address."""
        return self._one("Contact", email, "")

    def queue(self, name: str) -> str:
        """A queue's id. Raises Configuration."""
        if name not in self._queues:
            named = f"({equal('DeveloperName', name)} OR {equal('Name', name)})"
            rows = self._api.rows(select(("Id",), "Group", "Type = 'Queue'", named, limit=2))
            if len(rows) != 1:
                raise Configuration(f"salesforce: there is no one queue {name!r}")
            self._queues[name] = id18(rows[0]["Id"])
        return self._queues[name]

    def _one(self, table: str, email: str, more: str) -> Person | None:
        wanted = email.strip()
        if not _EMAIL.fullmatch(wanted):
            return None
        soql = select(("Id", "Name", "Email"), table, equal("Email", wanted), more, limit=2)
        rows = [
            row
            for row in self._api.rows(soql)
            if str(row.get("Email") or "").casefold() == wanted.casefold()
        ]
        if len(rows) != 1:
            return None
        row = rows[0]
        return Person(id18(row["Id"]), str(row["Email"]), str(row.get("Name") or ""))
