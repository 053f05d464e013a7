"""What `tieline check --live` asks of an instance."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tieline.connectors.base import Finding
from tieline.connectors.servicenow.api import Api
from tieline.connectors.servicenow.schema import Schema
from tieline.connectors.servicenow.wire import raw
from tieline.domain.errors import TielineError
from tieline.domain.ticket import Person

GMT = "make the account's time zone GMT"


def findings(
    api: Api, schema: Schema, table: str, whoami: Callable[[], Person]
) -> Iterator[Finding]:
    """One line for each thing a link needs; stops where nothing further can work.

    ServiceNow leaves out what an account may not see, so an empty table may be a new one: that is
    no fault, but a remedy stands beside it. Tickets without one comment are taken for a fault.
    """
    try:
        me = whoami()
        yield Finding(True, f"signed in as {me.name or me.id}")
        columns = ("sys_id", "sys_updated_on", "correlation_id")
        rows = api.rows(table, "ORDERBYDESCsys_updated_on", columns, 1)
    except TielineError as error:
        remedy = "see docs/connectors/servicenow.md, The account"
        yield Finding(False, str(error), remedy)
        return
    if not rows:
        yield Finding(
            True,
            f"{table} shows no record to this account",
            "if there are some, give the account a role that reads the table (itil)",
        )
    else:
        yield Finding(True, f"{table} is read")
        yield _literals(api, table, raw(rows[0], "sys_id"), raw(rows[0], "sys_updated_on"))
    yield _columns(schema, table)
    yield _choices(schema, table)
    yield _any(
        api,
        "sys_journal_field",
        "make a comment, or give the account a role that may read sys_journal_field; "
        "without it comments are refused",
        may_be_empty=not rows,
    )
    yield _any(
        api,
        "sys_attachment",
        "if there are files, let the account read sys_attachment",
        may_be_empty=True,
    )
    yield _any(
        api,
        "sys_audit_delete",
        "deletes are noticed late (by reading the tickets) unless the account may read this table",
        may_be_empty=True,
    )


def _literals(api: Api, table: str, id: str, stamp: str) -> Finding:
    """Whether a plain time in a query means what the same text means in an answer."""
    rows = api.rows(table, f"sys_updated_on={stamp}^sys_id={id}", ("sys_id", "sys_updated_on"), 2)
    if [raw(row, "sys_id") for row in rows] == [id]:
        return Finding(True, "times in queries are UTC, as in answers")
    return Finding(False, "a record is not found by the time that it shows", GMT)


def _columns(schema: Schema, table: str) -> Finding:
    try:
        columns = schema.columns()
    except TielineError as error:
        return Finding(False, str(error), "let the account read sys_dictionary")
    remedy = "" if columns else "let the account read sys_dictionary"
    return Finding(bool(columns), f"{table}: {len(columns)} columns are known", remedy)


def _choices(schema: Schema, table: str) -> Finding:
    try:
        states = schema.choices("state")["state"]
    except TielineError as error:
        return Finding(False, str(error), "let the account read sys_choice")
    remedy = "" if states else "let the account read sys_choice"
    labels = ", ".join(option.label for option in states)
    return Finding(bool(states), f"{table}.state: {labels or 'no choices are seen'}", remedy)


def _any(api: Api, table: str, remedy: str, *, may_be_empty: bool) -> Finding:
    try:
        rows = api.rows(table, "", ("sys_id",), 1)
    except TielineError as error:
        return Finding(False, str(error), remedy)
    if rows:
        return Finding(True, f"{table} is read")
    return Finding(may_be_empty, f"{table} shows no row", remedy)
