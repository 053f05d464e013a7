"""What people do in a simulated Jira, past its API, and plain ways to look at its records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tieline_ops.sandbox.jira import work
from tieline_ops.sandbox.jira.adf import Document, as_kept, is_valid
from tieline_ops.sandbox.jira.content import Field, Transition
from tieline_ops.sandbox.jira.editor import typed
from tieline_ops.sandbox.jira.errors import NOT_FOUND
from tieline_ops.sandbox.jira.render import View
from tieline_ops.sandbox.jira.state import Attachment, Comment, Issue, Site
from tieline_ops.sandbox.jira.values import parse

_CHOSEN = {"priority": "name", "issuetype": "name", "option": "value", "resolution": "name"}


class People:
    """The people of one site. A user is named by e-mail, an issue by key or id.

    Fields are named by id or by name (`customfield_10013`, `Story Points`); values are plain:
    text, Markdown or a document, the name of an option, an e-mail address, a list of labels.
    Raises KeyError for what does not exist, ValueError for what the screen would not take.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def create_issue(
        self, user: str, *, project: str = "OPS", type: str = "Bug", **fields: Any
    ) -> str:
        """Make an issue; gives its key. `status` walks it there through the workflow."""
        status = fields.pop("status", None)
        with self._site.lock:
            values = self._values({"issuetype": type, **fields})
            if "summary" not in values:
                raise ValueError("an issue needs a summary")
            issue = work.create(self._site, self._site.user(user), project, values, {})
        if status is not None:
            self.transition(user, issue.key, status)
        return issue.key

    def edit(self, user: str, key: str, **fields: Any) -> None:
        status = fields.pop("status", None)
        with self._site.lock:
            work.edit(self._site, self._site.user(user), self.raw(key), self._values(fields))
        if status is not None:
            self.transition(user, key, status)

    def transition(self, user: str, key: str, status: str, resolution: str = "Done") -> None:
        """Walk to a status by the shortest way that the workflow has."""
        site = self._site
        with site.lock:
            target = next((s.id for s in site.content.statuses if s.name == status), None)
            if target is None:
                raise KeyError(status)
            for step in self._way(self.raw(key).status, target):
                chosen = self._values({"resolution": resolution}) if step.asks_resolution else {}
                work.move_status(site, site.user(user), self.raw(key), step, chosen)

    def comment(self, user: str, key: str, body: str | Document, *, internal: bool = False) -> str:
        """Write a comment, for the team alone if `internal`; gives its id."""
        with self._site.lock:
            text = self._document(body)
            by, issue = self._site.user(user), self.raw(key)
            held = {"sd.public.comment": {"internal": True}} if internal else {}
            made = work.add_comment(
                self._site, by, issue, text, public=not internal, properties=held
            )
        return made.id

    def edit_comment(self, user: str, key: str, comment_id: str, body: str | Document) -> None:
        with self._site.lock:
            issue = self.raw(key)
            comment = self._comment(issue, comment_id)
            text = self._document(body)
            work.edit_comment(self._site, self._site.user(user), issue, comment, body=text)

    def delete_comment(self, user: str, key: str, comment_id: str) -> None:
        with self._site.lock:
            issue = self.raw(key)
            comment = self._comment(issue, comment_id)
            work.delete_comment(self._site, self._site.user(user), issue, comment)

    def attach(
        self, user: str, key: str, name: str, content: bytes, type: str = "text/plain"
    ) -> str:
        """Add a file; gives its id."""
        with self._site.lock:
            by = self._site.user(user)
            return work.attach(self._site, by, self.raw(key), name, content, type).id

    def delete_attachment(self, user: str, key: str, attachment_id: str) -> None:
        with self._site.lock:
            issue = self.raw(key)
            found = self._attachment(issue, attachment_id)
            work.detach(self._site, self._site.user(user), issue, found)

    def delete(self, user: str, key: str) -> None:
        with self._site.lock:
            work.delete(self._site, self._site.user(user), self.raw(key))

    def move(self, user: str, key: str, project: str) -> str:
        """Move an issue to another project; gives its new key."""
        with self._site.lock:
            return work.move_project(self._site, self._site.user(user), self.raw(key), project).key

    def clone(self, user: str, key: str) -> str:
        """Copy an issue, labels and all, as Jira's own command does; gives the copy's key.

        Its properties, comments and files stay behind.
        """
        with self._site.lock:
            issue = self.raw(key)
            values = {**issue.values, "summary": f"CLONE - {issue.values['summary']}"}
            values.pop("resolution", None)
            by = self._site.user(user)
            return work.create(self._site, by, issue.project, values, {}).key

    def hide(self, user: str, key: str, hidden: bool = True) -> None:
        """Take an issue from a user's sight, as a security level does."""
        entry = (self._site.user(user).account, self.raw(key).id)
        with self._site.lock:
            (self._site.invisible.add if hidden else self._site.invisible.discard)(entry)

    def raw(self, key: str) -> Issue:
        """An issue as the site keeps it. Raises KeyError."""
        issue = self._site.find(key)
        if issue is None:
            raise KeyError(f"{key}: {NOT_FOUND}")
        return issue

    def issue_keys(self) -> list[str]:
        """All issues, oldest first."""
        return [issue.key for issue in sorted(self._site.issues.values(), key=lambda i: int(i.id))]

    def issue(self, key: str) -> dict[str, Any]:
        """An issue in plain values: names and e-mail addresses for ids, rich text as documents.

        Fields by name and by id. `comments` and `attachments` are lists of plain values too.
        """
        issue = self.raw(key)
        view = View(self._site, self._site.content.site)
        plain: dict[str, Any] = {}
        for field in self._site.content.fields.values():
            if field.id not in {"comment", "attachment"}:
                plain[field.id] = plain[field.name] = self._plain(view.field(issue, field.id))
        return {
            **plain,
            "id": issue.id,
            "key": issue.key,
            "properties": dict(issue.properties),
            "links": list(issue.links.values()),
            "comments": [self._plain_comment(each) for each in issue.comments],
            "attachments": [self._plain_file(each) for each in issue.attachments],
        }

    def _plain_comment(self, comment: Comment) -> dict[str, Any]:
        return {
            "id": comment.id,
            "author": self._site.user(comment.author).email,
            "body": comment.body,
            "public": comment.public,
            "created": comment.created,
            "updated": comment.updated,
            "properties": dict(comment.properties),
        }

    def _plain_file(self, attachment: Attachment) -> dict[str, Any]:
        return {
            "id": attachment.id,
            "author": self._site.user(attachment.author).email,
            "name": attachment.name,
            "type": attachment.media_type,
            "content": attachment.content,
            "media": attachment.media,
        }

    def _plain(self, shown: Any) -> Any:
        if isinstance(shown, list):
            return [self._plain(each) for each in shown]
        if not isinstance(shown, dict) or shown.get("type") == "doc":
            return shown
        if "accountId" in shown:
            return self._site.user(shown["accountId"]).email
        return shown.get("value") or shown.get("key") or shown.get("name")

    def _values(self, fields: dict[str, Any]) -> dict[str, Any]:
        named = {field.name: field for field in self._site.content.fields.values()}
        chosen = {}
        for name, value in fields.items():
            field = self._site.content.fields.get(name) or named.get(name)
            if field is None:
                raise KeyError(name)
            chosen[field.id] = parse(self._site, field, self._sent(field, value))
        return chosen

    def _sent(self, field: Field, value: Any) -> Any:
        """The form in which the API would take a plain value."""
        if value is None:
            return None
        if field.shape == "textarea":
            return typed(value)
        if field.shape == "user":
            return {"accountId": self._site.user(value).account}
        if field.shape == "options":
            return [{"value": each} for each in value]
        if field.shape == "labels":
            return list(value)
        return {_CHOSEN[field.shape]: value} if field.shape in _CHOSEN else value

    def _document(self, body: str | Document) -> Document:
        text = typed(body)
        if text is None or not is_valid(text):
            raise ValueError("not a comment that the editor could make")
        kept = as_kept(text, self._site.next_uuid)
        assert kept is not None
        return kept

    def _way(self, start: str, target: str) -> Iterable[Transition]:
        ways: list[tuple[str, tuple[Transition, ...]]] = [(start, ())]
        seen = {start}
        for status, way in ways:
            if status == target:
                return way
            for step in self._site.content.transitions:
                if step.source == status and step.target not in seen:
                    seen.add(step.target)
                    ways.append((step.target, (*way, step)))
        raise ValueError("the workflow has no way there")

    @staticmethod
    def _comment(issue: Issue, comment_id: str) -> Comment:
        return next(each for each in issue.comments if each.id == comment_id)

    @staticmethod
    def _attachment(issue: Issue, attachment_id: str) -> Attachment:
        return next(each for each in issue.attachments if each.id == attachment_id)
