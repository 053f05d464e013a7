"""Files on issues of Jira: up, down and away."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, cast

import requests

from tieline.connectors.http import media_type as header_type
from tieline.domain.errors import Gone

Call = Callable[..., requests.Response]
"""`Http.call`, or what does the same."""


def upload(call: Call, id: str, name: str, media_type: str, content: BinaryIO) -> Mapping[str, Any]:
    """The answer's one attachment. Without the header Jira takes the call for a forgery."""
    # Bytes, not the stream: a call that is repeated would find the stream at its end.
    files = {"file": (name, content.read(), header_type(media_type))}
    headers = {"X-Atlassian-Token": "no-check"}
    path = "/rest/api/3/issue/{id}/attachments"
    made = call("POST", path, parts={"id": id}, files=files, headers=headers).json()
    first: Mapping[str, Any] = made[0]
    return first


def download(call: Call, id: str, limit: int) -> BinaryIO:
    """The content, from its start. The redirect to the media host gets no credentials."""
    path = "/rest/api/3/attachment/content/{id}"
    response = call("GET", path, parts={"id": id}, file=limit, redirect="follow")
    return cast("BinaryIO", response.raw)


def media_of(call: Call, attachment: Mapping[str, Any]) -> dict[str, Any] | None:
    """The attributes of a media node that shows a file, None if Jira does not tell its id.

    That id is of the media services; only the redirect of the download names it.
    """
    parts = {"id": str(attachment["id"])}
    path = "/rest/api/3/attachment/content/{id}"
    answer = call("GET", path, parts=parts, redirect="show")
    found = re.search(r"/file/([0-9a-fA-F-]{36})/", answer.headers.get("Location", ""))
    if found is None:
        return None
    name = str(attachment["filename"])
    return {"type": "file", "id": found.group(1), "collection": "", "alt": name}


def delete(call: Call, id: str) -> None:
    """One that is gone already is no error."""
    try:
        call("DELETE", "/rest/api/3/attachment/{id}", parts={"id": id}, safe=True)
    except Gone:
        return
