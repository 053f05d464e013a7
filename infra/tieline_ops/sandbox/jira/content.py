"""What a Jira site holds before anybody works in it: people, projects, fields, a workflow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Shape = Literal[
    "string", "textarea", "text", "number", "date", "datetime", "option", "options", "user",
    "labels", "priority", "resolution", "project", "issuetype", "status", "read-only",
]  # fmt: skip
CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes:"


@dataclass
class User:
    """An account. `token` is its API token; "" for people who never call the API.

    `denied` names permissions that it lacks (`EDIT_ISSUES`); `hidden` projects it may not see.
    """

    account: str
    email: str
    name: str
    zone: str = "UTC"
    token: str = ""
    scoped: bool = False  # a scoped token: only through the gateway
    kind: str = "atlassian"
    active: bool = True
    email_visible: bool = True
    assignable: bool = True
    denied: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Named:
    """Something with an id and a name: a priority, a resolution, an option, an issue type."""

    id: str
    name: str


@dataclass(frozen=True)
class Status:
    id: str
    name: str
    category: Literal["new", "indeterminate", "done"]


@dataclass(frozen=True)
class Transition:
    """A step of the workflow. One with a screen asks for a resolution."""

    id: str
    name: str
    source: str
    target: str
    asks_resolution: bool = False


@dataclass(frozen=True)
class Field:
    """A field of an issue. `screens` is where it may be set: on create, on edit, or neither."""

    id: str
    name: str
    shape: Shape
    custom: str = ""
    options: tuple[Named, ...] = ()
    required: bool = False
    screens: frozenset[str] = frozenset({"create", "edit"})


@dataclass(frozen=True)
class Project:
    id: str
    key: str
    name: str
    kind: Literal["software", "service_desk", "business"] = "software"


_NOWHERE: frozenset[str] = frozenset()


def _fields() -> dict[str, Field]:
    system = [
        Field("summary", "Summary", "string", required=True),
        Field("issuetype", "Issue Type", "issuetype", required=True),
        Field("project", "Project", "project", required=True, screens=frozenset({"create"})),
        Field("description", "Description", "textarea"),
        Field("environment", "Environment", "textarea"),
        Field("priority", "Priority", "priority"),
        Field("assignee", "Assignee", "user"),
        Field("reporter", "Reporter", "user"),
        Field("labels", "Labels", "labels"),
        Field("duedate", "Due date", "date"),
        Field("resolution", "Resolution", "resolution", screens=_NOWHERE),
        Field("status", "Status", "status", screens=_NOWHERE),
    ]
    read_only = {
        "statuscategorychangedate": "Status Category Changed",
        "resolutiondate": "Resolved",
        "creator": "Creator",
        "created": "Created",
        "updated": "Updated",
        "comment": "Comment",
        "attachment": "Attachment",
        "issuelinks": "Linked Issues",
    }
    system += [Field(id, name, "read-only", screens=_NOWHERE) for id, name in read_only.items()]
    severities = (Named("10100", "Critical"), Named("10101", "Major"), Named("10102", "Minor"))
    regions = (Named("10110", "Europe"), Named("10111", "Americas"), Named("10112", "Asia"))
    custom = [
        Field("customfield_10010", "Impact Notes", "textarea", "textarea"),
        Field("customfield_10011", "Customer Reference", "text", "textfield"),
        Field("customfield_10012", "Severity", "option", "select", severities),
        Field("customfield_10013", "Story Points", "number", "float"),
        Field("customfield_10014", "Target Date", "date", "datepicker"),
        Field("customfield_10015", "Found At", "datetime", "datetime"),
        Field("customfield_10016", "Approver", "user", "userpicker"),
        Field("customfield_10017", "Regions", "options", "multiselect", regions),
        Field("customfield_10019", "Legacy Code", "text", "textfield", screens=_NOWHERE),
    ]
    return {each.id: each for each in [*system, *custom]}


def _users() -> list[User]:
    return [
        User("712020:jane", "jane@acme.example", "Jane Doe", "Australia/Sydney"),
        User("712020:omar", "omar@acme.example", "Omar Haddad", "Europe/Berlin"),
        User("712020:lena", "lena@acme.example", "Lena Novak", "America/New_York"),
        User("712020:hugo", "hugo@acme.example", "Hugo Roy", email_visible=False),
        User("712020:gone", "gone@acme.example", "Gwen One", active=False, assignable=False),
        User(
            "712020:tieline", "tieline@acme.example", "Tieline", "America/Los_Angeles", "jira-token"
        ),
        User(
            "712020:robot",
            "robot@acme.example",
            "Robot",
            "UTC",
            "scoped-token",
            scoped=True,
            kind="app",
        ),
    ]  # fmt: skip


@dataclass
class Content:
    """One site. Workflow and fields are the same in all its projects."""

    site: str = "https://acme.atlassian.net"
    cloud: str = "8f1c2a4e-6a53-4b7e-9a0e-2f0c3d5b7a91"
    users: list[User] = field(default_factory=_users)
    projects: tuple[Project, ...] = (
        Project("10000", "OPS", "Operations", "service_desk"),
        Project("10001", "DEV", "Development"),
    )
    issue_types: tuple[Named, ...] = (Named("10004", "Bug"), Named("10005", "Task"))
    priorities: tuple[Named, ...] = (
        Named("1", "Highest"),
        Named("2", "High"),
        Named("3", "Medium"),
        Named("4", "Low"),
        Named("5", "Lowest"),
    )
    default_priority: str = "3"
    resolutions: tuple[Named, ...] = (
        Named("10000", "Done"),
        Named("10001", "Won't Do"),
        Named("10002", "Duplicate"),
    )
    statuses: tuple[Status, ...] = (
        Status("10000", "To Do", "new"),
        Status("3", "In Progress", "indeterminate"),
        Status("10001", "In Review", "indeterminate"),
        Status("10003", "Blocked", "indeterminate"),
        Status("10002", "Done", "done"),
    )
    transitions: tuple[Transition, ...] = (
        Transition("11", "Start work", "10000", "3"),
        Transition("21", "Ask for review", "3", "10001"),
        Transition("31", "Finish", "3", "10002", asks_resolution=True),
        Transition("32", "Approve", "10001", "10002", asks_resolution=True),
        Transition("41", "Stop work", "3", "10000"),
        Transition("51", "Rework", "10001", "3"),
        Transition("61", "Reopen", "10002", "3"),
        Transition("71", "Wait", "3", "10003"),
        Transition("81", "Continue", "10003", "3"),
    )
    fields: dict[str, Field] = field(default_factory=_fields)
    upload_limit: int = 10 * 1024 * 1024
    comment_limit: int = 5000
