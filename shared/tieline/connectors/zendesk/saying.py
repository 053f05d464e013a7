"""Comments and files of ours. Each is an update of its ticket, in one call.

Zendesk: Tickets (Update ticket), Ticket attachments (Upload files, Redact comment attachment).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from html import escape
from typing import Any, BinaryIO, cast

from tieline.connectors.http import media_type as header_type
from tieline.connectors.zendesk.api import API, Api
from tieline.connectors.zendesk.conversation import (
    CARRIER,
    REDACTED,
    Conversation,
    attachment_of,
)
from tieline.connectors.zendesk.people import People
from tieline.connectors.zendesk.reading import Reader
from tieline.connectors.zendesk.stamps import Stamps
from tieline.connectors.zendesk.wire import Row, html_of, token_of
from tieline.domain.errors import Gone, Refused, Stale, Transient
from tieline.domain.ticket import Attachment, Comment

TICKET = "/tickets/{id}"
_AGAIN = timedelta(seconds=1)


class Saying:
    """What we say in tickets. `public`: files come with public comments, not with internal ones."""

    def __init__(
        self, api: Api, people: People, reader: Reader, stamps: Stamps, *, public: bool
    ) -> None:
        self._api = api
        self._people = people
        self._reader = reader
        self._stamps = stamps
        self._public = public

    def comment(self, id: str, body: str, public: bool, correlation: str) -> Comment:
        """Say something; the correlation goes into the update's own metadata."""
        talk: list[Conversation] = []

        def address(name: str) -> str:
            if not talk:
                talk.append(self._reader.conversation(id))
            return talk[0].address_of(name)

        html = html_of(body, address) or "<p>&nbsp;</p>"
        said = {"html_body": html, "public": public}
        row = self._say(id, said, {"comment": correlation})
        names = talk[0].names if talk else {}
        me = self._people.me()
        people = self._people.named([me])
        return Conversation([row], people, me, inner=True, names=names).comment(row)

    def file(self, id: str, name: str, media_type: str, content: BinaryIO) -> Attachment:
        """Upload a file and bring it to the ticket with a comment. Raises Refused (size)."""
        uploaded = self._api.call(
            "POST",
            f"{API}/uploads",
            params={"filename": name},
            data=content.read(),
            headers={"Content-Type": header_type(media_type)},
            safe=True,  # a token that nobody uses is forgotten
        ).json()["upload"]
        said = {
            "html_body": f"<p>{CARRIER}{escape(name)}</p>",
            "public": self._public,
            "uploads": [uploaded["token"]],
        }
        row = self._say(id, said, {"file": True})
        files = row.get("attachments") or [uploaded["attachment"]]
        return attachment_of(files[0], row, ours=True)

    def open(self, attachment: Attachment) -> BinaryIO:
        """The content of a file. Its address is built anew: what an answer names is not called.

        The redirect to the media host gets no credentials. Raises Gone, Refused (malware).
        """
        path = "/attachments/{id}"
        file = self._api.get(path, parts={"id": attachment.id}).get("attachment") or {}
        if file.get("deleted") or file.get("file_name") == REDACTED:
            raise Gone(f"zendesk GET {path}: the file was redacted")
        if file.get("malware_scan_result") == "malware_found":
            words = "Zendesk found malware in this file"
            raise Refused(f"zendesk GET {path}: malware was found", words)
        token = token_of(file.get("content_url"))
        if not token:
            raise Refused(f"zendesk GET {path}: the file is not Zendesk's own")
        response = self._api.call(
            "GET",
            "/attachments/token/{token}/",
            parts={"token": token},
            params={"name": attachment.name},
            headers={"Accept": "*/*"},
            file=attachment.size,
            redirect="follow",
        )
        return cast("BinaryIO", response.raw)

    def take_away(self, id: str, attachment: str) -> None:
        """Redact a file, which is all that Zendesk lets anybody do; once done it is no error."""
        try:
            place = self._reader.conversation(id).place_of(attachment)
            if place:
                path = f"{API}/tickets/{{id}}/comments/{{comment}}/attachments/{{file}}/redact"
                parts = {"id": id, "comment": place, "file": attachment}
                self._api.call("PUT", path, parts=parts)
        except Gone:
            return

    def _say(self, id: str, comment: Mapping[str, Any], mark: Mapping[str, Any]) -> Row:
        """One update with a comment; gives the comment as a list of comments would.

        The stamp that was seen last goes along. If it holds, whoever knows the ticket at that stamp
        may write its fields after this; if not, the comment is true all the same.
        """
        ticket = {"comment": comment, "metadata": {"tieline": mark}}
        stamp = self._stamps.latest(id)
        if stamp:
            guarded = {**ticket, "safe_update": True, "updated_stamp": stamp}
            try:
                answer = self._put(id, guarded)
            except Stale:
                stamp = ""
        if not stamp:
            try:
                answer = self._put(id, ticket)
            except Stale as busy:
                raise Transient(busy.what, _AGAIN) from None
        if stamp:
            self._stamps.led(stamp, answer["ticket"])
        else:
            self._stamps.seen(answer["ticket"])
        return _comment_of(answer)

    def _put(self, id: str, ticket: Mapping[str, Any]) -> Row:
        """Not asked for twice: a comment has nothing that would make two of them one."""
        return self._api.object(
            "PUT", TICKET, parts={"id": id}, json={"ticket": ticket}, safe=False
        )


def _comment_of(answer: Row) -> Row:
    audit = answer.get("audit") or {}
    for event in audit.get("events") or ():
        if event.get("type") in {"Comment", "VoiceComment"}:
            return {
                **event,
                "created_at": audit["created_at"],
                "via": audit.get("via") or {"channel": "api"},
                "metadata": audit.get("metadata") or {},
            }
    raise Transient(f"zendesk PUT {TICKET} answered no comment", uncertain=True)
