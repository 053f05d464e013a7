"""What a simulated Zendesk account holds before anybody works in it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class User:
    """Somebody; `role` is end-user, agent or admin."""

    id: int
    email: str
    name: str
    role: str = "agent"
    active: bool = True
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A group, a brand or a form."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a list: `value` is also a tag of the tickets that hold it."""

    value: str
    name: str


@dataclass(frozen=True, slots=True)
class TicketField:
    """A field of `/ticket_fields`. `tag` is what a ticked box adds; `target` what a lookup names.

    `required` stands for "required to solve". Agents see no inactive ones.
    """

    id: int
    type: str
    title: str
    options: tuple[Choice, ...] = ()
    tag: str = ""
    target: str = ""
    pattern: str = ""
    required: bool = False
    required_in_portal: bool = False
    removable: bool = True
    active: bool = True


@dataclass(frozen=True, slots=True)
class CustomStatus:
    """A status that an administrator made, within one of the five categories."""

    id: int
    category: str
    label: str
    default: bool = False


def _users() -> list[User]:
    return [
        User(9001, "admin@acme.example", "Ada Admin", "admin"),
        User(9002, "tieline@acme.example", "Tieline", "admin"),
        User(9003, "jane@acme.example", "Jane Doe"),
        User(9004, "omar@acme.example", "Omar Haddad"),
        User(9005, "lena@acme.example", "Lena Berg"),
        User(9006, "carol@customer.example", "Carol Client", "end-user"),
        User(9007, "gone@acme.example", "Gone Agent", active=False),
        User(9008, "kept.out@customer.example", "Kept Out", "end-user", suspended=True),
    ]


def _fields() -> list[TicketField]:
    system = (
        ("subject", "Subject"), ("description", "Description"), ("status", "Status"),
        ("tickettype", "Type"), ("priority", "Priority"), ("group", "Group"),
        ("assignee", "Assignee"), ("custom_status", "Ticket status"),
    )  # fmt: skip
    fields = [
        TicketField(7001 + n, type, title, removable=False)
        for n, (type, title) in enumerate(system)
    ]
    severity = (Choice("sev_critical", "Critical"), Choice("sev_minor", "Minor"))
    regions = (
        Choice("region_europe", "Europe"),
        Choice("region_asia", "Asia"),
        Choice("region_americas", "Americas"),
    )
    return [
        *fields,
        TicketField(7101, "text", "Customer Reference"),
        TicketField(7102, "textarea", "Impact Notes"),
        TicketField(7103, "tagger", "Severity", severity),
        TicketField(7104, "multiselect", "Regions", regions),
        TicketField(7105, "checkbox", "VIP", tag="vip"),
        TicketField(7106, "date", "Go Live"),
        TicketField(7107, "integer", "Seats"),
        TicketField(7108, "decimal", "Score"),
        TicketField(7109, "regexp", "Asset Code", pattern=r"[A-Z]{2}-\d+"),
        TicketField(7110, "partialcreditcard", "Card"),
        TicketField(7111, "lookup", "Backup Agent", target="zen:user"),
        TicketField(7112, "lookup", "Contract", target="zen:custom_object:contract"),
    ]


_STATUSES = (
    CustomStatus(8001, "new", "New", True),
    CustomStatus(8002, "open", "Open", True),
    CustomStatus(8003, "pending", "Pending", True),
    CustomStatus(8004, "hold", "On-hold", True),
    CustomStatus(8005, "solved", "Solved", True),
    CustomStatus(8006, "pending", "Waiting for vendor"),
    CustomStatus(8007, "open", "Escalated"),
)


@dataclass
class Content:
    """One account. `subdomain` is where it is called, `canonical` the host in its answers."""

    subdomain: str = "acme"
    canonical: str = "z3n-acme"
    account: int = 22129848
    users: list[User] = field(default_factory=_users)
    groups: tuple[Named, ...] = (Named(6001, "Support"), Named(6002, "Tier 2"))
    brands: tuple[Named, ...] = (Named(5001, "Acme"), Named(5002, "Acme Labs"))
    forms: tuple[Named, ...] = (Named(4001, "Default Ticket Form"), Named(4002, "Hardware"))
    fields: list[TicketField] = field(default_factory=_fields)
    left_off: dict[int, set[int]] = field(default_factory=dict)
    """Form -> ids of the fields that do not stand on it."""
    statuses: tuple[CustomStatus, ...] = _STATUSES
    tokens: dict[str, str] = field(
        default_factory=lambda: {"tieline@acme.example": "zendesk-token"}
    )
    clients: dict[str, str] = field(default_factory=lambda: {"tieline": "client-secret"})
    client_user: str = "tieline@acme.example"
    requests_per_minute: int = 2500
    exports_per_minute: int = 10
    updates_per_ticket: int = 30
    solved_field: int | None = None
