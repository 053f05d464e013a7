"""What an organisation holds before anybody works in it: people, projects, types, fields."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

ORGANISATION = "fabrikam"
PROJECT = "Fabrikam"
_SPACE = uuid.UUID("6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c")


def guid(name: str) -> str:
    """A GUID, the same in each run for one name."""
    return str(uuid.uuid5(_SPACE, name))


@dataclass(frozen=True)
class User:
    """An account. `unique` is what it signs in by, `mail` another address of the same person."""

    unique: str
    name: str
    mail: str = ""
    active: bool = True

    @property
    def id(self) -> str:
        return guid(f"user:{self.unique}")


@dataclass(frozen=True)
class FieldDef:
    """A field of the organisation. `types` () is every type; `values` is its list, if any."""

    ref: str
    name: str
    type: str = "string"
    read_only: bool = False
    identity: bool = False
    picklist: bool = False
    types: tuple[str, ...] = ()
    values: tuple[str | int, ...] = ()
    default: str | int | bool | None = None
    required: bool = False


@dataclass(frozen=True)
class TypeDef:
    """A type of work item: its states in order, and which may follow which."""

    name: str
    states: tuple[tuple[str, str], ...]
    moves: dict[str, tuple[str, ...]]


_AGILE = (
    ("New", "Proposed"), ("Active", "InProgress"), ("Resolved", "Resolved"),
    ("Closed", "Completed"), ("Removed", "Removed"),
)  # fmt: skip
_AGILE_MOVES = {
    "": ("New",),
    "New": ("Active", "Resolved", "Closed", "Removed"),
    "Active": ("New", "Resolved", "Closed", "Removed"),
    "Resolved": ("Active", "Closed", "New"),
    "Closed": ("Active", "Resolved", "New"),
    "Removed": ("New", "Active"),
}
_STRICT = {
    "": ("Proposed",),
    "Proposed": ("Active",),
    "Active": ("Resolved", "Proposed"),
    "Resolved": ("Closed", "Active"),
    "Closed": ("Active",),
}
TYPES = (
    TypeDef("Bug", _AGILE, _AGILE_MOVES),
    TypeDef("User Story", _AGILE, _AGILE_MOVES),
    TypeDef("Task", _AGILE, _AGILE_MOVES),
    TypeDef(
        "Change Request",
        (("Proposed", "Proposed"), ("Active", "InProgress"), ("Resolved", "Resolved"),
         ("Closed", "Completed")),
        _STRICT,
    ),
)  # fmt: skip
_BUG = ("Bug",)
_VSTS = "Microsoft.VSTS."


def _system() -> tuple[FieldDef, ...]:
    def of(ref: str, name: str, type: str = "string", **more: object) -> FieldDef:
        return FieldDef(f"System.{ref}", name, type, **more)  # type: ignore[arg-type]

    return (
        of("Id", "ID", "integer", read_only=True),
        of("Rev", "Rev", "integer", read_only=True),
        of("TeamProject", "Team Project"),
        of("AreaPath", "Area Path", "treePath"),
        of("IterationPath", "Iteration Path", "treePath"),
        of("WorkItemType", "Work Item Type"),
        of("State", "State", required=True),
        of("Reason", "Reason"),
        of("AssignedTo", "Assigned To", identity=True),
        of("CreatedDate", "Created Date", "dateTime", read_only=True),
        of("CreatedBy", "Created By", identity=True, read_only=True),
        of("ChangedDate", "Changed Date", "dateTime", read_only=True),
        of("ChangedBy", "Changed By", identity=True, read_only=True),
        of("CommentCount", "Comment Count", "integer", read_only=True),
        of("Watermark", "Watermark", "integer", read_only=True),
        of("BoardColumn", "Board Column", read_only=True),
        of("IsDeleted", "Is Deleted", "boolean", read_only=True),
        of("HyperLinkCount", "Hyperlink Count", "integer", read_only=True),
        of("Title", "Title", required=True),
        of("Description", "Description", "html"),
        of("Tags", "Tags", "plainText"),
        of("History", "History", "history"),
    )


FIELDS = (
    *_system(),
    FieldDef(
        f"{_VSTS}Common.Priority", "Priority", "integer", values=(1, 2, 3, 4), default=2,
    ),
    FieldDef(
        f"{_VSTS}Common.Severity", "Severity", types=_BUG, default="3 - Medium",
        values=("1 - Critical", "2 - High", "3 - Medium", "4 - Low"),
    ),
    FieldDef(f"{_VSTS}Scheduling.DueDate", "Due Date", "dateTime", types=("Bug", "Task")),
    FieldDef(f"{_VSTS}Scheduling.StoryPoints", "Story Points", "double", types=("User Story",)),
    FieldDef(f"{_VSTS}TCM.ReproSteps", "Repro Steps", "html", types=_BUG),
    FieldDef(f"{_VSTS}TCM.SystemInfo", "System Info", "html", types=_BUG),
    FieldDef(f"{_VSTS}Common.AcceptanceCriteria", "Acceptance Criteria", "html",
             types=("User Story", "Bug")),
    FieldDef("Custom.CustomerRef", "Customer Reference", types=_BUG),
    FieldDef("Custom.TielineId", "Tieline Id", types=_BUG),
    FieldDef("Custom.Impact", "Impact", picklist=True, types=_BUG,
             values=("Low", "Medium", "High")),
    FieldDef("Custom.RootCause", "Root Cause", picklist=True, types=_BUG,
             values=("Code", "Configuration", "Network")),
    FieldDef("Custom.DownMinutes", "Minutes Down", "double", types=_BUG),
    FieldDef("Custom.Votes", "Votes", "integer", types=_BUG),
    FieldDef("Custom.Regression", "Regression", "boolean", types=_BUG),
    FieldDef("Custom.Tester", "Tester", identity=True, types=_BUG),
    FieldDef("Custom.Workaround", "Workaround", "html", types=_BUG),
    FieldDef("Custom.Log", "Log", "plainText", types=_BUG),
    FieldDef("Custom.GoLive", "Go Live", "dateTime", types=_BUG),
)  # fmt: skip


def _users() -> list[User]:
    return [
        User("jane@acme.example", "Jane Doe", "jane.doe@acme.example"),
        User("omar@acme.example", "Omar Haddad"),
        User("lena@acme.example", "Lena Novak"),
        User("hugo@acme.example", "Hugo Roy"),
        User("triage@acme.example", "Triage"),
        User("gone@acme.example", "Gwen One", active=False),
        User("tieline@acme.example", "Tieline"),
        User("janet@acme.example", "Jane Doe"),
    ]


@dataclass
class Content:
    """One organisation. `areas` are by project, each a path from the project's own name on."""

    users: list[User] = field(default_factory=_users)
    projects: dict[str, str] = field(
        default_factory=lambda: {
            name: guid(f"project:{name}") for name in (PROJECT, "Contoso", "OPS")
        }
    )
    areas: list[str] = field(
        default_factory=lambda: [
            "Fabrikam",
            r"Fabrikam\Web",
            r"Fabrikam\Web\Shop",
            "Contoso",
            "OPS",
        ]
    )
    types: tuple[TypeDef, ...] = TYPES
    fields: tuple[FieldDef, ...] = FIELDS
    account: str = "tieline@acme.example"
    tenant: str = "acme.onmicrosoft.example"
    client: tuple[str, str] = ("tieline-client", "client-secret")

    def type(self, name: str) -> TypeDef:
        """A type by its name, in whatever case. Raises KeyError."""
        for each in self.types:
            if each.name.casefold() == name.casefold():
                return each
        raise KeyError(name)

    def field(self, ref: str) -> FieldDef | None:
        """A field by its reference name, in whatever case."""
        return next((each for each in self.fields if each.ref.casefold() == ref.casefold()), None)

    def has(self, type: str, each: FieldDef) -> bool:
        """Whether a type of work item has a field."""
        return not each.types or type in each.types

    def user(self, name: str) -> User:
        """By sign-in name or id. Raises KeyError."""
        for each in self.users:
            if name.casefold() in (each.unique.casefold(), each.id):
                return each
        raise KeyError(name)
