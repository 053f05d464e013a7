"""A site's records as its REST answers and its webhooks show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from tieline_ops.sandbox.jira.adf import as_wiki
from tieline_ops.sandbox.jira.content import Field, Named, Project, Status, Transition, User
from tieline_ops.sandbox.jira.state import Attachment, Change, Comment, Issue, Site

Json = dict[str, Any]
_CATEGORIES: Mapping[str, Json] = {
    "new": {"id": 2, "key": "new", "colorName": "blue-gray", "name": "To Do"},
    "indeterminate": {
        "id": 4,
        "key": "indeterminate",
        "colorName": "yellow",
        "name": "In Progress",
    },
    "done": {"id": 3, "key": "done", "colorName": "green", "name": "Done"},
}


class View:
    """How one caller sees a site.

    `base` is the URL that the call came through, `zone` the caller's profile time zone, in which
    Jira writes every date-time. REST `version` 2 has wiki text where 3 has documents.
    """

    def __init__(self, site: Site, base: str, zone: str = "UTC", version: int = 3) -> None:
        self._site = site
        self._zone = ZoneInfo(zone)
        self._version = version
        self.api = f"{base.rstrip('/')}/rest/api/{version}"

    def moment(self, moment: datetime) -> str:
        """`2022-05-17T04:06:55.076-0700`."""
        local = moment.astimezone(self._zone)
        return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{local:%z}"

    def text(self, document: Json | None) -> Json | str | None:
        if document is None or self._version == 3:
            return document
        return as_wiki(document)

    def user(self, account: str | None) -> Json | None:
        """A person. Webhooks show nobody's e-mail address, REST those that are not hidden."""
        if account is None:
            return None
        user = self._site.user(account)
        shown: Json = {
            "self": f"{self.api}/user?accountId={user.account}",
            "accountId": user.account,
            "accountType": user.kind,
            "displayName": user.name,
            "active": user.active,
            "timeZone": user.zone,
        }
        if user.email_visible and self._version == 3:
            shown["emailAddress"] = user.email
        return shown

    def me(self, user: User) -> Json:
        return {**(self.user(user.account) or {}), "locale": "en_US", "emailAddress": user.email}

    def named(self, kind: str, choice: Named) -> Json:
        return {"self": f"{self.api}/{kind}/{choice.id}", "id": choice.id, "name": choice.name}

    def priority(self, choice: Named) -> Json:
        default = choice.id == self._site.content.default_priority
        return {**self.named("priority", choice), "isDefault": default}

    def issue_type(self, choice: Named) -> Json:
        return {
            **self.named("issuetype", choice),
            "description": "",
            "subtask": False,
            "hierarchyLevel": 0,
        }

    def project(self, project: Project) -> Json:
        return {
            **self.named("project", Named(project.id, project.name)),
            "key": project.key,
            "projectTypeKey": project.kind,
            "simplified": False,
        }

    def status(self, status: Status) -> Json:
        category = _CATEGORIES[status.category]
        return {
            **self.named("status", Named(status.id, status.name)),
            "description": "",
            "statusCategory": {
                "self": f"{self.api}/statuscategory/{category['id']}",
                **category,
            },
        }

    def transition(self, step: Transition, fields: Json | None = None) -> Json:
        target = next(each for each in self._site.content.statuses if each.id == step.target)
        shown = {
            "id": step.id,
            "name": step.name,
            "to": self.status(target),
            "hasScreen": step.asks_resolution,
            "isGlobal": False,
            "isInitial": False,
            "isAvailable": True,
            "isConditional": False,
            "isLooped": False,
        }
        return shown if fields is None else {**shown, "fields": fields}

    def comment(self, issue: Issue, comment: Comment, expand: Iterable[str] = ()) -> Json:
        shown: Json = {
            "self": f"{self.api}/issue/{issue.id}/comment/{comment.id}",
            "id": comment.id,
            "author": self.user(comment.author),
            "body": self.text(comment.body),
            "updateAuthor": self.user(comment.update_author),
            "created": self.moment(comment.created),
            "updated": self.moment(comment.updated),
            "jsdPublic": comment.public,
        }
        if comment.visibility is not None:
            shown["visibility"] = dict(comment.visibility)
        if "properties" in expand:
            properties = comment.properties.items()
            shown["properties"] = [{"key": key, "value": value} for key, value in properties]
        if "renderedBody" in expand:
            shown["renderedBody"] = f"<p>{escape(as_wiki(comment.body))}</p>"
        return shown

    def attachment(self, attachment: Attachment) -> Json:
        return {
            "self": f"{self.api}/attachment/{attachment.id}",
            "id": attachment.id,
            "filename": attachment.name,
            "author": self.user(attachment.author),
            "created": self.moment(attachment.created),
            "size": len(attachment.content),
            "mimeType": attachment.media_type,
            "content": f"{self.api}/attachment/content/{attachment.id}",
        }

    def change(self, change: Change) -> Json:
        shown: Json = {
            "id": change.id,
            "author": self.user(change.author),
            "created": self.moment(change.created),
            "items": [
                {name: value for name, value in item.items() if value is not None}
                for item in change.items
            ],
        }
        if change.history is not None:
            shown["historyMetadata"] = dict(change.history)
        return shown

    def issue(self, issue: Issue, wanted: Iterable[str] = ("*all",)) -> Json:
        """An issue; without `fields` when nothing but the id is wanted."""
        shown: Json = {"expand": "names,changelog,transitions,renderedFields", "id": issue.id}
        names = self._chosen(wanted)
        if names == ["id"]:
            return shown
        shown |= {"self": f"{self.api}/issue/{issue.id}", "key": issue.key}
        shown["fields"] = {name: self.field(issue, name) for name in names if name != "id"}
        return shown

    def _chosen(self, wanted: Iterable[str]) -> list[str]:
        """Field ids from `*all`, `*navigable`, ids, keys and `-id`; unknown ones are passed by."""
        words = [word.strip() for each in wanted for word in each.split(",") if word.strip()]
        known = self._site.content.fields
        if words == ["id"]:
            return ["id"]
        taken = {word for word in words if word in known}
        if not words or all(word.startswith("-") for word in words) or "*all" in words:
            taken |= known.keys()
        if "*navigable" in words:
            taken |= known.keys() - {"comment", "attachment"}
        return [id for id in known if id in taken and f"-{id}" not in words]

    def field(self, issue: Issue, id: str) -> Any:
        field = self._site.content.fields[id]
        special: dict[str, Callable[[], Any]] = {
            "created": lambda: self.moment(issue.created),
            "updated": lambda: self.moment(issue.updated),
            "creator": lambda: self.user(issue.creator),
            "status": lambda: self.status(self._status(issue)),
            "project": lambda: self.project(self._project(issue)),
            "attachment": lambda: [self.attachment(each) for each in issue.attachments],
            "comment": lambda: self._comments(issue),
            "issuelinks": list,
            "statuscategorychangedate": lambda: self._since(issue, "status"),
            "resolutiondate": lambda: self._since(issue, "resolution"),
        }
        if id in special:
            return special[id]()
        return self._value(field, issue.values.get(id))

    def _comments(self, issue: Issue) -> Json:
        """Not all of them, if there are many: the comments have a resource of their own."""
        shown = [self.comment(issue, each) for each in issue.comments[:20]]
        total = len(issue.comments)
        return {
            "comments": shown,
            "self": f"{self.api}/issue/{issue.id}/comment",
            "maxResults": total,
            "total": total,
            "startAt": 0,
        }

    def _since(self, issue: Issue, field: str) -> str | None:
        """When a field last changed; for one that is empty: None."""
        if field == "resolution" and issue.values.get("resolution") is None:
            return None
        for change in reversed(issue.changes):
            if any(item.get("fieldId") == field for item in change.items):
                return self.moment(change.created)
        return self.moment(issue.created)

    def _status(self, issue: Issue) -> Status:
        return next(each for each in self._site.content.statuses if each.id == issue.status)

    def _project(self, issue: Issue) -> Project:
        return next(each for each in self._site.content.projects if each.key == issue.project)

    def _value(self, field: Field, value: Any) -> Any:
        if value is None:
            return None
        if field.shape == "textarea":
            return self.text(value)
        if field.shape == "user":
            return self.user(value)
        if field.shape == "datetime":
            return self.moment(value)
        if field.shape == "labels":
            return list(value)
        if field.shape == "options":
            return [self.option(each) for each in field.options if each.id in value]
        choices = {
            "option": (field.options, self.option),
            "priority": (self._site.content.priorities, self.priority),
            "resolution": (self._site.content.resolutions, self.resolution),
            "issuetype": (self._site.content.issue_types, self.issue_type),
        }
        if field.shape not in choices:
            return value
        named, show = choices[field.shape]
        return next(show(choice) for choice in named if choice.id == value)

    def rendered(self, issue: Issue) -> Json:
        """Rich fields as HTML, roughly."""
        fields = self._site.content.fields.values()
        rich = {each.id: issue.values.get(each.id) for each in fields if each.shape == "textarea"}
        return {id: f"<p>{escape(as_wiki(text))}</p>" if text else "" for id, text in rich.items()}

    def option(self, choice: Named) -> Json:
        url = f"{self.api}/customFieldOption/{choice.id}"
        return {"self": url, "value": choice.name, "id": choice.id}

    def resolution(self, choice: Named) -> Json:
        return {**self.named("resolution", choice), "description": ""}
