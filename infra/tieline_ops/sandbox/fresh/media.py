"""The files' own host: addresses that are signed, and over after some minutes."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

from flask import Flask, Response, redirect, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.fresh.state import File, Record, Site, stamp

MEDIA = "https://s3.amazonaws.com"
_PATH = "/cdn.freshdesk.com/data/helpdesk/attachments/production/"
_LIFE = timedelta(minutes=5)
_STAMP = "%Y%m%dT%H%M%SZ"


def signed_url(site: Site, file: File) -> str:
    """Where a file can be had for five minutes, without credentials."""
    home = urlsplit(request.host_url)
    # A sandbox that is served on this machine is its own media server.
    host = MEDIA if home.scheme == "https" else f"{home.scheme}://{home.netloc}"
    at = site.clock.now().astimezone(UTC).strftime(_STAMP)
    query = f"X-Amz-Date={at}&X-Amz-Expires={_LIFE.seconds}&X-Amz-Signature={_proof(file, at)}"
    return f"{host}{_PATH}{file.id}/original/{quote(file.name, safe='')}?{query}"


def lasting_path(file: File) -> str:
    """Below the account's address: what a text may hold, and what browsers are sent on from."""
    return f"/helpdesk/attachments/{file.id}"


def shown(site: Site, file: File) -> dict[str, object]:
    """An attachment in an answer."""
    at = stamp(file.created)
    size = "file_size" if site.on("file_size") else "size"
    return {
        "id": file.id,
        "content_type": file.type,
        size: len(file.content),
        "name": file.name,
        "attachment_url": signed_url(site, file),
        "created_at": at,
        "updated_at": at,
    }


def files_of(record: Record) -> list[File]:
    return [*record.files, *(file for said in record.said for file in said.files)]


def routes(app: Flask, site: Site) -> None:
    """The host of the files, and the address that leads a signed-in person there."""

    @app.get(f"{_PATH}<int:id>/original/<path:name>")
    def content(id: int, name: str) -> ResponseReturnValue:  # noqa: ARG001
        if request.headers.get("Authorization"):
            words = "Only one auth mechanism allowed"
            return Response(f"<Error><Code>InvalidArgument</Code><Message>{words}", 400)
        found = _find(site, id)
        at = request.args.get("X-Amz-Date", "")
        if found is None:
            return Response("<Error><Code>NoSuchKey</Code></Error>", 404)
        if request.args.get("X-Amz-Signature") != _proof(found, at):
            return Response("<Error><Code>SignatureDoesNotMatch</Code></Error>", 403)
        signed = datetime.strptime(at, _STAMP).replace(tzinfo=UTC)
        if site.clock.now() - signed > _LIFE:
            words = "Request has expired"
            return Response(f"<Error><Code>AccessDenied</Code><Message>{words}", 403)
        return Response(found.content, mimetype=found.type)

    @app.get("/helpdesk/attachments/<int:id>")
    def lasting(id: int) -> ResponseReturnValue:
        found = _find(site, id)
        return redirect(signed_url(site, found)) if found else Response(status=404)


def _find(site: Site, id: int) -> File | None:
    records = (record for kept in site.records.values() for record in kept.values())
    return next((f for record in records for f in files_of(record) if f.id == id), None)


def _proof(file: File, at: str) -> str:
    return hashlib.sha256(f"{file.id} {at}".encode()).hexdigest()
