"""What a simulated Freshservice account takes and holds: tickets, problems, changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tieline_ops.sandbox.fresh.content import Field
from tieline_ops.sandbox.fresh.errors import Fault, fault
from tieline_ops.sandbox.fresh.state import Record, Site, stamp
from tieline_ops.sandbox.fresh.values import Rule
from tieline_ops.sandbox.fresh.work import Book

TICKETS, PROBLEMS, CHANGES = "tickets", "problems", "changes"
PRIMARY, OTHER = 2, 3
"""Workspaces: IT, which a list shows if nobody names another, and HR."""
LEVELS = {"Low": 1, "Medium": 2, "High": 3}
PRIORITIES = {**LEVELS, "Urgent": 4}
RISKS = {**LEVELS, "Very High": 4}
STATUSES: Mapping[str, Mapping[str, int]] = {
    TICKETS: {"Open": 2, "Pending": 3, "Resolved": 4, "Closed": 5, "Awaiting Vendor": 6},
    PROBLEMS: {"Open": 1, "Change Requested": 2, "Closed": 3},
    CHANGES: {
        "Open": 1,
        "Planning": 2,
        "Awaiting Approval": 3,
        "Pending Release": 4,
        "Pending Review": 5,
        "Closed": 6,
    },
}
SOURCES = {"Email": 1, "Portal": 2, "Phone": 3, "Chat": 4, "Walkup": 9, "Alerts": 14}
CHANGE_TYPES = {"Minor": 1, "Standard": 2, "Major": 3, "Emergency": 4}
CATEGORIES = ["Hardware", "Software", "Network"]


def fields(kind: str) -> list[Field]:
    """The form of a module."""
    lists: dict[str, tuple[str, Any]] = {
        "status": ("Status", STATUSES[kind]),
        "priority": ("Priority", PRIORITIES),
        "impact": ("Impact", LEVELS),
    }
    if kind == TICKETS:
        lists |= {"urgency": ("Urgency", LEVELS), "source": ("Source", SOURCES)}
    if kind == CHANGES:
        lists |= {"risk": ("Risk", RISKS), "change_type": ("Change Type", CHANGE_TYPES)}
    due = [Field("due_by", "Due By", "default_due_by", default=True)] if kind == PROBLEMS else []
    return [
        *due,
        Field("subject", "Subject", "default_subject", default=True),
        Field("description", "Description", "default_description", default=True),
        *(
            Field(name, label, f"default_{name}", choices, default=True)
            for name, (label, choices) in lists.items()
        ),
        Field("group", "Group", "default_group", default=True),
        Field("category", "Category", "default_category", CATEGORIES, default=True),
        Field("weather_server", "Weather server", "custom_text"),
        Field("sync_ref", "Sync reference", "custom_text"),
        Field("vip", "VIP", "custom_checkbox"),
        Field("cost", "Cost", "custom_decimal"),
        Field("go_live", "Go live", "custom_date"),
        Field("seen_at", "Seen at", "custom_date_time"),
        Field("region", "Region", "custom_dropdown", ["Europe", "Asia", "Americas"]),
        Field("sites", "Sites", "custom_multi_select_dropdown", ["Berlin", "Sydney", "Boston"]),
        Field("resolution", "Resolution", "custom_dropdown", ["Fixed", "Duplicate"], closing=True),
    ]


def _numbers(labels: Mapping[str, int]) -> Rule:
    return Rule("Integer", lambda _: [*labels.values()])


_ALL: Mapping[str, Rule] = {
    "requester_id": Rule("Requester"),
    "email": Rule("Email"),
    "phone": Rule("String"),
    "name": Rule("String"),
    "subject": Rule("String", length=255),
    "description": Rule("String"),
    "priority": _numbers(PRIORITIES),
    "impact": _numbers(LEVELS),
    "group_id": Rule("Id", lambda site: [*site.groups.values()], nullable=True),
    "department_id": Rule("Id", nullable=True),
    "category": Rule("String", lambda _: CATEGORIES, nullable=True),
    "workspace_id": Rule("Id", lambda _: [PRIMARY, OTHER]),
}


def _complete(site: Site, values: dict[str, Any], before: Record | None) -> list[Fault]:
    """What the account adds to any record, and what is wrong with it as a whole."""
    if before is None:
        base = {"group_id": None, "department_id": None, "category": None, "workspace_id": PRIMARY}
        values.update({**base, **values})
    for name in _MOMENTS & values.keys():
        if values[name] is not None:
            values[name] = stamp(datetime.fromisoformat(values[name]))
    if site.on("priority_matrix") and "urgency" in values:
        values["priority"] = max(1, min(4, values["urgency"] + values["impact"] - 2))
    return []


_MOMENTS = frozenset({"due_by", "fr_due_by", "planned_start_date", "planned_end_date"})


def _ticket(site: Site, values: dict[str, Any], before: Record | None) -> list[Fault]:
    if before is None:
        base = {
            "type": "Incident",
            "source": 2,
            "urgency": 1,
            "impact": 1,
            "responder_id": None,
            "due_by": stamp(site.now() + timedelta(hours=72)),
            "fr_due_by": stamp(site.now() + timedelta(hours=8)),
        }
        values.update({**base, **values})
    faults = _complete(site, values, before)
    if values["fr_due_by"] > values["due_by"]:
        faults.append(fault("fr_due_by", "Should be lesser than due_by"))
    return faults


def _problem(site: Site, values: dict[str, Any], before: Record | None) -> list[Fault]:
    if before is None:
        values.update({"agent_id": None, "known_error": False, **values})
    return _complete(site, values, before)


def _change(site: Site, values: dict[str, Any], before: Record | None) -> list[Fault]:
    if before is None:
        base = {"agent_id": None, "planned_start_date": None, "planned_end_date": None}
        values.update({**base, "description": "", **values})
    return _complete(site, values, before)


def _labels(kind: str, **more: Mapping[str, int]) -> dict[str, Mapping[str, int]]:
    return {"status": STATUSES[kind], "priority": PRIORITIES, "impact": LEVELS, **more}


BOOKS: Mapping[str, Book] = {
    TICKETS: Book(
        kind=TICKETS,
        rules={
            **_ALL,
            "status": _numbers(STATUSES[TICKETS]),
            "urgency": _numbers(LEVELS),
            "source": _numbers(SOURCES),
            "type": Rule("String", lambda _: ["Incident"]),
            "responder_id": Rule("Agent", nullable=True),
            "tags": Rule("Array"),
            "due_by": Rule("DateTime"),
            "fr_due_by": Rule("DateTime"),
            "cc_emails": Rule("Array"),
            "assets": Rule("Array"),
        },
        labels=_labels(TICKETS, urgency=LEVELS, source=SOURCES),
        mandatory=("subject", "description", "status", "priority"),
        complete=_ticket,
        closed=frozenset({4, 5}),
        only_new=frozenset({"cc_emails", "workspace_id"}),
        max_files=40_000_000,
    ),
    PROBLEMS: Book(
        kind=PROBLEMS,
        rules={
            **_ALL,
            "status": _numbers(STATUSES[PROBLEMS]),
            "agent_id": Rule("Agent", nullable=True),
            "known_error": Rule("Boolean"),
            "due_by": Rule("DateTime"),
        },
        labels=_labels(PROBLEMS),
        mandatory=("subject", "description", "status", "priority", "impact", "due_by"),
        complete=_problem,
        closed=frozenset({3}),
        only_new=frozenset({"workspace_id"}),
    ),
    CHANGES: Book(
        kind=CHANGES,
        rules={
            **_ALL,
            "status": _numbers(STATUSES[CHANGES]),
            "agent_id": Rule("Agent", nullable=True),
            "risk": _numbers(RISKS),
            "change_type": _numbers(CHANGE_TYPES),
            "planned_start_date": Rule("DateTime", nullable=True),
            "planned_end_date": Rule("DateTime", nullable=True),
        },
        labels=_labels(CHANGES, risk=RISKS, change_type=CHANGE_TYPES),
        mandatory=("subject", "status", "priority", "impact", "risk", "change_type"),
        complete=_change,
        closed=frozenset({6}),
        only_new=frozenset({"workspace_id"}),
    ),
}
