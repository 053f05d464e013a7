"""What a simulated Salesforce org holds before anybody works in it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class User:
    """Somebody; `email` is not unique, `username` is."""

    id: str
    username: str
    email: str
    name: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Named:
    """A queue, a contact or a record type."""

    id: str
    name: str
    developer_name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a picklist."""

    value: str
    label: str
    active: bool = True
    closed: bool = False


@dataclass(frozen=True, slots=True)
class CaseField:
    """A field of Case as describe tells it. `relation` is where a reference leads.

    `defaulted`: a new case has a value of its own where none is given.
    """

    name: str
    label: str
    type: str
    length: int = 0
    options: tuple[Choice, ...] = ()
    restricted: bool = False
    createable: bool = True
    updateable: bool = True
    nillable: bool = True
    defaulted: bool = False
    html: bool = False
    external: bool = False
    unique: bool = False
    targets: tuple[str, ...] = ()
    relation: str = ""

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def long(self) -> bool:
        """Whether queries may not filter by it."""
        return self.type == "textarea"


def _choices(*names: str) -> tuple[Choice, ...]:
    return tuple(Choice(name, name) for name in names)


_STATUS = (
    Choice("New", "New"), Choice("Working", "Working"), Choice("Escalated", "Escalated"),
    Choice("On Hold", "On Hold"), Choice("Closed", "Closed", closed=True),
)  # fmt: skip


def _read_only(name: str, label: str, type: str, length: int = 0) -> CaseField:
    return CaseField(
        name, label, type, length,
        createable=False, updateable=False, nillable=False, defaulted=True,
    )  # fmt: skip


def _fields() -> list[CaseField]:
    return [
        _read_only("Id", "Case ID", "id", 18),
        _read_only("IsDeleted", "Deleted", "boolean"),
        _read_only("CaseNumber", "Case Number", "string", 30),
        CaseField(
            "ContactId", "Contact ID", "reference", 18, targets=("Contact",), relation="Contact"
        ),
        CaseField("ParentId", "Parent Case ID", "reference", 18, targets=("Case",)),
        CaseField(
            "RecordTypeId", "Record Type ID", "reference", 18, targets=("RecordType",),
            defaulted=True,
        ),
        CaseField("SuppliedName", "Name", "string", 80),
        CaseField("SuppliedEmail", "Email Address", "email", 80),
        CaseField("SuppliedPhone", "Phone", "string", 40),
        CaseField("SuppliedCompany", "Company", "string", 80),
        CaseField("Type", "Case Type", "picklist", 255, _choices("Problem", "Question", "Other")),
        CaseField("Status", "Status", "picklist", 255, _STATUS, defaulted=True),
        CaseField("Reason", "Case Reason", "picklist", 255, _choices("Installation", "Breakdown")),
        CaseField("Origin", "Case Origin", "picklist", 255, _choices("Phone", "Email", "Web")),
        CaseField("Subject", "Subject", "string", 255),
        CaseField(
            "Priority", "Priority", "picklist", 255, _choices("High", "Medium", "Low"),
            defaulted=True,
        ),
        CaseField("Description", "Description", "textarea", 32000),
        _read_only("IsClosed", "Closed", "boolean"),
        _read_only("ClosedDate", "Closed Date", "datetime"),
        CaseField("IsEscalated", "Escalated", "boolean", nillable=False, defaulted=True),
        CaseField(
            "OwnerId", "Owner ID", "reference", 18, nillable=False, targets=("Group", "User"),
            relation="Owner", defaulted=True,
        ),
        _read_only("CreatedDate", "Created Date", "datetime"),
        _read_only("CreatedById", "Created By ID", "reference", 18),
        _read_only("LastModifiedDate", "Last Modified Date", "datetime"),
        _read_only("LastModifiedById", "Last Modified By ID", "reference", 18),
        _read_only("SystemModstamp", "System Modstamp", "datetime"),
        CaseField("Sync_Ref__c", "Sync Reference", "string", 80, external=True, unique=True),
        CaseField("Vendor__c", "Vendor", "string", 80),
        CaseField("Website__c", "Website", "url", 255),
        CaseField("Notes__c", "Notes", "textarea", 32768),
        CaseField("Impact__c", "Impact", "textarea", 32768, html=True),
        CaseField(
            "Severity__c", "Severity", "picklist", 255,
            (Choice("S1", "Critical"), Choice("S2", "Minor"), Choice("S9", "Old", active=False)),
            restricted=True,
        ),
        CaseField(
            "Regions__c", "Regions", "multipicklist", 4099,
            (Choice("EU", "Europe"), Choice("AS", "Asia"), Choice("AM", "Americas")),
            restricted=True,
        ),
        CaseField("VIP__c", "VIP", "boolean", nillable=False, defaulted=True),
        CaseField("Go_Live__c", "Go Live", "date"),
        CaseField("Due__c", "Due", "datetime"),
        CaseField("Score__c", "Score", "double"),
        CaseField("Seats__c", "Seats", "double"),
        CaseField(
            "Backup_Agent__c", "Backup Agent", "reference", 18, targets=("User",),
            relation="Backup_Agent__r",
        ),
        CaseField("Age__c", "Age", "double", createable=False, updateable=False),
    ]  # fmt: skip


def _users() -> list[User]:
    return [
        User("005Ko0000000001", "tieline@acme.example.sync", "tieline@acme.example", "Tieline"),
        User("005Ko0000000002", "jane@acme.example", "jane@acme.example", "Jane Doe"),
        User("005Ko0000000003", "omar@acme.example", "omar@acme.example", "Omar Haddad"),
        User("005Ko0000000004", "lena@acme.example", "lena@acme.example", "Lena Berg"),
        User("005Ko0000000005", "gone@acme.example", "gone@acme.example", "Gone", active=False),
        User("005Ko0000000006", "twin1@acme.example", "twin@acme.example", "Twin One"),
        User("005Ko0000000007", "twin2@acme.example", "twin@acme.example", "Twin Two"),
        User("005Ko0000000008", "omar@old.example", "omar@acme.example", "Omar H.", active=False),
    ]


@dataclass
class Content:
    """One org. `rule_owner` is whom the assignment rule gives cases to; "" is no rule."""

    organisation: str = "00DKo0000000001"
    host: str = "https://acme.my.salesforce.com"
    users: list[User] = field(default_factory=_users)
    queues: tuple[Named, ...] = (
        Named("00GKo0000000001", "Support", "Support"),
        Named("00GKo0000000002", "Tier 2", "Tier_2"),
    )
    contacts: tuple[Named, ...] = (
        Named("003Ko0000000001", "Carol Client", email="carol@customer.example"),
    )
    record_types: tuple[Named, ...] = (
        Named("012Ko0000000001", "Incident", "Incident"),
        Named("012Ko0000000002", "Request", "Request"),
    )
    fields: list[CaseField] = field(default_factory=_fields)
    rule_owner: str = "00GKo0000000002"
    clients: dict[str, str] = field(default_factory=lambda: {"ck-tieline": "client-secret"})
    keys: dict[str, str] = field(default_factory=dict)
    """Public keys (PEM) by consumer key, as certificates were uploaded."""
    client_user: str = "tieline@acme.example.sync"
    calls_a_day: int = 1_000_000
    batch: int = 200
    """Rows of a query's page."""
    may_nothing: bool = False
    """The integration user's permissions were taken away."""
