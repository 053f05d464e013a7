"""What happens to rows, whoever does it: users in the browser, or a client of the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tieline_ops.sandbox.salesforce.content import CaseField, User
from tieline_ops.sandbox.salesforce.errors import SalesforceError, no_column
from tieline_ops.sandbox.salesforce.state import Record, Site, id18
from tieline_ops.sandbox.salesforce.values import kept

COMMENT_BYTES = 4000


@dataclass(frozen=True, slots=True)
class By:
    """Who acts; `late`: in a long transaction, whose rows are seen after the index lag.

    `assign`: an assignment rule may give the case another owner.
    """

    user: User
    late: bool = False
    assign: bool = False


def create_case(site: Site, by: By, values: Mapping[str, Any]) -> Record:
    """A new case. Raises SalesforceError 400."""
    number = len(site.tables["Case"]) + 1026
    row: dict[str, Any] = {each.name: None for each in site.content.fields}
    row |= {
        "CaseNumber": f"{number:08d}", "Status": "New", "Priority": "Medium",
        "IsEscalated": False, "IsClosed": False, "VIP__c": False,
        "OwnerId": id18(by.user.id), "RecordTypeId": id18(site.content.record_types[0].id),
    }  # fmt: skip
    record = Record("Case", row)
    _set(site, record, values, new=True)
    _filled(site, row)
    _assigned(site, by, record)
    _born(site, by, record)
    row["IsDeleted"] = False
    site.tell("created", record, record)
    return record


def update_case(site: Site, by: By, record: Record, values: Mapping[str, Any]) -> None:
    """Raises SalesforceError 400, and then nothing was written."""
    trial = Record("Case", dict(record.values))
    _set(site, trial, values, new=False)
    _assigned(site, by, trial)
    _hide(site, by, record)
    record.values.update(trial.values)
    touch(site, by, record)
    site.tell("updated", record, record)


def delete(site: Site, by: By, record: Record) -> None:
    """Into the bin; a document takes its links along."""
    record.deleted = True
    record.values["SystemModstamp"] = site.now()
    if record.table == "Case":
        site.log.append((record.id, site.now()))
        site.tell("deleted", record, record)
    if record.table == "ContentDocument":
        for link in site.live("ContentDocumentLink"):
            if link.values["ContentDocumentId"] == record.id:
                delete(site, by, link)
    if record.table == "ContentDocumentLink" and site.on("deleted_links_vanish"):
        del site.tables[record.table][record.id]


def undelete(site: Site, record: Record) -> None:
    """Out of the bin, under the same id."""
    record.deleted = False
    record.values["SystemModstamp"] = site.now()
    site.log = [entry for entry in site.log if entry[0] != record.id]


def comment(site: Site, by: By, case: Record, text: str, *, public: bool) -> Record:
    """A CaseComment. Raises SalesforceError 400."""
    values = {
        "ParentId": case.id,
        "CommentBody": comment_text(text),
        "IsPublished": public,
    }
    record = Record("CaseComment", values)
    _born(site, by, record)
    _moved(site, by, case)
    site.tell("commented", case, record)
    return record


def edit_comment(site: Site, by: By, record: Record, values: Mapping[str, Any]) -> None:
    """Raises SalesforceError 400."""
    if "CommentBody" in values:
        record.values["CommentBody"] = comment_text(values["CommentBody"])
    if "IsPublished" in values:
        record.values["IsPublished"] = bool(values["IsPublished"])
    touch(site, by, record)
    case = site.tables["Case"][record.values["ParentId"]]
    _moved(site, by, case)
    site.tell("commented", case, record)


def comment_text(text: Any) -> str:
    """Bytes are counted, not letters."""
    if not isinstance(text, str) or not text.strip():
        words = "Required fields are missing: [CommentBody]"
        raise SalesforceError(400, "REQUIRED_FIELD_MISSING", words, "CommentBody")
    if len(text.encode()) > COMMENT_BYTES:
        words = f"Body: data value too large (max length={COMMENT_BYTES})"
        raise SalesforceError(400, "STRING_TOO_LONG", words, "CommentBody")
    return text.strip()


def attach(  # one file, its first version and its place
    site: Site, by: By, case: Record | None, title: str, path: str, content: bytes
) -> Record:
    """A ContentVersion with its document, published in a case."""
    _, dot, extension = path.rpartition(".")
    document = Record(
        "ContentDocument",
        {
            "Title": title,
            "FileExtension": extension if dot else None,
            "FileType": extension.upper() if dot else "UNKNOWN",
            "ContentSize": len(content),
        },
    )
    _born(site, by, document)
    made = version(site, by, document, path, content)
    if case is not None:
        link(site, by, document, case)
    return made


def version(site: Site, by: By, document: Record, path: str, content: bytes) -> Record:
    """A new version of a document, the latest."""
    record = Record(
        "ContentVersion",
        {
            "ContentDocumentId": document.id,
            "Title": document.values["Title"],
            "PathOnClient": path,
            "FileExtension": document.values["FileExtension"],
            "ContentSize": len(content),
            "IsLatest": True,
        },
    )
    _born(site, by, record)
    site.files[record.id] = content
    document.values |= {"LatestPublishedVersionId": record.id, "ContentSize": len(content)}
    return record


def link(site: Site, by: By, document: Record, case: Record) -> Record:
    """A document's place in a case."""
    record = Record(
        "ContentDocumentLink",
        {"LinkedEntityId": case.id, "ContentDocumentId": document.id, "ShareType": "V"},
    )
    _born(site, by, record)
    return record


