"""Who and what an account holds before anybody works in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

KEY = "fresh-api-key"


@dataclass
class User:
    """An agent, or somebody who asks for help. `key` "" calls no API. Inactive: deactivated."""

    id: int
    email: str
    name: str
    agent: bool = True
    key: str = ""
    active: bool = True
    admin: bool = False


@dataclass(frozen=True)
class Field:
    """A field of the form. `choices` in the form in which the API shows them.

    `closing`: it must be filled before a ticket is resolved or closed. `required`: a new ticket
    needs it, unless it stands in a section. `levels`: names below a dependent field.
    """

    name: str
    label: str
    type: str
    choices: Any = None
    default: bool = False
    closing: bool = False
    required: bool = False
    section: bool = False
    levels: tuple[str, ...] = ()


def people() -> list[User]:
    return [
        User(67001, "jane@acme.example", "Jane Doe"),
        User(67002, "omar@acme.example", "Omar Haddad"),
        User(67003, "lena@acme.example", "Lena Novak"),
        User(67004, "triage@acme.example", "Triage"),
        User(67005, "gone@acme.example", "Gwen One", active=False),
        User(67006, "tieline@acme.example", "Tieline", key=KEY),
        User(67007, "admin@acme.example", "Ada Min", key="admin-api-key", admin=True),
        User(67101, "hugo@customer.example", "Hugo Roy", agent=False),
    ]
