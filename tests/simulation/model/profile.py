"""How a system behaves where it matters for keeping tickets the same, as plain facts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

Spelling = Literal["markdown", "adf", "html", "plain"]


@dataclass(frozen=True)
class Profile:
    """One kind of system. `source` names the pages that the facts are from."""

    name: str
    source: str
    grain: timedelta | None  # of a version that is a time stamp; None: a counter
    index_lag: timedelta  # how late a change may show in lists and searches
    spelling: Spelling  # what becomes of rich text
    precondition: Literal["version", "time", "none"]  # what a write can insist on
    comment_correlation: bool  # a comment carries our mark, unseen
    edits_comments: bool
    comments_touch: bool  # a comment changes the ticket's version
    files_touch: bool  # a file does
    webhook_names_version: bool
    webhook_names_correlation: bool
    webhook_for_files: bool
    webhook_retries: tuple[timedelta, ...]  # the waits, while we answer 503
    lists_deleted: bool
    copies_correlation: bool  # a person's copy of a ticket carries the mark of the original
    copies_named: bool  # the webhook of a copy names that mark, although a read may know better
    tells_maker: bool  # who made a ticket
    trims_titles: int = 255  # characters that a title holds
    tags_are_slugs: bool = False  # no spaces in tags
    lower_tags: bool = False
    retry_after: bool = True  # a 429 says when to come again
    retries_crashes: bool = True  # a webhook is repeated after a 500, too, where it is after a 503
    tells_file_deleted: bool = True  # by a webhook, a list or the version
    page: int = 5

    def but(self, **facts: object) -> Profile:
        """The same with other facts."""
        return replace(self, **facts)  # type: ignore[arg-type]
