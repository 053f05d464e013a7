"""Files on issues of Jira: up, down and away."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, cast

import requests

from tieline.connectors.http import media_type as header_type
from tieline.domain.errors import Gone, Transient

IN_MEMORY = 5_000_000
"""Bytes of a download that stay in memory; a larger file goes to the disk."""

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


def download(call: Call, id: str) -> BinaryIO:
    """The content, from its start. The redirect to the media host gets no credentials."""
    path = "/rest/api/3/attachment/content/{id}"
    response = call("GET", path, parts={"id": id}, stream=True, redirect=True)
    spool = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the caller closes it
    try:
        for chunk in response.iter_content(1 << 16):
            spool.write(chunk)
    except requests.exceptions.RequestException as error:
        spool.close()
        what = f"jira GET {path} broke off ({type(error).__name__})"
        raise Transient(what) from error
    finally:
        response.close()
    spool.seek(0)
    return cast(BinaryIO, spool)


def media_of(call: Call, attachment: Mapping[str, Any]) -> dict[str, Any] | None:
    """The attributes of a media node that shows a file, None if Jira does not tell its id.

    That id is of the media services; only the redirect of the download names it.
    """
    parts = {"id": str(attachment["id"])}
    answer = call("GET", "/rest/api/3/attachment/content/{id}", parts=parts)
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
