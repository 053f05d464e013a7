"""A Freshdesk ticket as the API shows it: bare, and in lists without its description."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tieline_ops.sandbox.fresh import media, talk
from tieline_ops.sandbox.fresh.content import User
from tieline_ops.sandbox.fresh.html import text_of
from tieline_ops.sandbox.fresh.state import Record, Site, stamp

_INCLUDED = 10
"""So many conversations come along with a ticket at most."""


def listed(site: Site, ticket: Record, include: Iterable[str]) -> dict[str, Any]:
    """A row of a list or of a search."""
    values = ticket.values
    shown: dict[str, Any] = {
        "cc_emails": values["cc_emails"],
        "fwd_emails": [],
        "reply_cc_emails": [],
        "ticket_cc_emails": values["cc_emails"],
        "fr_escalated": False,
        "spam": ticket.spam,
        **{
            name: values[name]
            for name in (
                "email_config_id", "group_id", "priority", "requester_id", "responder_id",
                "source", "company_id", "status", "subject",
            )
        },
        "association_type": None,
        "support_email": None,
        "to_emails": None,
        "product_id": values["product_id"],
        "id": ticket.id,
        "type": values["type"],
        "due_by": values["due_by"],
        "fr_due_by": values["fr_due_by"],
        "is_escalated": False,
        "custom_fields": dict(ticket.custom),
        "created_at": stamp(ticket.created),
        "updated_at": stamp(ticket.updated),
        "associated_tickets_count": None,
        "tags": list(ticket.tags),
        "nr_due_by": None,
        "nr_escalated": False,
    }  # fmt: skip
    if ticket.deleted:
        shown["deleted"] = True
    if "description" in include:
        shown |= _description(ticket)
    if "requester" in include:
        shown["requester"] = _requester(site.user(values["requester_id"]))
    if "stats" in include:
        shown["stats"] = {"resolved_at": None, "closed_at": None, "first_responded_at": None}
    if "company" in include:
        shown["company"] = {}
    return shown


def one(site: Site, ticket: Record, include: Iterable[str] = ()) -> dict[str, Any]:
    """A ticket on its own."""
    shown = listed(site, ticket, {*include, "description"})
    shown["attachments"] = [media.shown(site, file) for file in ticket.files]
    if "conversations" in include:
        some = ticket.said[:_INCLUDED]
        shown["conversations"] = [talk.shown(site, ticket, said) for said in some]
    return shown


def agent(user: User) -> dict[str, Any]:
    contact = {
        "active": user.active,
        "email": user.email,
        "job_title": None,
        "language": "en",
        "mobile": None,
        "name": user.name,
        "phone": None,
        "time_zone": "UTC",
    }
    return {
        "available": False,
        "occasional": False,
        "id": user.id,
        "ticket_scope": 1,
        "signature": None,
        "type": "support_agent",
        "deactivated": not user.active,
        "contact": contact,
    }


def contact(user: User) -> dict[str, Any]:
    return {
        "active": False,
        "address": None,
        "deleted": False,
        "description": None,
        "email": user.email,
        "id": user.id,
        "language": "en",
        "mobile": None,
        "name": user.name,
        "phone": None,
        "time_zone": "UTC",
        "twitter_id": None,
        "unique_external_id": None,
        "custom_fields": {},
        "tags": [],
    }


def _requester(user: User) -> dict[str, Any]:
    keys = ("id", "name", "email")
    return {**{key: getattr(user, key) for key in keys}, "mobile": None, "phone": None}


def _description(ticket: Record) -> dict[str, Any]:
    html = ticket.values["description"]
    return {
        "description": html,
        "description_text": text_of(html),
        "structured_description": None,
    }
