"""What `tieline check --live` asks of an account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from tieline.connectors.base import Finding
from tieline.connectors.zendesk.api import Api
from tieline.connectors.zendesk.changes import EXPORT, NO_ADMIN
from tieline.connectors.zendesk.conversation import COMMENTS
from tieline.connectors.zendesk.schema import Schema
from tieline.domain.errors import Refused, TielineError
from tieline.domain.ticket import Person

_SINCE = timedelta(hours=1)
_PAGE = "see docs/connectors/zendesk.md, The account"


def findings(
    api: Api,
    schema: Schema,
    scope: Mapping[str, str],
    whoami: Callable[[], Person],
    now: datetime,
) -> Iterator[Finding]:
    """One line for each thing a link needs; stops where nothing further can work."""
    try:
        me = whoami()
        yield Finding(True, f"signed in as {me.name or me.id}")
        role = str((api.get("/users/me").get("user") or {}).get("role"))
    except TielineError as error:
        yield Finding(False, str(error), _PAGE)
        return
    yield Finding(role in {"admin", "agent"}, f"the account is an {role}", _PAGE)
    yield _export(api, now)
    yield _conversations(api)
    yield _fields(schema)
    for name in ("brand", "form", "group"):
        if name in scope:
            yield _listed(schema, name, scope[name])
    yield _statuses(schema)


def _export(api: Api, now: datetime) -> Finding:
    start = str(int((now - _SINCE).timestamp()))
    try:
        api.get(EXPORT, params={"start_time": start, "per_page": "1"})
    except Refused as refused:
        remedy = NO_ADMIN if "answered 403" in refused.what else _PAGE
        return Finding(False, refused.what, remedy)
    except TielineError as error:
        return Finding(
            False, str(error), "try again in a minute: it may be asked ten times a minute"
        )
    return Finding(True, "changes are listed by the incremental export")


def _conversations(api: Api) -> Finding:
    try:
        tickets = api.get("/tickets", params={"page[size]": "1"}).get("tickets") or ()
        if not tickets:
            return Finding(True, "tickets are listed; there are none", "")
        params = {"page[size]": "1"}
        api.get(COMMENTS, parts={"id": str(tickets[0]["id"])}, params=params)
    except TielineError as error:
        return Finding(False, str(error), "let the account see all tickets, and their comments")
    return Finding(True, "tickets and their comments are read")


def _fields(schema: Schema) -> Finding:
    try:
        custom = schema.custom()
    except TielineError as error:
        return Finding(False, str(error), "let the account read ticket fields")
    return Finding(True, f"{len(custom)} custom fields are known")


def _statuses(schema: Schema) -> Finding:
    try:
        labels = [option.label for option in schema.options("custom_status")]
    except TielineError as error:
        return Finding(False, str(error), "let the account read custom statuses")
    if not labels:
        return Finding(True, "the account has no custom statuses: use the field status")
    return Finding(True, f"custom_status: {', '.join(labels)}")


def _listed(schema: Schema, name: str, wanted: str) -> Finding:
    try:
        options = schema.options(name)
    except TielineError as error:
        return Finding(False, str(error), f"let the account read the list of each {name}")
    if any(wanted == option.value or option.means(wanted) for option in options):
        return Finding(True, f"scope: the {name} is there")
    labels = ", ".join(option.label for option in options)
    return Finding(False, f"scope: there is no such {name}", f"one of: {labels}")
