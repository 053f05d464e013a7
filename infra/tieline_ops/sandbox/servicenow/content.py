"""What a ServiceNow instance holds before anybody works in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

TASKS = ("incident", "problem", "change_request", "sc_request", "sc_task")
PREFIX = {
    "incident": "INC",
    "problem": "PRB",
    "change_request": "CHG",
    "sc_request": "REQ",
    "sc_task": "SCTASK",
}


def sys_id(name: str) -> str:
    """An id of ServiceNow's form, the same in each run for one name."""
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()


@dataclass
class User:
    """An account. `password` "" cannot sign in; `wsao`: "Web service access only"."""

    user_name: str
    email: str
    name: str
    zone: str = "UTC"
    password: str = ""
    wsao: bool = False
    active: bool = True

    @property
    def sys_id(self) -> str:
        return sys_id(f"user:{self.user_name}")


@dataclass(frozen=True)
class Column:
    """A row of sys_dictionary. `choice` "1" or "3" is a list of choices."""

    name: str
    label: str
    type: str = "string"
    reference: str = ""
    length: int = 40
    choice: str = ""
    read_only: bool = False


def _users() -> list[User]:
    return [
        User("jane.doe", "jane@acme.example", "Jane Doe", "Australia/Sydney"),
        User("omar.haddad", "omar@acme.example", "Omar Haddad", "Europe/Berlin"),
        User("lena.novak", "lena@acme.example", "Lena Novak", "America/New_York"),
        User("hugo.roy", "hugo@acme.example", "Hugo Roy"),
        User("triage", "triage@acme.example", "Triage"),
        User("gwen.one", "gone@acme.example", "Gwen One", active=False),
        User("tieline", "tieline@acme.example", "Tieline", "UTC", "now-password", wsao=True),
        User("admin", "admin@acme.example", "System Administrator", "UTC", "admin-password"),
    ]


