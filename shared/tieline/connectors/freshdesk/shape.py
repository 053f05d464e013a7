"""What tells Freshdesk's tickets from other lists of Freshworks. Data.

Freshdesk API v2: Tickets, Ticket fields, Search tickets.
"""

from __future__ import annotations

from collections.abc import Mapping

from tieline.connectors.fresh.api import ROOT
from tieline.connectors.fresh.people import Directory
from tieline.connectors.fresh.shape import Shape
from tieline.connectors.fresh.wire import Field, Form, standard

STANDARD: Mapping[str, Field] = {
    field.spec.name: field
    for field in (
        standard("subject", Form.TEXT, "title", max_length=255),
        standard("description", Form.HTML, "description"),
        standard("status", Form.NUMBERED, "status"),
        standard("priority", Form.NUMBERED, "priority"),
        standard("type", Form.WORD),
        standard("source", Form.NUMBERED),
        standard("responder", Form.AGENT, "assignee", key="responder_id"),
        standard("requester", Form.PERSON, "reporter", key="requester_id"),
        standard("group", Form.NAMED, key="group_id"),
        standard("product", Form.NAMED, key="product_id"),
        standard("due_by", Form.DATETIME, "due"),
        standard("fr_due_by", Form.DATETIME),
        standard("tags", Form.TAGS, "tags"),
        standard("created_at", Form.DATETIME, writable=False),
    )
}
TICKETS = Shape(
    path=ROOT + "/tickets",
    key="#{id}",
    url="/a/tickets/{id}",
    fields=ROOT + "/ticket_fields",
    standard=STANDARD,
    lists={"type": "ticket_type", "group_id": "group", "product_id": "product"},
    # All four must be said; what is no text at all is refused.
    born={
        "subject": "(no subject)",
        "description": "<div>&nbsp;</div>",
        "status": 2,
        "priority": 1,
    },
    closed=frozenset({"4", "5"}),  # resolved, too
    search=ROOT + "/search/tickets",
)
AGENTS = Directory("/agents")
CONTACTS = Directory("/contacts")
