"""Who is who. GitHub shows few e-mail addresses, so a link may say them itself.

GitHub REST, Users: Get a user; Search: Search users (by public addresses alone).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tieline.connectors.github.api import REPO, Api
from tieline.connectors.github.auth import HEADERS
from tieline.domain.errors import Configuration, Credentials, Gone, Refused
from tieline.domain.ticket import Person

_EMAIL = re.compile(r"[^\s\"\\:@]{1,64}@[A-Za-z0-9.-]{1,190}")
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98})(?:\[bot\])?")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Account:
    """Whom we act as. `id` is GitHub's number, which stays when the login changes."""

    id: int
    person: Person


def table_of(text: str) -> Mapping[str, str]:
    """E-mail address -> login, out of `jane@acme.example=jane-doe omar@acme.example=omarh`.

    Raises Configuration.
    """
    found: dict[str, str] = {}
    for pair in re.split(r"[\s,;]+", text.strip()):
        email, _, login = pair.partition("=")
        if not pair:
            continue
        if not _EMAIL.fullmatch(email) or not _LOGIN.fullmatch(login):
            raise Configuration("github: `people` takes pairs of the form e-mail=login")
        found[email.casefold()] = login
    return found


class People:
    """People by e-mail and by login, remembered."""

    def __init__(self, api: Api, table: Mapping[str, str]) -> None:
        self._api = api
        self._logins = table
        self._emails = {login.casefold(): email for email, login in table.items()}
        self._profiles: dict[str, Person] = {}
        self._assignable: set[str] = set()
        self._me: Account | None = None

    def shown(self, raw: Json | None) -> Person | None:
        """A person as issues and comments show them: by login. None for a deleted account."""
        if not raw:
            return None
        login = str(raw["login"])
        return Person(id=login, email=self._emails.get(login.casefold(), ""), name=login)

    def full(self, raw: Json | None) -> Person | None:
        """The same with the e-mail address and the name, asked for once for each person."""
        person = self.shown(raw)
        if person is None or raw is None or str(raw.get("type")) == "Bot":
            return person
        key = person.id.casefold()
        if key not in self._profiles:
            self._profiles[key] = self._profile(person)
        return self._profiles[key]

    def find(self, email: str) -> Person | None:
        """The one person with this address: as the link says, else by public address."""
        known = self._logins.get(email.strip().casefold())
        if known is not None:
            return Person(id=known, email=email, name=known)
        if not _EMAIL.fullmatch(email.strip()):
            return None
        params = {"q": f'"{email.strip()}" in:email type:user', "per_page": 2}
        found = self._api.json("GET", "/search/users", params=params)
        items = found.get("items") or []
        if len(items) != 1:
            return None
        person = self.full(items[0])
        # The search also finds by parts of addresses.
        right = person is not None and person.email.casefold() == email.strip().casefold()
        return person if right else None

    def assignable(self, login: str) -> bool:
        """Whether issues of the repository may be given to somebody.

        GitHub drops others without a word. GitHub REST, Assignees: Check if a user can be assigned.
        """
        key = login.casefold()
        if key in self._assignable:
            return True
        if not _LOGIN.fullmatch(login):
            return False
        try:
            self._api.call("GET", REPO + "/assignees/{login}", parts={"login": login})
        except Gone:
            return False
        self._assignable.add(key)
        return True

    def me(self) -> Account:
        """Our own account, asked for once."""
        return self._me or self.who()

    def who(self) -> Account:
        """Our own account: a token's user, or the user that stands for the App."""
        if self._api.login.renewable:
            # An App's own page is shown to its JWT, everything else to the installation's token.
            slug = str(self._api.login.app.call("GET", "/app", headers=HEADERS).json()["slug"])
            raw = self._user(f"{slug}[bot]")
        else:
            try:
                raw = self._api.json("GET", "/user")
            except Refused as refused:
                raise Credentials(f"{refused}: the token shows no user") from None
        login = str(raw["login"])
        email = self._emails.get(login.casefold()) or str(raw.get("email") or "")
        person = Person(id=login, email=email, name=str(raw.get("name") or login))
        self._me = Account(int(raw["id"]), person)
        return self._me

    def is_me(self, raw: Json | None) -> bool:
        """Whether an issue's or a comment's user is our account."""
        return bool(raw) and raw is not None and raw.get("id") == self.me().id

    def _profile(self, person: Person) -> Person:
        try:
            raw = self._user(person.id)
        except Gone:
            return person
        email = person.email or str(raw.get("email") or "")
        return Person(id=person.id, email=email, name=str(raw.get("name") or person.name))

    def _user(self, login: str) -> Any:
        return self._api.json("GET", "/users/{login}", parts={"login": login})
