"""What a simulated Freshdesk account takes and holds: fields, lists, the rules of its tickets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tieline_ops.sandbox.fresh.content import Field
from tieline_ops.sandbox.fresh.errors import Fault, fault
from tieline_ops.sandbox.fresh.state import Record, Site, stamp
from tieline_ops.sandbox.fresh.values import Rule
from tieline_ops.sandbox.fresh.work import Book

TICKETS = "tickets"
STATUSES = {
    "Open": 2,
    "Pending": 3,
    "Resolved": 4,
    "Closed": 5,
    "Waiting on Customer": 6,
    "Waiting on Third Party": 7,
}
PRIORITIES = {"Low": 1, "Medium": 2, "High": 3, "Urgent": 4}
SOURCES = {
    "Email": 1,
    "Portal": 2,
    "Phone": 3,
    "Chat": 7,
    "Feedback Widget": 9,
    "Outbound Email": 10,
}
TYPES = ["Question", "Incident", "Problem", "Feature Request"]
_DUE = {1: 72, 2: 24, 3: 8, 4: 4}
"""Hours that the account's agreement gives, by priority."""


def fields() -> list[Field]:
    """The form. Agents and groups are shown by the account's own lists."""
    return [
        Field("requester", "Search a requester", "default_requester", default=True),
        Field("subject", "Subject", "default_subject", default=True),
        Field("ticket_type", "Type", "default_ticket_type", TYPES, default=True),
        Field("source", "Source", "default_source", SOURCES, default=True),
        Field(
            "status",
            "Status",
            "default_status",
            {str(value): [label, "Being Processed"] for label, value in STATUSES.items()},
            default=True,
        ),
        Field("priority", "Priority", "default_priority", PRIORITIES, default=True),
        Field("group", "Group", "default_group", default=True),
        Field("agent", "Agent", "default_agent", default=True),
        Field("product", "Product", "default_product", default=True),
        Field("description", "Description", "default_description", default=True),
        Field("company", "Company", "default_company", default=True),
        Field("cf_reference", "Reference", "custom_text"),
        Field("cf_sync_ref", "Sync reference", "custom_text"),
        Field("cf_notes", "Internal notes", "custom_paragraph"),
        Field("cf_vip", "VIP", "custom_checkbox"),
        Field("cf_seats", "Seats", "custom_number"),
        Field("cf_cost", "Cost", "custom_decimal"),
        Field("cf_golive", "Go live", "custom_date"),
        Field("cf_region", "Region", "custom_dropdown", ["Europe", "Asia", "Americas"]),
        Field(
            "cf_resolution",
            "Resolution",
            "custom_dropdown",
            ["Fixed", "Duplicate", "Won't fix"],
            closing=True,
        ),
        Field(
            "cf_device",
            "Device",
            "nested_field",
            {"Printer": {"Laser": ["A4", "A3"], "Ink": []}, "Phone": {}},
            levels=("cf_model", "cf_size"),
        ),
    ]


def choices(site: Site, field: Field) -> Any:
    """A field's choices as the form shows them."""
    live: Mapping[str, Any] = {
        "group": site.groups,
        "product": site.products,
        "agent": {user.name: user.id for user in site.users if user.agent and user.active},
    }
    found = live.get(field.name, field.choices)
    if site.on("choices_as_objects") and isinstance(found, list):
        return [{"id": n, "label": each, "value": each} for n, each in enumerate(found)]
    return found


RULES: Mapping[str, Rule] = {
    "requester_id": Rule("Requester"),
    "email": Rule("Email"),
    "phone": Rule("String"),
    "name": Rule("String"),
    "unique_external_id": Rule("String"),
    "twitter_id": Rule("String"),
    "facebook_id": Rule("String"),
    "subject": Rule("String", length=255),
    "description": Rule("String"),
    "type": Rule("String", lambda _: TYPES, nullable=True),
    "status": Rule("Integer", lambda _: [*STATUSES.values()]),
    "priority": Rule("Integer", lambda _: [*PRIORITIES.values()]),
    "source": Rule("Integer", lambda _: [*SOURCES.values()]),
    "responder_id": Rule("Agent", nullable=True),
    "group_id": Rule("Id", lambda site: [*site.groups.values()], nullable=True),
    "product_id": Rule("Id", lambda site: [*site.products.values()], nullable=True),
    "email_config_id": Rule("Id", nullable=True),
    "company_id": Rule("Id", nullable=True),
    "parent_id": Rule("Id"),
    "tags": Rule("Array"),
    "cc_emails": Rule("Array"),
    "due_by": Rule("DateTime"),
    "fr_due_by": Rule("DateTime"),
}


def complete(site: Site, values: dict[str, Any], before: Record | None) -> list[Fault]:
    """What the account adds, and what is wrong with a ticket as a whole."""
    given = values.keys() & {"due_by", "fr_due_by"}
    if before is None:
        base: dict[str, Any] = {
            "type": None,
            "source": 2,
            "responder_id": None,
            "group_id": None,
            "product_id": None,
            "email_config_id": None,
            "company_id": None,
            "cc_emails": [],
        }
        values.update({**base, **values})
        hours = timedelta(hours=_DUE[values["priority"]])
        values.setdefault("due_by", stamp(site.now() + hours))
        values.setdefault("fr_due_by", stamp(site.now() + hours / 2))
    for name in ("due_by", "fr_due_by"):
        values[name] = stamp(datetime.fromisoformat(values[name]))
    faults = []
    if before is None and len(given) == 1 and site.on("due_by_needs_fr_due_by"):
        lacking = ({"due_by", "fr_due_by"} - given).pop()
        faults.append(fault(lacking, "Both due_by and fr_due_by are to be given", "missing_field"))
    if values["fr_due_by"] > values["due_by"]:
        faults.append(fault("fr_due_by", "Should be lesser than due_by"))
    return faults


BOOK = Book(
    kind=TICKETS,
    rules=RULES,
    labels={"status": STATUSES, "priority": PRIORITIES, "source": SOURCES},
    mandatory=("subject", "description", "status", "priority"),
    complete=complete,
    closed=frozenset({4, 5}),
    only_new=frozenset({"cc_emails", "parent_id"}),
)
