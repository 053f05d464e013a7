"""What `tieline check --live` asks of an org."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tieline.connectors.base import Finding
from tieline.connectors.salesforce.api import Api
from tieline.connectors.salesforce.changes import of_cases
from tieline.connectors.salesforce.people import People
from tieline.connectors.salesforce.schema import Schema
from tieline.connectors.salesforce.soql import select
from tieline.domain.errors import TielineError
from tieline.domain.ticket import Person

_PAGE = "see docs/connectors/salesforce.md, The org"
_FULL = 0.8


def findings(
    api: Api,
    schema: Schema,
    people: People,
    scope: Mapping[str, str],
    ref: str,
    condition: Callable[[], str],
    whoami: Callable[[], Person],
) -> Iterator[Finding]:
    """One line for each thing a link needs; stops where nothing further can work."""
    try:
        me = whoami()
    except TielineError as error:
        yield Finding(False, str(error), _PAGE)
        return
    yield Finding(True, f"signed in as {me.name or me.id}")
    yield _reference(schema, ref)
    yield _tried("the scope's cases are read", _PAGE, lambda: _first(api, condition()))
    yield _tried(
        "comments are read",
        "let the user read cases' comments",
        lambda: api.rows(select(("Id",), "CaseComment", limit=1)),
    )
    yield _tried(
        "files of cases are listed",
        "files will be noticed with a case's next change only",
        lambda: api.rows(
            select(("Id",), "ContentDocumentLink", of_cases("LinkedEntityId", ""), limit=1)
        ),
    )
    if scope.get("queue"):
        yield _tried("the queue is there", _PAGE, lambda: people.queue(scope["queue"]))
    if api.usage is not None:
        used, most = api.usage
        yield Finding(
            used < _FULL * most,
            f"{used} of {most} API calls of the last 24 hours are used",
            "poll less often, or have more calls",
        )


def _first(api: Api, condition: str) -> object:
    return api.rows(select(("Id",), "Case", condition, limit=1))


def _reference(schema: Schema, ref: str) -> Finding:
    remedy = (
        f"make a text field {ref} of Case, External ID and Unique (case-sensitive), and let the "
        "user read and edit it"
    )
    try:
        row = schema.described().get(ref)
    except TielineError as error:
        return Finding(False, str(error), "let the user read the object Case")
    if row is None:
        return Finding(False, f"{ref} is not there, or hidden from the user", remedy)
    if not row.get("externalId") or not row.get("unique"):
        return Finding(False, f"{ref} is not both an External ID and unique", remedy)
    if not row.get("createable"):
        return Finding(False, f"the user may not write {ref}", remedy)
    return Finding(True, f"{ref} carries what a case was made for")


def _tried(what: str, remedy: str, work: Callable[[], object]) -> Finding:
    try:
        work()
    except TielineError as error:
        return Finding(False, str(error), remedy)
    return Finding(True, what)
