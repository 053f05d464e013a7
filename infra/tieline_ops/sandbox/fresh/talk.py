"""Conversations: replies and notes, as they are added, edited, deleted and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tieline_ops.sandbox.fresh import media
from tieline_ops.sandbox.fresh.content import User
from tieline_ops.sandbox.fresh.errors import fault, invalid, not_allowed, not_found
from tieline_ops.sandbox.fresh.html import text_of
from tieline_ops.sandbox.fresh.state import NOTE, REPLY, Record, Said, Site, stamp
from tieline_ops.sandbox.fresh.values import Rule, checked
from tieline_ops.sandbox.fresh.work import Upload, kept_files

NOTES: Mapping[str, Rule] = {
    "body": Rule("String"),
    "private": Rule("Boolean"),
    "incoming": Rule("Boolean"),
    "user_id": Rule("Requester", nullable=True),
    "notify_emails": Rule("Array"),
}
REPLIES: Mapping[str, Rule] = {
    "body": Rule("String"),
    "from_email": Rule("Email"),
    "user_id": Rule("Requester", nullable=True),
    "cc_emails": Rule("Array"),
    "bcc_emails": Rule("Array"),
}
EDITS: Mapping[str, Rule] = {"body": Rule("String")}


def note(
    site: Site, user: User, record: Record, given: Mapping[str, Any], files: Sequence[Upload] = ()
) -> Said:
    """A note: private unless it is said otherwise. Raises FreshError 400."""
    values = _worded(site, given, NOTES)
    return _add(site, user, record, values, files, NOTE, private=values.get("private", True))


def reply(
    site: Site, user: User, record: Record, given: Mapping[str, Any], files: Sequence[Upload] = ()
) -> Said:
    """A reply, which the requester gets as mail at once. Raises FreshError 400."""
    values = _worded(site, given, REPLIES)
    made = _add(site, user, record, values, files, REPLY, private=False)
    site.mails.append((record.id, text_of(made.body)))
    return made


def heard(site: Site, user: User, record: Record, html: str) -> Said:
    """What a requester wrote by mail or in the portal."""
    return _add(site, user, record, {"body": html, "incoming": True}, (), REPLY, private=False)


def find(site: Site, kind: str, id: int) -> tuple[Record, Said]:
    """A conversation by its id alone. Raises FreshError 404."""
    for record in site.records[kind].values():
        for said in record.said:
            if said.id == id and not record.deleted:
                return record, said
    raise not_found()


def edit(site: Site, user: User, record: Record, said: Said, given: Mapping[str, Any]) -> None:
    """Only notes are edited. Raises FreshError 400."""
    values = _worded(site, given, EDITS)
    if said.source != NOTE:
        raise invalid(fault("id", "Only notes can be edited"))
    said.body = site.html(values["body"])
    said.edited = site.now()
    if not site.on("edits_only_in_last_edited_at"):
        said.updated = said.edited
    site.parts_changed(record, user)


def delete(site: Site, user: User, record: Record, said: Said) -> None:
    """Raises FreshError 405 for what a requester wrote."""
    if said.incoming:
        raise not_allowed("DELETE")
    record.said.remove(said)
    site.parts_changed(record, user)


def shown(site: Site, record: Record, said: Said) -> dict[str, Any]:
    """A conversation in an answer."""
    user = site.user(said.user)
    return {
        "id": said.id,
        "body": said.body,
        "body_text": text_of(said.body),
        "incoming": said.incoming,
        "private": said.private,
        "user_id": said.user,
        "support_email": None,
        "source": said.source,
        "ticket_id": record.id,
        "to_emails": [],
        "from_email": f'"{user.name}" <{user.email}>' if said.source == REPLY else None,
        "cc_emails": [],
        "bcc_emails": None,
        "last_edited_at": stamp(said.edited) if said.edited else None,
        "created_at": stamp(said.created),
        "updated_at": stamp(said.updated),
        "attachments": [media.shown(site, file) for file in said.files],
    }


def _worded(site: Site, given: Mapping[str, Any], rules: Mapping[str, Rule]) -> dict[str, Any]:
    if not given.get("body"):
        raise invalid(fault("body", "It should be a/an String", "missing_field"))
    return checked(site, given, rules, [])[0]


def _add(
    site: Site,
    user: User,
    record: Record,
    values: Mapping[str, Any],
    files: Sequence[Upload],
    source: int,
    *,
    private: bool,
) -> Said:
    now = site.now()
    said = Said(
        id=site.number(),
        user=values.get("user_id") or user.id,
        body=site.html(values["body"]),
        private=private,
        incoming=bool(values.get("incoming", False)),
        source=source,
        created=now,
        updated=now,
        files=kept_files(site, files),
    )
    site.said(record, user, said)
    return said
