"""Comments on issues of Jira: the list, and one added, edited or deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tieline.connectors.jira.edits import ISSUE, media_finder
from tieline.connectors.jira.wire import (
    PROPERTY,
    comment_of,
    comments_mark,
    document,
    property_of,
)
from tieline.domain.errors import Gone, Refused, Transient
from tieline.domain.richtext.adf import keep_media
from tieline.domain.ticket import Comment

_ALL = ISSUE + "/comment"
_ONE = ISSUE + "/comment/{comment}"
_PAGE = 100
_WALKS = 3
_INTERNAL: Mapping[str, Any] = {"key": "sd.public.comment", "value": {"internal": True}}

Json = Mapping[str, Any]
Call = Callable[..., Any]
"""`Http.call`, or what does the same."""


class Comments:
    """The comments of one site, as one account sees and writes them."""

    def __init__(self, call: Call, account: Callable[[], str], project: Callable[[], Json]) -> None:
        self._call = call
        self._account = account
        self._project = project

    def of(
        self, id: str, inline: Json | None, known: str | None
    ) -> tuple[tuple[Comment, ...] | None, str]:
        """An issue's comments and their mark; no comments when the mark is the `known` one.

        `inline` is what came with the issue. It may be cut short and never shows properties, by
        which our own comments are told, so it serves alone only where there is nothing of ours.
        """
        page = inline or {}
        found, whole = page.get("comments") or [], False
        if len(found) < int(page.get("total", 0)):
            found, whole = self._listed(id), True
        mark = comments_mark(found)
        if mark == known:
            return None, mark
        me = self._account() if found else ""
        if not whole and any((c.get("author") or {}).get("accountId") == me for c in found):
            found = self._listed(id)
            mark = comments_mark(found)
        return tuple(comment_of(each, me) for each in found), mark

    def _listed(self, id: str) -> list[Json]:
        """Jira Cloud REST v3, Issue comments: Get comments. The oldest come first.

        A comment that is deleted meanwhile can hide another from a page: the walk begins anew.
        """
        for _ in range(_WALKS):
            found: dict[str, Json] = {}
            total = start = 0
            while True:
                params = {
                    "startAt": start,
                    "maxResults": _PAGE,
                    "orderBy": "+created",
                    "expand": "properties",
                }
                page = self._call("GET", _ALL, parts={"id": id}, params=params).json()
                found.update({str(each["id"]): each for each in page["comments"]})
                total, start = int(page["total"]), start + len(page["comments"])
                if not page["comments"] or start >= total:
                    break
            if len(found) >= total:
                return list(found.values())
        raise Transient("jira: the comments of an issue change faster than they can be listed")

    def add(self, id: str, body: str, public: bool, correlation: str) -> Comment:
        """Jira Cloud REST v3, Issue comments: Add comment.

        A comment that is not public is only written where Jira has internal notes, and deleted
        at once if it came out public. Raises Refused.
        """
        properties: list[Json] = [{"key": PROPERTY, "value": {"id": correlation}}]
        if not public:
            if self._project().get("projectTypeKey") != "service_desk":
                words = "Only service projects have internal comments"
                raise Refused("jira: no internal comment can be written here", words)
            properties.append(_INTERNAL)
        me = self._account()
        asked = {
            "body": document(body, media_finder(self._call, id, None)),
            "properties": properties,
        }
        raw = self._call("POST", _ALL, parts={"id": id}, json=asked).json()
        made = replace(comment_of(raw, me), ours=True, correlation=correlation)
        if made.public and not public:
            self.delete(id, made.id)
            words = "The comment came out public although it was sent as internal; it was deleted"
            raise Refused("jira: the account may not write internal comments", words)
        return made

    def edit(self, id: str, comment_id: str, body: str) -> Comment:
        """Jira Cloud REST v3, Issue comments: Update comment.

        Without `properties`: any that are sent could make an internal note public. With the role
        or group that it is restricted to.
        """
        parts = {"id": id, "comment": comment_id}
        params = {"expand": "properties"}
        before = self._call("GET", _ONE, parts=parts, params=params).json()
        old = before["body"]
        new = keep_media(document(body, media_finder(self._call, id, old)), old)
        asked: dict[str, Any] = {"body": new}
        if before.get("visibility"):
            # Left out, it would be lifted.
            asked["visibility"] = before["visibility"]
        raw = self._call("PUT", _ONE, parts=parts, json=asked).json()
        correlation = str((property_of(before) or {}).get("id", ""))
        return replace(comment_of(raw, self._account()), correlation=correlation)

    def delete(self, id: str, comment_id: str) -> None:
        """Jira Cloud REST v3, Issue comments: Delete comment. One that is gone is no error."""
        try:
            self._call("DELETE", _ONE, parts={"id": id, "comment": comment_id}, safe=True)
        except Gone:
            return