TASK_COLUMNS = (
    Column("number", "Number", read_only=True),
    Column("short_description", "Short description", length=160),
    Column("description", "Description", length=4000),
    Column("state", "State", "integer", choice="1"),
    Column("priority", "Priority", "integer", choice="1", read_only=True),
    Column("impact", "Impact", "integer", choice="1"),
    Column("urgency", "Urgency", "integer", choice="1"),
    Column("contact_type", "Channel", choice="1"),
    Column("assigned_to", "Assigned to", "reference", "sys_user"),
    Column("opened_by", "Opened by", "reference", "sys_user"),
    Column("assignment_group", "Assignment group", "reference", "sys_user_group"),
    Column("cmdb_ci", "Configuration item", "reference", "cmdb_ci"),
    Column("parent", "Parent", "reference", "task"),
    Column("due_date", "Due date", "glide_date_time"),
    Column("opened_at", "Opened", "glide_date_time"),
    Column("closed_at", "Closed", "glide_date_time"),
    Column("active", "Active", "boolean"),
    Column("correlation_id", "Correlation ID", length=100),
    Column("correlation_display", "Correlation display", length=100),
    Column("close_notes", "Close notes", length=4000),
    Column("watch_list", "Watch list", "glide_list", "sys_user", length=4000),
    Column("comments", "Additional comments", "journal_input", length=4000),
    Column("work_notes", "Work notes", "journal_input", length=4000),
    Column("sys_class_name", "Task type", read_only=True),
)
SYSTEM_COLUMNS = (
    Column("sys_id", "Sys ID", "GUID", read_only=True),
    Column("sys_created_on", "Created", "glide_date_time", read_only=True),
    Column("sys_created_by", "Created by", read_only=True),
    Column("sys_updated_on", "Updated", "glide_date_time", read_only=True),
    Column("sys_updated_by", "Updated by", read_only=True),
    Column("sys_mod_count", "Updates", "integer", read_only=True),
)
OWN_COLUMNS: dict[str, tuple[Column, ...]] = {
    "incident": (
        Column("category", "Category", choice="1"),
        Column("subcategory", "Subcategory", choice="1"),
        Column("caller_id", "Caller", "reference", "sys_user"),
        Column("hold_reason", "On hold reason", "integer", choice="1"),
        Column("close_code", "Resolution code", choice="1"),
        Column("incident_state", "Incident state", "integer"),
        Column("resolved_at", "Resolved", "glide_date_time"),
        Column("u_severity_score", "Severity score", "decimal"),
        Column("u_vendor", "Vendor", length=60),
        Column("u_vip", "VIP", "boolean"),
        Column("u_go_live", "Go live", "glide_date"),
        Column("u_backup", "Backup contact", "reference", "sys_user"),
    ),
    "problem": (
        Column("resolution_code", "Resolution code", choice="1"),
        Column("cause_notes", "Cause notes", length=4000),
        Column("fix_notes", "Fix notes", length=4000),
    ),
    "change_request": (
        Column("type", "Type", choice="1"),
        Column("close_code", "Close code", choice="1"),
    ),
    "sc_request": (
        Column("request_state", "Request state", choice="1"),
        Column("requested_for", "Requested for", "reference", "sys_user"),
    ),
    "sc_task": (Column("request", "Request", "reference", "sc_request"),),
    "sys_user": (
        *tuple(Column(n, n) for n in ("user_name", "email", "name")),
        Column("active", "Active", "boolean"),
        Column("time_zone", "Time zone"),
    ),
    "sys_user_group": (Column("name", "Name"),),
    "cmdb_ci": (Column("name", "Name"),),
    "dl_u_priority": (
        *tuple(Column(n, n) for n in ("impact", "urgency", "priority")),
        Column("active", "Active", "boolean"),
    ),
    "sys_choice": (
        *tuple(Column(n, n) for n in ("name", "element", "value", "label", "language")),
        Column("inactive", "Inactive", "boolean"),
        Column("sequence", "Sequence", "integer"),
    ),
    "sys_dictionary": tuple(
        Column(n, n)
        for n in (
            "name",
            "element",
            "column_label",
            "internal_type",
            "reference",
            "max_length",
            "read_only",
            "choice",
            "mandatory",
        )
    ),
    "sys_journal_field": (
        *tuple(Column(n, n) for n in ("element", "element_id", "name")),
        Column("value", "Value", length=4000),
    ),
    "sys_attachment": tuple(
        Column(n, n, length=255)
        for n in (
            "file_name",
            "content_type",
            "size_bytes",
            "size_compressed",
            "table_name",
            "table_sys_id",
        )
    ),
    "sys_audit_delete": tuple(Column(n, n) for n in ("tablename", "documentkey")),
    "sys_properties": tuple(Column(n, n, length=4000) for n in ("name", "value", "type")),
    "sys_script": tuple(
        Column(n, n, length=100_000)
        for n in (
            "name",
            "collection",
            "when",
            "action_insert",
            "action_update",
            "action_delete",
            "active",
            "advanced",
            "script",
            "order",
        )
    ),
}
_LEVELS = (("1", "1 - High"), ("2", "2 - Medium"), ("3", "3 - Low"))
_PRIORITIES = (
    ("1", "1 - Critical"),
    ("2", "2 - High"),
    ("3", "3 - Moderate"),
    ("4", "4 - Low"),
    ("5", "5 - Planning"),
)
CHOICES: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("task", "impact"): _LEVELS,
    ("task", "urgency"): _LEVELS,
    ("task", "priority"): _PRIORITIES,
    ("task", "contact_type"): (("phone", "Phone"), ("email", "Email"), ("self-service", "Self")),
    ("task", "state"): (
        ("-5", "Pending"), ("1", "Open"), ("2", "Work in Progress"), ("3", "Closed Complete"),
        ("4", "Closed Incomplete"), ("7", "Closed Skipped"),
    ),
    ("incident", "state"): (
        ("1", "New"), ("2", "In Progress"), ("3", "On Hold"), ("6", "Resolved"), ("7", "Closed"),
        ("8", "Canceled"),
    ),
    ("incident", "hold_reason"): (
        ("1", "Awaiting Caller"), ("5", "Awaiting Change"), ("3", "Awaiting Problem"),
        ("4", "Awaiting Vendor"),
    ),
    ("incident", "category"): (
        ("inquiry", "Inquiry / Help"), ("software", "Software"), ("hardware", "Hardware"),
        ("network", "Network"),
    ),
    ("incident", "subcategory"): (("email", "Email"), ("os", "Operating System")),
    ("incident", "close_code"): (
        ("Solution provided", "Solution provided"), ("Workaround provided", "Workaround provided"),
        ("Duplicate", "Duplicate"),
    ),
    ("problem", "state"): (
        ("101", "New"), ("102", "Assess"), ("103", "Root Cause Analysis"),
        ("104", "Fix in Progress"), ("106", "Resolved"), ("107", "Closed"),
    ),
    ("problem", "resolution_code"): (
        ("fix_applied", "Fix Applied"), ("risk_accepted", "Risk Accepted"),
        ("duplicate", "Duplicate"), ("canceled", "Canceled"),
    ),
    ("change_request", "state"): (
        ("-5", "New"), ("-4", "Assess"), ("-3", "Authorize"), ("-2", "Scheduled"),
        ("-1", "Implement"), ("0", "Review"), ("3", "Closed"), ("4", "Canceled"),
    ),
    ("change_request", "close_code"): (
        ("successful", "Successful"), ("successful_issues", "Successful with issues"),
        ("unsuccessful", "Unsuccessful"),
    ),
}  # fmt: skip
DEFAULTS = {
    "incident": {"state": "1", "category": "inquiry"},
    "problem": {"state": "101"},
    "change_request": {"state": "-5", "type": "normal"},
    "sc_request": {"state": "1", "request_state": "requested"},
    "sc_task": {"state": "1"},
}
MATRIX = {
    (pair[0], pair[1]): p
    for p, pairs in {
        "1": ("11",), "2": ("12", "21"), "3": ("13", "22", "31"), "4": ("23", "32"), "5": ("33",)
    }.items()
    for pair in pairs
}  # fmt: skip


@dataclass
class Content:
    """One instance."""

    instance: str = "acme"
    users: list[User] = field(default_factory=_users)
    groups: tuple[str, ...] = ("Engineering", "Service Desk", "Network")
    items: tuple[str, ...] = ("mail-01", "vpn-gw")
    matrix: dict[tuple[str, str], str] = field(default_factory=lambda: dict(MATRIX))
    clients: dict[str, str] = field(default_factory=lambda: {"client": "client-secret"})
    client_user: str = "tieline"
