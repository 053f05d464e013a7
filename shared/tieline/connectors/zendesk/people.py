"""Users of an account: ourselves, those that tickets name, those with an address.

Zendesk: Users (Show self, Show many users, Search users).
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping

from tieline.connectors.zendesk.api import Api
from tieline.connectors.zendesk.wire import Row, person_of
from tieline.domain.errors import Credentials, Refused
from tieline.domain.ticket import Person

ROOM = 5000
AT_ONCE = 100
_EMAIL = re.compile(r"[^\s\"\\@]{1,200}@[^\s\"\\@]{1,200}")


class People:
    """Users, remembered by id: most answers bring those that they name."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._me: Person | None = None
        self._known: OrderedDict[str, Person] = OrderedDict()

    def whoami(self) -> Person:
        """Our own user, asked for now. Raises Credentials, also where nobody is signed in.

        A wrong login may be answered 200, with an anonymous user.
        """
        try:
            user = self._api.get("/users/me").get("user") or {}
        except Refused as refused:
            raise Credentials(f"{refused.what}: the account may do nothing") from None
        if not user.get("id") or user.get("role") == "end-user":
            raise Credentials("zendesk GET /users/me answered nobody who works here")
        self._me = person_of(user)
        return self._me

    def me(self) -> str:
        """Our own id, asked for once."""
        return (self._me or self.whoami()).id

    def met(self, users: Iterable[Row]) -> None:
        """Remember the users that came along with an answer."""
        for user in users:
            person = person_of(user)
            self._known[person.id] = person
            self._known.move_to_end(person.id)
        while len(self._known) > ROOM:
            self._known.popitem(last=False)

    def named(self, ids: Iterable[str]) -> Mapping[str, Person]:
        """Users by id; one call for each hundred not met yet. Who is not shown has an id alone."""
        asked = list(dict.fromkeys(ids))
        new = [id for id in asked if id not in self._known]
        for start in range(0, len(new), AT_ONCE):
            some = new[start : start + AT_ONCE]
            params = {"ids": ",".join(some)}
            self.met(self._api.get("/users/show_many", params=params).get("users") or ())
            for id in some:
                self._known.setdefault(id, Person(id, "", ""))
        return {id: self._known[id] for id in asked if id in self._known}

    def find(self, email: str) -> Person | None:
        """The one active user with this very address, in whatever case; None if there are several.

        The search also finds by parts, and other addresses of a user; it sees new users late.
        """
        wanted = email.strip()
        if not _EMAIL.fullmatch(wanted):
            return None
        params = {"query": f'email:"{wanted}"'}
        users = self._api.get("/users/search", params=params).get("users") or ()
        same = [
            user
            for user in users
            if str(user.get("email") or "").casefold() == wanted.casefold()
            and user.get("active", True)
            and not user.get("suspended", False)
        ]
        self.met(same)
        return person_of(same[0]) if len(same) == 1 else None
