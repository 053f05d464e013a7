"""Comments on issues: the list, and one added, edited or deleted. All of them are public."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tieline.connectors.github.api import FULL, ISSUE, REPO, Api
from tieline.connectors.github.files import file_comment
from tieline.connectors.github.marker import mark_of, stamped
from tieline.connectors.github.people import People
from tieline.connectors.github.stamps import moment_of
from tieline.connectors.github.text import AddressOf, NameOf, from_github, to_github
from tieline.connectors.github.wire import digest
from tieline.domain.errors import Gone, Refused, Transient
from tieline.domain.ticket import Comment

_ALL = ISSUE + "/comments"
_ONE = REPO + "/issues/comments/{comment}"
_WALKS = 4

Json = Mapping[str, Any]


class Comments:
    """The comments of one repository, as one account sees and writes them."""

    def __init__(self, api: Api, people: People) -> None:
        self._api = api
        self._people = people

    def listed(self, number: str, count: int, *, full: bool = False) -> list[Json]:
        """All of an issue's comments, oldest first; none are asked for where there are none.

        GitHub REST, Issue comments: List issue comments. A comment that is deleted while pages
        are read moves the others up, and one may be missed: several pages are read again until
        they show as many as the issue says, or the same twice.
        """
        if not count:
            return []
        headers = {"Accept": FULL} if full else {}
        before: list[int] | None = None
        for _ in range(_WALKS):
            pages = list(self._api.pages(_ALL, parts={"number": number}, headers=headers))
            found = {int(each["id"]): each for page in pages for each in page}
            ids = sorted(found)
            if len(pages) <= 1 or len(ids) >= count or ids == before:
                return [found[id] for id in ids]
            before = ids
        raise Transient("github: the comments of an issue change faster than they can be listed")

    def mark(self, comments: list[Json]) -> str:
        """A digest of the list. With the texts: two edits may share the second of their stamps."""
        held = ([c["id"], c["updated_at"], c.get("body")] for c in comments if not self._is_file(c))
        return digest(held)

    def read(self, comments: list[Json], name_of: NameOf) -> tuple[Comment, ...]:
        """The comments that say something; those that stand for files of ours do not."""
        return tuple(self._comment(each, name_of) for each in comments if not self._is_file(each))

    def files(self, comments: Iterable[Json]) -> list[Json]:
        """The comments that stand for files of ours."""
        return [each for each in comments if self._is_file(each)]

    def one(self, id: str) -> Json:
        """One comment. Raises Gone."""
        found: Json = self._api.json("GET", _ONE, parts={"comment": id})
        return found

    def add(self, number: str, body: str, correlation: str, address_of: AddressOf) -> Comment:
        """GitHub REST, Issue comments: Create an issue comment."""
        text = stamped(to_github(body, address_of), correlation)
        raw = self.post(number, text)
        return self._comment(raw, _none)

    def post(self, number: str, text: str) -> Json:
        """A comment of exactly this text."""
        parts = {"number": number}
        try:
            raw: Json = self._api.json("POST", _ALL, parts=parts, json={"body": text})
        except Gone as gone:
            raise self._api.missing(gone.what) from None
        return raw

    def edit(
        self, id: str, body: str, address_of: AddressOf, name_of: Callable[[], NameOf]
    ) -> Comment:
        """GitHub REST, Issue comments: Update an issue comment. Our mark in it stays."""
        parts = {"comment": id}
        key = mark_of(self.one(id).get("body"))
        text = to_github(body, address_of)
        asked = {"body": stamped(text, key) if key else text}
        raw = self._api.json("PATCH", _ONE, parts=parts, json=asked)
        return self._comment(raw, name_of() if "![" in text else _none)

    def delete(self, id: str) -> None:
        """One that is gone already is no error."""
        try:
            self._api.call("DELETE", _ONE, parts={"comment": id})
        except Gone:
            return

    def _is_file(self, raw: Json) -> bool:
        return bool(file_comment(raw)) and self._people.is_me(raw.get("user"))

    def _comment(self, raw: Json, name_of: NameOf) -> Comment:
        ours = self._people.is_me(raw.get("user"))
        return Comment(
            id=str(raw["id"]),
            body=from_github(raw.get("body"), name_of),
            author=self._people.shown(raw.get("user")),
            public=True,
            created=moment_of(raw["created_at"]),
            updated=moment_of(raw["updated_at"]),
            ours=ours,
            # Who copies a comment of ours copies its mark.
            correlation=mark_of(raw.get("body")) if ours else "",
        )


def _none(_src: str, _alt: str) -> None:
    """No picture has a name."""


def no_internal() -> Refused:
    """Why a comment that is not public is not written."""
    words = "GitHub has no internal comments: whoever reads the issue reads them all"
    return Refused("github: no internal comment can be written here", words)
