"""People of an organisation: who we are, and who has an address.

Azure DevOps: Location (connection data), Identities (Read identities, on a host of its own).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tieline.connectors.azure_devops.api import Api
from tieline.connectors.azure_devops.auth import said_no
from tieline.domain.errors import Configuration, Credentials, Gone, Refused
from tieline.domain.ticket import Person

_CONNECTION = "/_apis/connectionData"
_IDENTITIES = "/_apis/identities"
_PREVIEW = "7.1-preview.1"


@dataclass(frozen=True, slots=True)
class Us:
    """Our own account: its identity's id, and its sign-in name."""

    id: str
    person: Person

    @property
    def ids(self) -> Mapping[str, str]:
        """What identities in answers are compared with."""
        return {"id": self.id, "name": self.person.id}


def us_of(api: Api) -> Us:
    """The account we act as. Raises Credentials also where it is nobody."""
    try:
        answer = api.json("GET", _CONNECTION, version=_PREVIEW)
    except (Refused, Gone) as refused:
        raise Credentials(f"{refused}: is the organisation's name right?") from None
    user = answer.get("authenticatedUser") or {}
    id = str(user.get("id") or "")
    unique = _property(user, "Account") or id
    # Callers whom it does not know are answered, too, as Anonymous.
    if not id or not id.strip("-0") or unique.casefold() == "anonymous":
        raise said_no(f"azure-devops GET {_CONNECTION} answered an anonymous caller", pat=True)
    name = str(user.get("providerDisplayName") or user.get("customDisplayName") or unique)
    return Us(id, Person(id=unique, email=unique if "@" in unique else "", name=name))


def found_person(api: Api, email: str) -> Person | None:
    """The one active person with this sign-in name or mail address, in whatever case.

    What is written is the sign-in name: another address of the same person would be unknown, and
    a display name may be somebody else's. The search also finds by the beginning of names. Raises
    Configuration where nobody may be looked up.
    """
    wanted = email.strip().casefold()
    if "@" not in wanted:
        return None
    params = {"searchFilter": "General", "filterValue": email.strip(), "queryMembership": "None"}
    try:
        found = api.json("GET", _IDENTITIES, people=True, params=params).get("value") or ()
    except (Refused, Gone) as refused:
        raise Configuration(
            f"{refused}: people may not be looked up; has the token the scope Identity (read)?"
        ) from None
    people = [each for each in found if each and _is_person(each)]
    same = [each for each in people if _property(each, "Account").casefold() == wanted] or [
        each for each in people if _property(each, "Mail").casefold() == wanted
    ]
    if len({str(each.get("id")) for each in same}) != 1:
        return None
    unique = _property(same[0], "Account")
    name = str(same[0].get("customDisplayName") or same[0].get("providerDisplayName") or unique)
    return Person(id=unique, email=email.strip(), name=name) if unique else None


def _is_person(raw: Mapping[str, Any]) -> bool:
    return raw.get("isActive", True) is not False and raw.get("isContainer") is not True


def _property(raw: Mapping[str, Any], name: str) -> str:
    held = (raw.get("properties") or {}).get(name)
    return str(held.get("$value") or "") if isinstance(held, Mapping) else str(held or "")
