"""A case's comments and files: queries, and their rows as canonical values.

Salesforce: Object reference, CaseComment, ContentDocumentLink, ContentVersion.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence

from tieline.connectors.salesforce.soql import equal, select
from tieline.connectors.salesforce.wire import (
    Row,
    digest,
    id18,
    moment_of,
    person_of,
    plain_markdown,
    related,
)
from tieline.domain.ticket import Attachment, Comment

_COMMENT = (
    "Id", "CommentBody", "IsPublished", "CreatedById", "CreatedBy.Name", "CreatedBy.Email",
    "CreatedDate", "LastModifiedDate", "SystemModstamp",
)  # fmt: skip
_LATEST = "ContentDocument.LatestPublishedVersion"
_FILE = (
    "Id", "ContentDocumentId", "ContentDocument.CreatedById",
    "ContentDocument.Title", "ContentDocument.FileExtension",
    "ContentDocument.ContentSize", "ContentDocument.LatestPublishedVersionId",
    f"{_LATEST}.CreatedById", f"{_LATEST}.CreatedDate",
)  # fmt: skip


def comments_query(id: str) -> str:
    return select(_COMMENT, "CaseComment", equal("ParentId", id), order="CreatedDate, Id")


def comment_query(id: str, comment: str) -> str:
    return select(_COMMENT, "CaseComment", equal("ParentId", id), equal("Id", comment))


def files_query(id: str) -> str:
    """Salesforce demands one of two filters; this is one."""
    return select(_FILE, "ContentDocumentLink", equal("LinkedEntityId", id))


def comment_of(row: Row, me: str) -> Comment:
    """A comment. No field of it has room for a correlation."""
    author = person_of(row, "CreatedById", "CreatedBy")
    return Comment(
        id=id18(row["Id"]),
        body=plain_markdown(str(row.get("CommentBody") or "")),
        author=author,
        public=row.get("IsPublished") is True,
        created=moment_of(row["CreatedDate"]),
        updated=moment_of(row["LastModifiedDate"]),
        ours=author is not None and author.id == me,
    )


def comments_mark(rows: Sequence[Row]) -> str:
    """A mark that changes with every comment, also within one second."""
    return digest(
        f"{r['Id']}|{r.get('SystemModstamp')}|{r.get('IsPublished')}|{r.get('CommentBody')}"
        for r in rows
    )


def files_of(rows: Sequence[Row], me: str) -> tuple[Attachment, ...]:
    """The latest version of each file, oldest first. Another version is another file to a link."""
    found = [_file(row, me) for row in rows if related(row, "ContentDocument.Title") is not None]
    return tuple(sorted(found, key=lambda file: (file.created, file.id)))


def _file(row: Row, me: str) -> Attachment:
    document = row["ContentDocument"]
    name = file_name(document)
    return Attachment(
        id=id18(document["LatestPublishedVersionId"]),
        name=name,
        media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        size=int(document.get("ContentSize") or 0),
        created=moment_of(related(row, f"{_LATEST}.CreatedDate")),
        ours=id18(related(row, f"{_LATEST}.CreatedById")) == me,
    )


def file_name(document: Row) -> str:
    """A file's name: its title, and its extension where the title does not have it."""
    title, extension = str(document["Title"]), str(document.get("FileExtension") or "")
    plain = not extension or title.casefold().endswith(f".{extension.casefold()}")
    return title if plain else f"{title}.{extension}"


def title_of(name: str) -> str:
    """The title of a file: without its extension, as people's uploads have it."""
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or not extension or len(extension) > 40:
        return name
    return name if stem.casefold().endswith(f".{extension.casefold()}") else stem


def files_mark(files: Sequence[Attachment]) -> str:
    """A mark of a list of files."""
    return digest(f"{file.id}|{file.name}" for file in files)
