"""Comments and work notes: entries of `sys_journal_field`, which only some roles may read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from tieline.connectors.servicenow.api import Api
from tieline.connectors.servicenow.changes import keyset
from tieline.connectors.servicenow.wire import (
    JOURNALS,
    Row,
    comment_of,
    journal_text,
    moment_of,
    raw,
    same_text,
    shown,
    stamp_of,
)
from tieline.connectors.servicenow.wire import Form as _Form
from tieline.domain.errors import Configuration, Credentials, Refused
from tieline.domain.ticket import Comment, Person

TABLE = "sys_journal_field"
_COLUMNS = ("sys_id", "element", "element_id", "value", "sys_created_on", "sys_created_by")
_BEGINNING = "1970-01-01 00:00:00"
_SLACK = timedelta(seconds=2)
NO_ROLE = (
    "servicenow: the record has journal entries, but sys_journal_field gives none: give the "
    "account a role that may read it (admin, or one that a read ACL of that table names)"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be written: `comments` (public) or `work_notes`, and its Markdown."""

    element: str
    body: str

    @property
    def text(self) -> str:
        return journal_text(self.body)


def read(api: Api, id: str, us: str) -> list[Comment]:
    """All entries of a record, oldest first; the record is known to have some.

    Raises Configuration when none may be seen: ServiceNow answers 200 with an empty list then.
    """
    rows = _rows(api, f"element_id={id}^elementIN{','.join(JOURNALS)}", (_BEGINNING, ""))
    mine = [row for row in rows if raw(row, "element_id") == id and raw(row, "element") in JOURNALS]
    if not mine:
        raise Configuration(NO_ROLE)
    return [comment_of(row, us) for row in mine]


def find(api: Api, id: str, entry: Entry, us: str, answer: Row, known: frozenset[str]) -> Comment:
    """The entry that a PATCH just made: ours, of this text, of that moment, not met before.

    Two equal texts in one second differ by `known`, the ids that were seen before. Raises Refused
    when the write was dropped, Configuration when entries may not be read.
    """
    at = stamp_of(moment_of(raw(answer, "sys_updated_on")) - _SLACK)
    query = f"element_id={id}^element={entry.element}^sys_created_by={us}"
    rows = _rows(api, query, (at, ""))
    ours = [
        comment_of(row, us)
        for row in rows
        if raw(row, "element_id") == id
        and raw(row, "sys_created_by") == us
        and raw(row, "sys_id") not in known
        and same_text(entry.text, raw(row, "value"), _Form.TEXT)
    ]
    if ours:
        return ours[-1]
    if not rows and shown(answer, entry.element):
        raise Configuration(NO_ROLE)
    raise Refused(
        f"servicenow dropped an entry of {entry.element}: read-only or ACL", fields=(entry.element,)
    )


def with_authors(
    entries: Sequence[Comment], people: Callable[[Iterable[str]], Mapping[str, Person]]
) -> list[Comment]:
    """Entries with their authors' names and addresses, as far as `sys_user` knows them."""
    found = people({entry.author.id for entry in entries if entry.author})
    return [
        replace(entry, author=found.get(entry.author.id, entry.author)) if entry.author else entry
        for entry in entries
    ]


def _rows(api: Api, query: str, start: tuple[str, str]) -> list[Row]:
    try:
        pages = keyset(api.listing, TABLE, query, "sys_created_on", start, _COLUMNS, 500)
        return [row for rows, _ in pages for row in rows]
    except Credentials as refused:
        if "answered 401" in refused.what:
            raise
        raise Configuration(NO_ROLE) from None
