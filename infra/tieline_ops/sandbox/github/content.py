"""What a simulated GitHub holds before anybody works in it: one organisation, one repository."""

from __future__ import annotations

from dataclasses import dataclass, field

ROLES = ("none", "read", "triage", "write", "admin")


@dataclass
class User:
    """An account. `email` is known to the sandbox; `public` says whether others see it.

    `role` is what the account may do in the repository, in the order of `ROLES`.
    """

    login: str
    id: int
    email: str
    name: str
    public: bool = True
    role: str = "write"
    type: str = "User"

    def may(self, role: str) -> bool:
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True)
class Milestone:
    number: int
    title: str
    state: str = "open"


@dataclass(frozen=True)
class IssueField:
    """An organisation's issue field. GitHub REST, Organizations: Issue fields."""

    id: int
    name: str
    data_type: str
    options: tuple[str, ...] = ()


def _users() -> list[User]:
    return [
        User("jane-doe", 101, "jane@acme.example", "Jane Doe"),
        User("omarh", 102, "omar@acme.example", "Omar Haddad"),
        User("lena-n", 103, "lena@acme.example", "Lena Novak", role="triage"),
        User("triage", 104, "triage@acme.example", "Triage"),
        User("hidden-hugo", 105, "hugo@acme.example", "Hugo Roy", public=False),
        User("outsider", 106, "out@other.example", "Outsider", role="none"),
        User("tieline", 900, "tieline@acme.example", "Tieline"),
        User("tieline-app[bot]", 901, "", "tieline-app", public=False, type="Bot"),
    ]


def _labels() -> list[str]:
    return [
        "bug",
        "enhancement",
        "tieline",
        "priority: high",
        "priority: medium",
        "priority: low",
    ]


def _fields() -> list[IssueField]:
    return [
        IssueField(11, "Priority", "single_select", ("Urgent", "High", "Medium", "Low")),
        IssueField(12, "Effort", "number"),
        IssueField(13, "Target date", "date"),
        IssueField(14, "Customer", "text"),
        IssueField(15, "Regions", "multi_select", ("EMEA", "APAC", "AMER")),
    ]


@dataclass
class Content:
    """One site. `branches` are those that files may be committed to."""

    repository: str = "acme/app"
    repository_id: int = 4242
    elsewhere: int = 5151
    """The id of another repository, to which issues may be transferred."""
    users: list[User] = field(default_factory=_users)
    labels: list[str] = field(default_factory=_labels)
    milestones: tuple[Milestone, ...] = (Milestone(1, "v1.0"), Milestone(2, "v2.0"))
    types: tuple[str, ...] = ("Bug", "Task", "Feature")
    fields: list[IssueField] = field(default_factory=_fields)
    branches: tuple[str, ...] = ("main", "tieline-files")
    app_id: int = 777
    app_slug: str = "tieline-app"
    installation: int = 8888
