"""Records of Freshservice as the API shows them. Every answer stands in an envelope."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tieline_ops.sandbox.fresh import media, talk
from tieline_ops.sandbox.fresh.content import User
from tieline_ops.sandbox.fresh.html import text_of
from tieline_ops.sandbox.fresh.state import Record, Said, Site, stamp
from tieline_ops.sandbox.freshservice.content import TICKETS

ONE = {"tickets": "ticket", "problems": "problem", "changes": "change"}
_INCLUDED = 10


def listed(site: Site, record: Record, include: Iterable[str], *, custom: bool = True) -> Any:
    """A row of a list: without tags unless they are asked for."""
    shown: dict[str, Any] = {
        "id": record.id,
        **record.values,
        "description_text": text_of(record.values["description"]),
        "custom_fields": dict(record.custom) if custom else {},
        "created_at": stamp(record.created),
        "updated_at": stamp(record.updated),
        "deleted": record.deleted,
    }
    if record.kind == TICKETS:
        shown |= {"spam": record.spam, "is_escalated": False, "fr_escalated": False}
        shown |= {"cc_emails": [], "fwd_emails": [], "reply_cc_emails": [], "to_emails": None}
    shown.pop("assets", None)
    if "tags" in include:
        shown["tags"] = list(record.tags)
    if "requester" in include:
        user = site.user(record.values["requester_id"])
        shown["requester"] = {key: getattr(user, key) for key in ("id", "name", "email")}
    return shown


def one(site: Site, record: Record, include: Iterable[str] = ()) -> dict[str, Any]:
    """A record on its own, in its envelope."""
    shown = listed(site, record, include)
    shown["attachments"] = [media.shown(site, file) for file in record.files]
    if "conversations" in include:
        some = record.said[:_INCLUDED]
        shown["conversations"] = [talk.shown(site, record, said) for said in some]
    return {ONE[record.kind]: shown}


def note(site: Site, record: Record, said: Said) -> dict[str, Any]:
    """A note of a problem or a change: nobody else reads it, so nothing says that it is private."""
    shown = talk.shown(site, record, said)
    kept = ("id", "body", "body_text", "user_id", "created_at", "updated_at")
    return {**{key: shown[key] for key in kept}, "notify_emails": []}


def agent(user: User) -> dict[str, Any]:
    return {**_named(user), "email": user.email, "active": user.active}


def requester(user: User) -> dict[str, Any]:
    return {**_named(user), "primary_email": user.email, "active": user.active, "is_agent": False}


def _named(user: User) -> dict[str, Any]:
    first, _, last = user.name.partition(" ")
    return {"id": user.id, "first_name": first, "last_name": last or None}
