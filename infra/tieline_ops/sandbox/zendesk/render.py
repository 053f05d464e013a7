"""How tickets, comments and people look in answers."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from flask import has_request_context, request

from tieline_ops.sandbox.zendesk.content import TicketField, User
from tieline_ops.sandbox.zendesk.state import Attachment, Audit, Comment, Site, Ticket, stamp
from tieline_ops.sandbox.zendesk.values import plain

CDN = "https://p20.zdusercontent.com"
"""Where files are: another host, which wants none of our credentials."""


def home(site: Site) -> str:
    """The host in answers: the account's canonical one, or where a sandbox is served."""
    if has_request_context():
        here = urlsplit(request.host_url)
        if here.scheme != "https":
            return f"{here.scheme}://{here.netloc}"
    return f"https://{site.content.canonical}.zendesk.com"


def content_url(site: Site, file: Attachment) -> str:
    return f"{home(site)}/attachments/token/{file.token}/?name={quote(file.name)}"


def ticket_json(site: Site, ticket: Ticket, generated: bool = False) -> dict[str, Any]:
    first = ticket.comments[0]
    status = "deleted" if ticket.deleted else ticket.status
    custom = [{"id": id, "value": value} for id, value in ticket.custom.items()]
    subject = "SCRUBBED" if ticket.scrubbed else ticket.subject
    return {
        "url": f"{home(site)}/api/v2/tickets/{ticket.id}.json",
        "id": ticket.id,
        "external_id": ticket.external_id,
        "via": _via(ticket.channel),
        "created_at": stamp(ticket.created),
        "updated_at": stamp(ticket.updated),
        **({"generated_timestamp": ticket.generated} if generated else {}),
        "type": ticket.type,
        "subject": subject,
        "raw_subject": subject,
        "description": "SCRUBBED" if ticket.scrubbed else plain(first.html),
        "priority": ticket.priority,
        "status": status,
        "recipient": None,
        "requester_id": ticket.requester,
        "submitter_id": ticket.submitter,
        "assignee_id": ticket.assignee,
        "organization_id": None,
        "group_id": ticket.group,
        "collaborator_ids": [],
        "follower_ids": [],
        "email_cc_ids": [],
        "forum_topic_id": None,
        "problem_id": ticket.problem,
        "has_incidents": False,
        "is_public": ticket.public,
        "due_at": stamp(ticket.due) if ticket.due else None,
        "tags": list(ticket.tags),
        "custom_fields": custom,
        "satisfaction_rating": None,
        "sharing_agreement_ids": [],
        "custom_status_id": ticket.custom_status,
        "fields": custom,
        "followup_ids": [],
        "ticket_form_id": ticket.form,
        "brand_id": ticket.brand,
        "allow_channelback": False,
        "allow_attachments": True,
        "from_messaging_channel": False,
    }


def comment_json(site: Site, comment: Comment, inline: bool) -> dict[str, Any]:
    files = [file for file in comment.attachments if inline or not file.inline]
    return {
        "id": comment.id,
        "type": "Comment",
        "author_id": comment.author,
        "body": plain(comment.html),
        "html_body": comment.html,
        "plain_body": plain(comment.html),
        "public": comment.public,
        "attachments": [attachment_json(site, file) for file in files],
        "audit_id": comment.audit,
        "via": _via(comment.channel),
        "created_at": stamp(comment.created),
        "metadata": _metadata(comment.client, comment.custom),
    }


def attachment_json(site: Site, file: Attachment) -> dict[str, Any]:
    return {
        "url": f"{home(site)}/api/v2/attachments/{file.id}.json",
        "id": file.id,
        "file_name": file.name,
        "content_url": content_url(site, file),
        "mapped_content_url": content_url(site, file),
        "content_type": file.media_type,
        "size": len(file.content),
        "width": None,
        "height": None,
        "inline": file.inline,
        "deleted": False,
        "malware_access_override": False,
        "malware_scan_result": "malware_found" if file.malware else "not_scanned",
        "thumbnails": [],
    }


def audit_json(site: Site, ticket: Ticket, audit: Audit) -> dict[str, Any]:
    events = []
    for event in audit.events:
        comment = event.get("comment")
        if isinstance(comment, Comment):
            told = comment_json(site, comment, inline=True)
            for name in ("created_at", "via", "metadata"):
                told.pop(name)
            events.append(told)
        else:
            events.append(event)
    return {
        "id": audit.id,
        "ticket_id": ticket.id,
        "created_at": stamp(audit.created),
        "author_id": audit.author,
        "metadata": _metadata(audit.client, audit.custom),
        "events": events,
        "via": _via(audit.channel),
    }


def user_json(site: Site, user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "url": f"{home(site)}/api/v2/users/{user.id}.json",
        "name": user.name,
        "email": user.email,
        "role": user.role,
        "active": user.active,
        "suspended": user.suspended,
    }


def field_json(site: Site, field: TicketField) -> dict[str, Any]:
    options = [
        {"id": field.id * 100 + n, "name": o.name, "raw_name": o.name, "value": o.value}
        for n, o in enumerate(field.options)
    ]
    return {
        "url": f"{home(site)}/api/v2/ticket_fields/{field.id}.json",
        "id": field.id,
        "type": field.type,
        "title": field.title,
        "raw_title": field.title,
        "active": field.active,
        "required": field.required,
        "required_in_portal": field.required_in_portal,
        "agent_can_edit": True,
        "removable": field.removable,
        "tag": field.tag or None,
        "regexp_for_validation": field.pattern or None,
        **({"custom_field_options": options} if field.type in {"tagger", "multiselect"} else {}),
        **({"relationship_target_type": field.target} if field.target else {}),
    }


def _via(channel: str) -> dict[str, Any]:
    return {"channel": channel, "source": {"from": {}, "to": {}, "rel": None}}


def _metadata(client: str, custom: Any) -> dict[str, Any]:
    system = {"client": client, "ip_address": "203.0.113.7", "location": "", "latitude": 0.0}
    return {"system": {**system, "longitude": 0.0}, "custom": dict(custom)}
