"""Work items, people and comments as REST shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from tieline_ops.sandbox.azure_devops.content import Content, User, guid
from tieline_ops.sandbox.azure_devops.state import CommentRow, FileRow, ItemRow, Organisation


def stamp(moment: datetime) -> str:
    """A moment with as many digits of a second as it needs, as the service shows it."""
    utc = moment.astimezone(UTC)
    fraction = f"{utc.microsecond:06d}".rstrip("0")
    return f"{utc:%Y-%m-%dT%H:%M:%S}" + (f".{fraction}" if fraction else "") + "Z"


def identity(user: User, base: str) -> dict[str, Any]:
    """An `IdentityRef`."""
    descriptor = f"aad.{user.id.replace('-', '')}"
    return {
        "displayName": user.name,
        "url": f"{base}/_apis/Identities/{user.id}",
        "_links": {"avatar": {"href": f"{base}/_apis/GraphProfile/MemberAvatars/{descriptor}"}},
        "id": user.id,
        "uniqueName": user.unique,
        "imageUrl": f"{base}/_api/_common/identityImage?id={user.id}",
        "descriptor": descriptor,
    }


def one_line(user: User) -> str:
    """A person in service hooks and in revisions: `Name <sign-in name>`."""
    return f"{user.name} <{user.unique}>"


def value(ref: str, held: Any, content: Content, base: str, *, lines: bool = False) -> Any:
    """A field's value. `lines`: people as one line each."""
    if isinstance(held, datetime):
        return stamp(held)
    field = content.field(ref)
    if field is not None and field.identity:
        user = content.user(str(held))
        return one_line(user) if lines else identity(user, base)
    return held


def fields_of(
    fields: Mapping[str, Any], content: Content, base: str, *, lines: bool = False
) -> dict[str, Any]:
    """All fields that are not empty."""
    return {ref: value(ref, held, content, base, lines=lines) for ref, held in fields.items()}


def file_url(file: FileRow, base: str) -> str:
    return f"{base}/_apis/wit/attachments/{file.id}?fileName={quote(file.name)}"


def relation(organisation: Organisation, row: Mapping[str, Any], base: str) -> dict[str, Any]:
    """A relation; a file's address is made for the host that was asked."""
    url = str(row["url"])
    if row["rel"] == "AttachedFile":
        url = f"{base}/_apis/wit/attachments/{organisation.files[url].id}"
    attributes = {
        name: stamp(held) if isinstance(held, datetime) else held
        for name, held in row["attributes"].items()
    }
    return {"rel": row["rel"], "url": url, "attributes": attributes}


def item(
    organisation: Organisation,
    row: ItemRow,
    base: str,
    *,
    expand: str = "none",
    only: tuple[str, ...] = (),
    formats: bool = False,
) -> dict[str, Any]:
    """A work item; relations only where they were asked for, and there are some."""
    content = organisation.content
    shown = fields_of(row.fields, content, base)
    if only:
        shown = {ref: held for ref, held in shown.items() if ref in only}
    project = content.projects[row.fields["System.TeamProject"]]
    url = f"{base}/{project}/_apis/wit/workItems/{row.id}"
    found: dict[str, Any] = {"id": row.id, "rev": row.rev, "fields": shown}
    if formats:
        html = [f.ref for f in content.fields if f.type == "html" and f.ref in row.fields]
        told = {ref: row.formats.get(ref, "html") for ref in html}
        if told:
            found["multilineFieldsFormat"] = told
    if expand in {"relations", "all"} and row.relations:
        found["relations"] = [relation(organisation, each, base) for each in row.relations]
    if not only:
        found["_links"] = {
            "self": {"href": url},
            "workItemComments": {"href": f"{url}/comments"},
            "html": {"href": f"{base}/{project}/_workitems/edit/{row.id}"},
        }
    return {**found, "url": url}


def comment(organisation: Organisation, of: ItemRow, row: CommentRow, base: str) -> dict[str, Any]:
    content = organisation.content
    project = content.projects[of.fields["System.TeamProject"]]
    key = "commentId" if "old_comment_key" in organisation.faults.on else "id"
    return {
        "workItemId": of.id,
        key: row.id,
        "version": row.version,
        "text": row.text,
        "createdBy": identity(content.user(row.by), base),
        "createdDate": stamp(row.at),
        "modifiedBy": identity(content.user(row.edited_by), base),
        "modifiedDate": stamp(row.edited_at),
        **({} if "old_comment_key" in organisation.faults.on else {"format": row.format}),
        "isDeleted": row.deleted,
        "mentions": [],
        "url": f"{base}/{project}/_apis/wit/workItems/{of.id}/comments/{row.id}",
    }


def area_node(content: Content, path: str, base: str) -> dict[str, Any]:
    """A node of a project's tree of areas."""
    project = path.partition("\\")[0]
    below = path.partition("\\")[2]
    url = f"{base}/{content.projects[project]}/_apis/wit/classificationNodes/Areas"
    return {
        "id": content.areas.index(path) + 1,
        "identifier": guid(f"area:{path}"),
        "name": path.rpartition("\\")[2],
        "structureType": "area",
        "hasChildren": any(each.startswith(path + "\\") for each in content.areas),
        "path": f"\\{project}\\Area" + (f"\\{below}" if below else ""),
        "url": url,
    }
