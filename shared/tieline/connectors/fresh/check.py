"""What `tieline check --live` asks of an account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from tieline.connectors.base import Finding
from tieline.connectors.fresh.fields import Fields
from tieline.connectors.fresh.people import People
from tieline.connectors.fresh.shape import Shape
from tieline.connectors.fresh.wire import Raw
from tieline.connectors.reach import is_loopback
from tieline.domain.errors import TielineError

_CARRIES = "custom_text"


def findings(
    base: str,
    domain: str,
    shape: Shape,
    ours: str,
    people: People,
    fields: Fields,
    newest: Callable[[], list[Raw]],
) -> Iterator[Finding]:
    """One line for each thing a link needs; stops where nothing further can work."""
    host = urlsplit(base).hostname or ""
    if not host.endswith(domain) and not is_loopback(host):
        yield Finding(False, f"{host} is not the account's own name", f"give https://…{domain}")
    try:
        me = people.ask_me()
        yield Finding(True, f"signed in as {me.name}")
        rows = newest()
    except TielineError as error:
        yield Finding(False, str(error), "see the system's page, The account")
        return
    what = "records are listed" if rows else "no record of the last thirty days is seen"
    remedy = "" if rows else "if there are some, let the agent see all of them (scope: global)"
    yield Finding(True, what, remedy)
    yield from _form(fields)
    yield _carrier(shape, ours, fields)
    yield _agents(people, me.email)


def _form(fields: Fields) -> Iterator[Finding]:
    try:
        known = fields.known(["status"])["status"].spec.options
    except TielineError as error:
        yield Finding(False, str(error), "let the agent read the form's fields")
        return
    labels = ", ".join(option.label for option in known)
    remedy = "" if known else "let the agent read the form's fields"
    yield Finding(bool(known), f"status: {labels or 'no choices are seen'}", remedy)


def _carrier(shape: Shape, ours: str, fields: Fields) -> Finding:
    """Where a new record's correlation goes."""
    if not ours and shape.tagged:
        return Finding(True, "a tag (tl-…) carries what makes a new ticket one")
    if not ours:
        what = "nothing can carry what makes a new record one"
        return Finding(False, what, "name a custom field of one line as scope.correlation_field")
    try:
        field = fields.form().get(ours)
    except TielineError as error:
        return Finding(False, str(error), "let the agent read the form's fields")
    right = field is not None and (field.get("type") or field.get("field_type")) == _CARRIES
    remedy = "" if right else f"make a custom field of one line named {ours}"
    return Finding(right, f"the field {ours} carries what makes a new ticket one", remedy)


def _agents(people: People, email: str) -> Finding:
    try:
        found = people.by_email(email, agent=True) if email else None
    except TielineError as error:
        return Finding(False, str(error), "give the agent a role that may look agents up")
    remedy = "" if found else "give the agent a role that may look agents up"
    return Finding(found is not None, "agents are found by e-mail address", remedy)