def touch(site: Site, by: By, record: Record) -> None:
    """The stamps of a change."""
    now = site.now()
    record.values |= {
        "LastModifiedDate": now, "LastModifiedById": id18(by.user.id), "SystemModstamp": now,
    }  # fmt: skip


def _born(site: Site, by: By, record: Record) -> None:
    now = site.now()
    record.values["Id"] = site.new_id(record.table)
    record.values |= {"CreatedDate": now, "CreatedById": id18(by.user.id)}
    touch(site, by, record)
    _hide(site, by, record, new=True)
    site.tables[record.table][record.id] = record


def _hide(site: Site, by: By, record: Record, *, new: bool = False) -> None:
    """A row of a transaction that commits later: its stamps are of now all the same."""
    lag: timedelta = site.faults.index_lag
    hidden = record.hidden is not None and site.clock.now() < record.hidden
    if by.late and lag and not hidden:
        record.before = None if new else dict(record.values)
        record.hidden = site.clock.now() + lag


def _moved(site: Site, by: By, case: Record) -> None:
    if site.on("comments_move_cases"):
        touch(site, by, case)


def _assigned(site: Site, by: By, record: Record) -> None:
    if by.assign and site.content.rule_owner:
        record.values["OwnerId"] = id18(site.content.rule_owner)


def _set(site: Site, record: Record, values: Mapping[str, Any], *, new: bool) -> None:
    for name, value in values.items():
        field = site.field(name)
        if field is None:
            raise no_column(name, "Case")
        if not (field.createable if new else field.updateable):
            words = (
                f"Unable to create/update fields: {field.name}. Please check the security settings "
                "of this field and verify that it is read/write for your profile or permission set."
            )
            raise SalesforceError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", words, field.name)
        held = kept(site, field, value)
        _once(site, record, field, held)
        record.values[field.name] = held
    closed = any(
        option.closed and option.value == record.values["Status"]
        for option in (site.field("Status") or field_of_nothing()).options
    )
    if closed != record.values["IsClosed"]:
        record.values["IsClosed"] = closed
        record.values["ClosedDate"] = site.now() if closed else None


def _filled(site: Site, row: Mapping[str, Any]) -> None:
    """Every field that must be given is, or all that are not are named at once."""
    missing = [
        each.name
        for each in site.content.fields
        if each.createable and not each.nillable and row.get(each.name) is None
    ]
    if missing:
        words = f"Required fields are missing: [{', '.join(missing)}]"
        raise SalesforceError(400, "REQUIRED_FIELD_MISSING", words, *missing)


def field_of_nothing() -> CaseField:
    """An org without the field."""
    return CaseField("", "", "")


def _once(site: Site, record: Record, field: CaseField, value: Any) -> None:
    if not field.unique or value is None or site.on("reference_not_unique"):
        return
    for other in site.of("Case"):
        same = other.values.get(field.name) == value
        if same and not other.deleted and other.values["Id"] != record.values["Id"]:
            words = (
                f"duplicate value found: {field.name} duplicates value on record with id: "
                f"{other.id[:15]}"
            )
            raise SalesforceError(400, "DUPLICATE_VALUE", words)
