"""People at work in a simulated org, in the words that all simulated systems share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from tieline.domain.richtext.html import html_to_markdown, markdown_to_html
from tieline.domain.richtext.links import attachment_link, attachment_name
from tieline.domain.richtext.plain import markdown_to_plain, plain_to_markdown
from tieline_ops.sandbox.desk import Said, Seen
from tieline_ops.sandbox.salesforce import work
from tieline_ops.sandbox.salesforce.content import CaseField
from tieline_ops.sandbox.salesforce.errors import SalesforceError
from tieline_ops.sandbox.salesforce.state import Record, Site, id18

_ADDRESS = re.compile(r"\((attachment:[^)\s]*)\)")
_SHEPHERD = re.compile(r"/sfc/servlet\.shepherd/version/download/(\w{15,18})")
_ELEMENTS = {"Owner": "OwnerId", "Contact": "ContactId"}
_PLAIN = frozenset({"Description"})


class SalesforceDesk:
    """Cases by id. Fields by API name; lists by label, people by e-mail address."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def make(self, who: str, **fields: Any) -> str:
        with self._work():
            by = self._by(who)
            return work.create_case(self._site, by, self._values(fields, None)).id

    def edit(self, who: str, id: str, **fields: Any) -> None:
        with self._work():
            record = self._case(id)
            work.update_case(self._site, self._by(who), record, self._values(fields, record))

    def comment(self, who: str, id: str, text: str, *, public: bool = True) -> str:
        with self._work():
            plain = _typed(text)
            return work.comment(self._site, self._by(who), self._case(id), plain, public=public).id

    def edit_comment(self, who: str, id: str, comment_id: str, text: str) -> None:
        with self._work():
            record = self._part("CaseComment", id, comment_id, "ParentId")
            values = {"CommentBody": _typed(text)}
            work.edit_comment(self._site, self._by(who), record, values)

    def delete_comment(self, who: str, id: str, comment_id: str) -> None:
        with self._work():
            record = self._part("CaseComment", id, comment_id, "ParentId")
            work.delete(self._site, self._by(who), record)

    def attach(
        self,
        who: str,
        id: str,
        name: str,
        content: bytes,
        media_type: str = "text/plain",  # noqa: ARG002 - the name's ending tells it
    ) -> str:
        with self._work():
            stem = name.rpartition(".")[0] or name
            case = self._case(id)
            return work.attach(self._site, self._by(who), case, stem, name, content).id

    def attach_version(self, who: str, id: str, attachment_id: str, content: bytes) -> str:
        """Put a new version in a file's place."""
        with self._work():
            self._case(id)
            old = self._site.record("ContentVersion", attachment_id)
            document = self._site.record("ContentDocument", old.values["ContentDocumentId"])
            path = old.values["PathOnClient"]
            return work.version(self._site, self._by(who), document, path, content).id

    def delete_attachment(self, who: str, id: str, attachment_id: str) -> None:
        with self._work():
            self._case(id)
            version = self._site.tables["ContentVersion"][attachment_id]
            document = self._site.record("ContentDocument", version.values["ContentDocumentId"])
            work.delete(self._site, self._by(who), document)

    def delete(self, who: str, id: str) -> None:
        with self._work():
            work.delete(self._site, self._by(who), self._case(id))

    def restore(self, who: str, id: str) -> None:  # noqa: ARG002
        """Take a case out of the bin."""
        with self._work():
            work.undelete(self._site, self._site.tables["Case"][id])

    def copy(self, who: str, id: str) -> str:
        """The command Clone. It takes along what may stand twice."""
        with self._work():
            old = self._case(id).values
            names = {"Subject", "Description", "Status", "Priority", "OwnerId"}
            if self._site.on("reference_not_unique"):
                names |= {"Sync_Ref__c"}
            values = {name: old[name] for name in names if old[name] is not None}
            return work.create_case(self._site, self._by(who), values).id

    def ids(self) -> list[str]:
        with self._work():
            return [record.id for record in self._site.live("Case")]

    def see(self, id: str) -> Seen:
        with self._work():
            record = self._case(id)
            comments = [
                Said(
                    c.id,
                    self._site.user(c.values["CreatedById"]).email,
                    plain_to_markdown(c.values["CommentBody"]),
                    c.values["IsPublished"],
                )
                for c in self._site.live("CaseComment")
                if c.values["ParentId"] == record.id
            ]
            files = {_name(d): self._content(d) for d in self._documents(record)}
            return Seen(
                record.id,
                record.values["CaseNumber"],
                self._shown(record),
                tuple(comments),
                files,
            )

    @contextmanager
    def _work(self) -> Iterator[None]:
        """One at a time; what rules refuse is what the screen would not take."""
        with self._site.lock:
            try:
                yield
            except SalesforceError as refused:
                if refused.status == 404:
                    raise KeyError(refused.message) from refused
                raise ValueError(str(refused)) from refused

    def _by(self, who: str) -> work.By:
        return work.By(self._site.user(who), late=True)

    def _case(self, id: str) -> Record:
        return self._site.record("Case", id)

    def _part(self, table: str, id: str, part: str, parent: str) -> Record:
        record = self._site.record(table, part)
        if record.values[parent] != self._case(id).id:
            raise KeyError(part)
        return record

    # Fields

    def _values(self, fields: dict[str, Any], record: Record | None) -> dict[str, Any]:
        values = {}
        for name, value in fields.items():
            field = self._site.field(_ELEMENTS.get(name, name))
            if field is None:
                raise KeyError(name)
            values[field.name] = self._value(field, value, record)
        return values

    def _value(self, field: CaseField, value: Any, record: Record | None) -> Any:
        if field.type == "boolean":
            return bool(value)
        if field.name == "OwnerId" and value is None:
            return id18(self._site.content.queues[0].id)
        if value in (None, []):
            return None
        match field.type:
            case "picklist":
                return self._choice(field, value)
            case "multipicklist":
                return ";".join(self._choice(field, each) for each in value)
            case "reference":
                return self._person(field, value)
            case "textarea":
                return self._text(field, value, record)
            case _:
                return value

    def _choice(self, field: CaseField, label: str) -> str:
        for option in field.options:
            if option.label == label:
                return option.value
        raise ValueError(f"{field.label} has no {label}")

    def _person(self, field: CaseField, email: str) -> str:
        if "Contact" in field.targets:
            return next(c.id for c in self._site.content.contacts if c.email == email)
        return id18(self._site.user(email).id)

    def _text(self, field: CaseField, text: str, record: Record | None) -> str:
        """As the screen's editors send it: lines of a plain text end as in Windows."""
        if field.html:
            documents = self._documents(record) if record else []
            versions = {_name(d): d.values["LatestPublishedVersionId"] for d in documents}

            def address(found: re.Match[str]) -> str:
                id = versions.get(attachment_name(found[1]), "")
                host = self._site.content.host
                return f"({host}/sfc/servlet.shepherd/version/download/{id})"

            return markdown_to_html(_ADDRESS.sub(address, text))
        return _typed(text) if field.name in _PLAIN else text.replace("\n", "\r\n")

    def _shown(self, record: Record) -> dict[str, Any]:
        names = {element: name for name, element in _ELEMENTS.items()}
        return {
            names.get(field.name, field.name): self._seen(field, record)
            for field in self._site.content.fields
            if not field.external
        }

    def _seen(self, field: CaseField, record: Record) -> Any:
        value = record.values.get(field.name)
        if value in (None, ""):
            return None
        match field.type:
            case "picklist":
                return self._label(field, value)
            case "multipicklist":
                return [self._label(field, each) for each in value.split(";")]
            case "reference":
                return self._email(field, value)
            case "textarea":
                return self._markdown(field, value, record)
            case "double":
                return int(value) if value == int(value) else value
            case _:
                return _plain(value)

    def _label(self, field: CaseField, value: str) -> str:
        return next((o.label for o in field.options if o.value == value), value)

    def _email(self, field: CaseField, id: str) -> str | None:
        """A person's address; a queue is nobody."""
        if "Contact" in field.targets:
            return next(c.email for c in self._site.content.contacts if id18(c.id) == id)
        if "User" in field.targets and id.startswith("005"):
            return self._site.user(id).email
        return None

    def _markdown(self, field: CaseField, text: str, record: Record) -> str:
        if field.html:
            names = {
                d.values["LatestPublishedVersionId"]: _name(d) for d in self._documents(record)
            }

            def image(src: str) -> str | None:
                found = _SHEPHERD.search(src)
                name = names.get(id18(found[1])) if found else None
                return attachment_link(name) if name else None

            return html_to_markdown(text, image=image)
        plain = text.replace("\r\n", "\n")
        return plain_to_markdown(plain) if field.name in _PLAIN else plain

    def _documents(self, record: Record) -> list[Record]:
        return [
            self._site.tables["ContentDocument"][link.values["ContentDocumentId"]]
            for link in self._site.live("ContentDocumentLink")
            if link.values["LinkedEntityId"] == record.id
        ]

    def _content(self, document: Record) -> bytes:
        return self._site.files[document.values["LatestPublishedVersionId"]]


def _typed(markdown: str) -> str:
    return markdown_to_plain(markdown).replace("\n", "\r\n")


def _name(document: Record) -> str:
    title, extension = document.values["Title"], document.values["FileExtension"]
    whole = not extension or title.casefold().endswith(f".{extension.casefold()}")
    return title if whole else f"{title}.{extension}"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else value
