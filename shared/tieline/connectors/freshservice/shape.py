"""What tells Freshservice's modules from each other. Data.

Freshservice API v2: Tickets, Problems, Changes, their form fields, Agents, Requesters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from tieline.connectors.fresh.api import ROOT
from tieline.connectors.fresh.people import Directory
from tieline.connectors.fresh.shape import Shape
from tieline.connectors.fresh.wire import Field, Form, standard
from tieline.domain.errors import Configuration
from tieline.domain.ticket import FieldSpec, Option


def _options(*labels: str, start: int = 1) -> tuple[Option, ...]:
    return tuple(Option(str(n), label) for n, label in enumerate(labels, start))


_LEVELS = _options("Low", "Medium", "High")
_PRIORITIES = _options("Low", "Medium", "High", "Urgent")
_LISTS = {"group_id": "group", "department_id": "department"}


def _shared(agent: str, *statuses: str, start: int = 1) -> tuple[Field, ...]:
    """What all modules have. Status codes differ from module to module."""
    return (
        standard("subject", Form.TEXT, "title", max_length=255),
        standard("description", Form.HTML, "description"),
        standard("status", Form.NUMBERED, "status", options=_options(*statuses, start=start)),
        standard("priority", Form.NUMBERED, "priority", options=_PRIORITIES),
        standard("impact", Form.NUMBERED, options=_LEVELS),
        standard("responder", Form.AGENT, "assignee", key=agent),
        standard("requester", Form.PERSON, "reporter", key="requester_id"),
        standard("group", Form.NAMED, key="group_id"),
        standard("department", Form.NAMED, key="department_id"),
        standard("category", Form.WORD),
        standard("sub_category", Form.WORD),
        standard("item_category", Form.WORD),
        standard("created_at", Form.DATETIME, writable=False),
    )


def _by_name(*fields: Field) -> Mapping[str, Field]:
    return {field.spec.name: field for field in fields}


_TICKET = _by_name(
    *_shared("responder_id", "Open", "Pending", "Resolved", "Closed", start=2),
    standard("urgency", Form.NUMBERED, options=_LEVELS),
    standard("source", Form.NUMBERED),
    standard("type", Form.WORD, writable=False),
    standard("due_by", Form.DATETIME, "due"),
    standard("fr_due_by", Form.DATETIME),
    standard("tags", Form.TAGS, "tags"),
)
_PROBLEM = _by_name(
    *_shared("agent_id", "Open", "Change Requested", "Closed"),
    standard("known_error", Form.BOOLEAN),
    standard("due_by", Form.DATETIME, "due"),
)
_CHANGE = _by_name(
    *_shared(
        "agent_id",
        "Open", "Planning", "Awaiting Approval", "Pending Release", "Pending Review", "Closed",
    ),
    standard(
        "change_type", Form.NUMBERED, options=_options("Minor", "Standard", "Major", "Emergency")
    ),
    standard("risk", Form.NUMBERED, options=_options("Low", "Medium", "High", "Very High")),
    standard("planned_start_date", Form.DATETIME),
    standard("planned_end_date", Form.DATETIME),
)  # fmt: skip

_BORN = {"subject": "(no subject)", "description": "<div>&nbsp;</div>", "priority": 1}
TICKETS = Shape(
    path=ROOT + "/tickets",
    key="INC-{id}",
    keys={"Service Request": "SR-{id}"},
    url="/a/tickets/{id}",
    fields=ROOT + "/ticket_form_fields",
    fields_key="ticket_fields",
    standard=_TICKET,
    one="ticket",
    many="tickets",
    lists=_LISTS,
    # Tags that were not read would be wiped when they are written.
    include=("tags",),
    included=("tags",),
    born={**_BORN, "status": 2},
    closed=frozenset({"4", "5"}),
    file=ROOT + "/tickets/{id}/attachments/{file}",
    search=ROOT + "/tickets/filter",
    searched="tickets",
)
_NOTED = replace(
    TICKETS, keys={}, include=(), included=(), tagged=False, talks=False, ordered=False, bins=(),
    search="",
)  # fmt: skip
PROBLEMS = replace(
    _NOTED,
    path=ROOT + "/problems",
    key="PRB-{id}",
    url="/a/problems/{id}",
    fields=ROOT + "/problem_form_fields",
    fields_key="problem_fields",
    standard=_PROBLEM,
    one="problem",
    many="problems",
    born={**_BORN, "status": 1, "impact": 1},
    due=timedelta(days=30),
    closed=frozenset({"3"}),
    file=ROOT + "/problems/{id}/attachments/{file}",
)
CHANGES = replace(
    _NOTED,
    path=ROOT + "/changes",
    key="CHN-{id}",
    url="/a/changes/{id}",
    fields=ROOT + "/change_form_fields",
    fields_key="change_fields",
    standard=_CHANGE,
    one="change",
    many="changes",
    born={**_BORN, "status": 1, "impact": 1, "risk": 1, "change_type": 1},
    closed=frozenset({"6"}),
    file=ROOT + "/changes/{id}/attachments/{file}",
)
MODULES: Mapping[str, Shape] = {"tickets": TICKETS, "problems": PROBLEMS, "changes": CHANGES}
AGENTS = Directory("/agents", "agent", "agents", active=True)
REQUESTERS = Directory("/requesters", "requester", "requesters", active=True)


def every_standard() -> dict[str, FieldSpec]:
    """The fields of all modules. Their lists differ, so options are known after a read alone."""
    known = {n: field.spec for shape in MODULES.values() for n, field in shape.standard.items()}
    return {name: replace(spec, options=()) for name, spec in known.items()}


def shape_of(scope: Mapping[str, str]) -> Shape:
    """The shape of a side's module, in its workspace if it names one. Raises Configuration."""
    shape = MODULES.get(scope.get("module", ""))
    if shape is None:
        known = ", ".join(MODULES)
        raise Configuration(f"freshservice: scope.module is none of {known}")
    space = scope.get("workspace", "")
    if not space:
        return shape
    if not space.isdecimal() or space == "0":
        # 0 lists all of them, but without the fields of each.
        raise Configuration("freshservice: scope.workspace is the number of one workspace")
    return replace(
        shape,
        workspace=space,
        params={"workspace_id": space},
        born={**shape.born, "workspace_id": int(space)},
    )
