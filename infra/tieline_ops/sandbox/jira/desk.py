"""A person at work in a simulated Jira, in the words that all simulated systems share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from tieline.domain.richtext.adf import adf_to_markdown
from tieline_ops.sandbox.desk import Said, Seen
from tieline_ops.sandbox.jira.adf import Document
from tieline_ops.sandbox.jira.content import Field
from tieline_ops.sandbox.jira.editor import typed
from tieline_ops.sandbox.jira.errors import JiraError
from tieline_ops.sandbox.jira.people import People
from tieline_ops.sandbox.jira.state import Issue, Site

_MARK = "tieline-"
_OTHER = frozenset({"comment", "attachment", "issuelinks"})
_MOMENTS = frozenset({"created", "updated", "resolutiondate", "statuscategorychangedate"})


class JiraDesk:
    """Issues of project OPS, of type Bug. Custom fields by name, standard ones by id.

    The label that carries a correlation stays where it is and is not shown.
    """

    def __init__(self, people: People, site: Site) -> None:
        self._people = people
        self._site = site

    def make(self, who: str, **fields: Any) -> str:
        with _refusals():
            values = self._values(fields)
            return self._people.raw(self._people.create_issue(who, **values)).id

    def edit(self, who: str, id: str, **fields: Any) -> None:
        with _refusals():
            self._people.edit(who, id, **self._values(fields, self._people.raw(id)))

    def comment(self, who: str, id: str, text: str, *, public: bool = True) -> str:
        with _refusals():
            document = self._document(text, self._people.raw(id))
            return self._people.comment(who, id, document or "", internal=not public)

    def edit_comment(self, who: str, id: str, comment_id: str, text: str) -> None:
        with _refusals():
            document = self._document(text, self._people.raw(id))
            self._people.edit_comment(who, id, comment_id, document or "")

    def delete_comment(self, who: str, id: str, comment_id: str) -> None:
        with _refusals():
            self._people.delete_comment(who, id, comment_id)

    def attach(
        self, who: str, id: str, name: str, content: bytes, media_type: str = "text/plain"
    ) -> str:
        return self._people.attach(who, id, name, content, media_type)

    def delete_attachment(self, who: str, id: str, attachment_id: str) -> None:
        with _refusals():
            self._people.delete_attachment(who, id, attachment_id)

    def delete(self, who: str, id: str) -> None:
        self._people.delete(who, id)

    def ids(self) -> list[str]:
        return [self._people.raw(key).id for key in self._people.issue_keys()]

    def see(self, id: str) -> Seen:
        plain, issue = self._people.issue(id), self._people.raw(id)
        fields = {
            field.name if field.custom else field.id: _shown(field, plain[field.id])
            for field in self._site.content.fields.values()
            if field.id not in _OTHER
        }
        said = [
            Said(c["id"], c["author"], _markdown(c["body"]), c["public"]) for c in plain["comments"]
        ]
        files = {each["name"]: each["content"] for each in plain["attachments"]}
        return Seen(issue.id, issue.key, fields, tuple(said), files)

    def _values(self, fields: dict[str, Any], issue: Issue | None = None) -> dict[str, Any]:
        """Values as `People` takes them: texts as documents, our own label among the labels."""
        named = {field.name: field for field in self._site.content.fields.values()}
        values: dict[str, Any] = {}
        for name, value in fields.items():
            field = self._site.content.fields.get(name) or named.get(name)
            if field is not None and field.shape == "textarea":
                values[name] = self._document(value, issue)
            elif field is not None and field.shape == "labels":
                held = issue.values.get(field.id, ()) if issue else ()
                values[name] = [*(value or ()), *(each for each in held if each.startswith(_MARK))]
            else:
                values[name] = value
        return values

    def _document(self, text: str | None, issue: Issue | None) -> Document | None:
        held = issue.attachments if issue else ()
        return typed(text, {each.name: each.media for each in held})


def _shown(field: Field, value: Any) -> Any:
    if field.shape == "textarea":
        return _markdown(value) or None
    if field.shape == "labels":
        return [each for each in value or () if not each.startswith(_MARK)]
    if field.shape == "datetime" or field.id in _MOMENTS:
        return _moment(value)
    return value


def _moment(text: str | None) -> str | None:
    """ISO 8601 in UTC."""
    return text and datetime.fromisoformat(text).astimezone(UTC).isoformat()


def _markdown(document: Document | None) -> str:
    return adf_to_markdown(document)[0] if document else ""


@contextmanager
def _refusals() -> Iterator[None]:
    """What the site refuses is what its screen would not take."""
    try:
        yield
    except JiraError as refused:
        raise ValueError(str(refused.body())) from refused
    except StopIteration as none:
        raise KeyError("there is no such thing on the issue") from none
