"""What the conformance suite tries of every system: the rows of docs/systems.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

BEHAVIOURS: dict[str, str] = {
    "create.carries": "A new ticket carries its correlation and what was asked",
    "create.lost": "A creation whose answer was lost is found again, and is one",
    "create.copy": "A person's copy of our ticket is not taken for ours",
    "fields.text": "Text: written, read, emptied",
    "fields.rich": "Rich text",
    "fields.date": "Dates",
    "fields.datetime": "Moments",
    "fields.option": "Options",
    "fields.options": "Several options",
    "fields.person": "People, found by e-mail address",
    "fields.number": "Numbers",
    "fields.boolean": "Yes or no",
    "fields.tags": "Tags",
    "fields.status": "Status, with what the vendor demands along",
    "fields.apart": "Empty and absent stay two things; what is not asked is not written",
    "writes.once": "Several fields go in one write",
    "writes.refused": "What the system refuses names the reason, and nothing is written",
    "writes.stale": "A write after somebody else's is refused, not laid over it",
    "versions.grow": "A version grows with each change, and holds what came before",
    "comments.public": "Public comments, theirs and ours, with their authors",
    "comments.internal": "Internal comments stay internal",
    "comments.order": "Comments keep their order, beyond one page of them",
    "comments.ties": "Comments of one second keep their order",
    "comments.edit": "Edited comments",
    "comments.delete": "Deleted comments; twice is no error",
    "comments.unread": "An equal list of comments is not read again",
    "files.theirs": "Files that people attached are read, byte by byte",
    "files.ours": "Files that we attach are there, byte by byte",
    "files.names": "Names of files keep their letters, both ways",
    "files.delete": "Deleted files; twice is no error",
    "files.delete_told": "A webhook or the listing tells of a file that people deleted",
    "files.inline": "A picture in a text stays a picture, both ways",
    "changes.pages": "Changes are listed over several pages; none that happens meanwhile is lost",
    "changes.parts": "Comments and files of people are listed as changes of their tickets",
    "changes.resume": "A listing that stopped goes on where it was",
    "changes.late": "What the index shows late is listed all the same",
    "deletes.read": "A deleted ticket is gone",
    "deletes.told": "A webhook or the listing tells of a deletion",
    "webhooks.good": "A webhook names the ticket",
    "webhooks.forged": "A webhook that was altered is refused",
    "webhooks.secret": "A wrong secret is refused; the previous one is taken while it stands",
    "webhooks.stale": "An old webhook is refused",
    "webhooks.replayed": "A repeated webhook bears the same name, or is refused",
    "webhooks.truncated": "A webhook that was cut short is refused",
    "echo.writes": "The webhook of our own write is known as such",
    "echo.creates": "The webhook of our own creation is known as such",
    "errors.credentials": "401 is Credentials, and new credentials work",
    "errors.limits": "429 waits as long as was asked",
    "errors.limits_unsaid": "429 without a time",
    "errors.server": "5xx and lost answers are tried again, or are Transient",
    "errors.ids": "What is no id is not made a part of an address",
    "people.find": "People are found by e-mail address, and nobody else",
    "people.locate": "A ticket is found by key, id and address",
    "people.whoami": "The account knows itself",
    "inspect.whole": "`check --live` finds nothing wrong with a whole account",
}
"""Key -> the row's words."""

CALLS: dict[str, str] = {
    "read": "Read a ticket whose comments and files are known",
    "update": "Write several fields",
    "create": "Make a ticket",
    "comment": "Add a comment",
    "file": "Add a file",
    "changes": "List changes when there are none",
}
"""What is counted in calls: key -> the row's words."""

T = TypeVar("T", bound=Callable[..., object])


def behaviour(key: str) -> Callable[[T], T]:
    """This test tries a behaviour; `{kind}` in the key is the test's own parameter."""

    def marked(test: T) -> T:
        test.behaviour = key  # type: ignore[attr-defined]
        return test

    return marked
