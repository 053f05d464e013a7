"""What we say in cases: comments and files, and taking them away.

Salesforce: Object reference, CaseComment, ContentVersion; REST API, Insert blob data.
"""

from __future__ import annotations

import base64
from typing import BinaryIO, cast

from tieline.connectors.base import Clock
from tieline.connectors.http import media_type as header_type
from tieline.connectors.salesforce import conversation
from tieline.connectors.salesforce.api import Api
from tieline.connectors.salesforce.wire import comment_text, id18
from tieline.domain.errors import Gone, Refused
from tieline.domain.ticket import Attachment, Comment

COMMENT = "/sobjects/CaseComment/{id}"
MOST_FILE = 37_000_000
"""Bytes of a file that goes as base64 within JSON."""


class Saying:
    """Comments and files of one org's cases."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock

    def comment(self, id: str, body: str, *, public: bool) -> Comment:
        """A new CaseComment."""
        said = {"ParentId": id, "CommentBody": comment_text(body), "IsPublished": public}
        made = self._api.call("POST", "/sobjects/CaseComment", json=said).json()
        return self._comment(id, id18(made.get("id")))

    def edit(self, id: str, comment_id: str, body: str) -> Comment:
        """Raises Gone."""
        if not id18(comment_id):
            raise Gone(f"salesforce PATCH {COMMENT}: not a comment's id")
        said = {"CommentBody": comment_text(body)}
        # The same text twice is the same.
        self._api.call("PATCH", COMMENT, parts={"id": comment_id}, json=said, safe=True)
        return self._comment(id, comment_id)

    def take_back(self, comment_id: str) -> None:
        """One that is gone already is no error."""
        self._delete(COMMENT, comment_id)

    def _comment(self, id: str, comment_id: str) -> Comment:
        rows = self._api.rows(conversation.comment_query(id, comment_id))
        if not rows:
            raise Gone(f"salesforce GET {COMMENT}: the comment is not there")
        return conversation.comment_of(rows[0], self._api.me())

    def file(self, id: str, name: str, media_type: str, content: BinaryIO) -> Attachment:
        """A ContentVersion that is first published in the case. Raises Refused (size)."""
        held = content.read(MOST_FILE + 1)
        if len(held) > MOST_FILE:
            words = f"a file of more than {MOST_FILE} bytes is not written"
            raise Refused(f"salesforce POST /sobjects/ContentVersion: {words}", words)
        said = {
            "Title": conversation.title_of(name)[:255],
            "PathOnClient": name[:500],
            "VersionData": base64.b64encode(held).decode(),
            "FirstPublishLocationId": id,
        }
        made = self._api.call("POST", "/sobjects/ContentVersion", json=said).json()
        return Attachment(
            id=id18(made.get("id")),
            name=name,
            media_type=header_type(media_type),
            size=len(held),
            created=self._clock(),
            ours=True,
        )

    def open(self, attachment: Attachment) -> BinaryIO:
        """The content of a version. Raises Gone."""
        path = "/sobjects/ContentVersion/{id}/VersionData"
        if not id18(attachment.id):
            raise Gone(f"salesforce GET {path}: not a version's id")
        response = self._api.call(
            "GET",
            path,
            parts={"id": attachment.id},
            headers={"Accept": "*/*"},
            file=attachment.size,
        )
        return cast("BinaryIO", response.raw)

    def take_away(self, id: str, attachment_id: str) -> None:
        """Our own file goes; one of others leaves this case only. Twice is no error."""
        for row in self._api.rows(conversation.files_query(id)):
            document = row["ContentDocument"]
            if id18(document.get("LatestPublishedVersionId")) == id18(attachment_id) != "":
                ours = id18(document.get("CreatedById")) == self._api.me()
                if ours:
                    self._delete("/sobjects/ContentDocument/{id}", str(row["ContentDocumentId"]))
                else:
                    self._delete("/sobjects/ContentDocumentLink/{id}", str(row["Id"]))

    def _delete(self, path: str, id: str) -> None:
        if not id18(id):
            return
        try:
            self._api.call("DELETE", path, parts={"id": id})
        except Gone:
            return
