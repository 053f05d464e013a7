"""What every simulated system offers beside its vendor's API: the same words for all of them.

The demo, the tests of all pairs and the console act through a `Desk`; each simulator's `desk` is
one. Whatever is peculiar to a vendor stays in its simulator's own `People`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.faults import Faults
from tieline_ops.sandbox.traffic import Traffic
from tieline_ops.sandbox.webhooks import Target, Webhooks

if TYPE_CHECKING:
    from flask import Flask

JANE, OMAR, LENA = "jane@acme.example", "omar@acme.example", "lena@acme.example"
"""People that every simulated system knows; Tieline's own account is `tieline@acme.example`."""


@dataclass(frozen=True, slots=True)
class Said:
    """A comment as people see it; `author` is an e-mail address, or a name if there is none."""

    id: str
    author: str
    text: str
    public: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """A ticket as people see it.

    `id` is what `Connector.read` takes, `key` what people call it. `fields` are plain values by
    native name: text (Markdown for rich text), an option's label, a list of labels, a person's
    e-mail address, a list of tags, an ISO 8601 date or moment, a number, a boolean; None (or an
    empty list) where nothing is. A picture that is one of the ticket's files is
    `![alt](attachment:NAME)` in a text. Our own marks (a label that carries a correlation) are
    left out.
    """

    id: str
    key: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    comments: tuple[Said, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)


class Desk(Protocol):
    """A person at work in one system. `who` is an e-mail address; values are as in `Seen`.

    Tags that are set leave our own marks where they are. Raises KeyError for what does not exist,
    ValueError for what the screen would not take.
    """

    def make(self, who: str, **fields: Any) -> str:
        """A new ticket in the scope that tests use; gives its id."""

    def edit(self, who: str, id: str, **fields: Any) -> None:
        """Set fields, walking a status by the way that the system allows."""

    def comment(self, who: str, id: str, text: str, *, public: bool = True) -> str:
        """Say something; gives the comment's id."""

    def edit_comment(self, who: str, id: str, comment_id: str, text: str) -> None:
        """Say it otherwise. Raises ValueError where the system has no such thing."""

    def delete_comment(self, who: str, id: str, comment_id: str) -> None:
        """Take it back. Raises ValueError where the system has no such thing."""

    def attach(
        self, who: str, id: str, name: str, content: bytes, media_type: str = "text/plain"
    ) -> str:
        """Add a file; gives its id."""

    def delete_attachment(self, who: str, id: str, attachment_id: str) -> None:
        """Take a file away."""

    def delete(self, who: str, id: str) -> None:
        """Delete a ticket."""

    def ids(self) -> list[str]:
        """The tickets that are there, oldest first."""

    def see(self, id: str) -> Seen:
        """A ticket as people see it."""


class Simulator(Protocol):
    """One simulated system, made by `Class(clock)`. `app` is its WSGI app.

    `HOSTS` are base URLs, beside the site's own, that the same app answers: media and login hosts.
    """

    HOSTS: ClassVar[tuple[str, ...]]
    clock: SandboxClock
    faults: Faults
    webhooks: Webhooks
    traffic: Traffic
    app: Flask
    desk: Desk

    def credentials(self) -> dict[str, Any]:
        """What opens this system to a connector: a part of a secret, but for the webhooks'."""

    def rotate(self) -> dict[str, Any]:
        """Make the present credentials invalid, at once; gives new ones as `credentials` does."""

    def watch(
        self, target: Target | Callable[..., int], secret: str, scope: Mapping[str, str]
    ) -> None:
        """Have a scope's changes told to `target`, as an administrator would set it up."""

    def limit_rate(self, after: timedelta | None = timedelta(seconds=5), count: int = 1) -> None:
        """Answer the next `count` requests as the vendor does when there were too many.

        `after` None: in the vendor's form that does not say when to come again, if it has one.
        """

    def close(self) -> None:
        """Stop what runs."""
