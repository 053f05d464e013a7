"""What can be done to issues, whoever does it: each act changes the site and tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tieline_ops.sandbox.jira.adf import Document, as_wiki
from tieline_ops.sandbox.jira.content import Field, Transition, User
from tieline_ops.sandbox.jira.state import Attachment, Change, Comment, Event, Issue, Site, Values

Item = Mapping[str, Any]


def create(
    site: Site, by: User, project: str, values: Values, properties: Mapping[str, Any]
) -> Issue:
    """A new issue in the workflow's first status. `values` are parsed and complete."""
    now = site.now()
    issue = Issue(
        site.next_id("issue"),
        site.next_key(project),
        project,
        site.content.statuses[0].id,
        by.account,
        now,
        now,
        {"priority": site.content.default_priority, "reporter": by.account, "labels": (), **values},
        properties=properties,
    )
    issue = site.put(issue, bump=False)
    site.tell(Event("jira:issue_created", issue, by, now, "issue_created"))
    return issue


def edit(
    site: Site,
    by: User,
    issue: Issue,
    values: Values,
    history: Mapping[str, Any] | None = None,
) -> Issue:
    """Change fields. Values that are the same change nothing and tell nobody."""
    items = [
        _item(site, site.content.fields[id], issue.values.get(id), value)
        for id, value in values.items()
        if (issue.values.get(id) or None) != (value or None)
    ]
    if not items:
        return issue
    changed = replace(issue, values={**issue.values, **values})
    changed = site.drop_orphans(issue, changed)
    only = {str(item["fieldId"]) for item in items}
    name = "issue_assigned" if only == {"assignee"} else "issue_updated"
    return _record(site, by, changed, items, name, history)


def move_status(
    site: Site,
    by: User,
    issue: Issue,
    step: Transition,
    values: Values,
    history: Mapping[str, Any] | None = None,
) -> Issue:
    """Take a step of the workflow. Leaving the last status takes the resolution away."""
    names = {status.id: status for status in site.content.statuses}
    if names[step.target].category != "done":
        values = {**values, "resolution": None}
    items = [
        _item(site, site.content.fields[id], issue.values.get(id), value)
        for id, value in values.items()
        if issue.values.get(id) != value
    ]
    items.append(
        {
            "field": "status",
            "fieldtype": "jira",
            "fieldId": "status",
            "from": issue.status,
            "fromString": names[issue.status].name,
            "to": step.target,
            "toString": names[step.target].name,
        }
    )
    changed = replace(issue, status=step.target, values={**issue.values, **values})
    return _record(site, by, changed, items, "issue_generic", history)


def move_project(site: Site, by: User, issue: Issue, project: str) -> Issue:
    """Move to another project: a new key, the same id; the old key goes on to be understood."""
    key = site.next_key(project)
    ids = {each.key: each.id for each in site.content.projects}
    items: list[Item] = [
        {
            "field": field,
            "fieldtype": "jira",
            "from": old_id,
            "fromString": old,
            "to": new_id,
            "toString": new,
        }
        for field, old_id, old, new_id, new in (
            ("project", ids[issue.project], issue.project, ids[project], project),
            ("Key", None, issue.key, None, key),
        )
    ]
    moved = replace(issue, key=key, project=project)
    return _record(site, by, moved, items, "issue_moved")


def delete(site: Site, by: User, issue: Issue) -> None:
    now = site.moment_after(issue)
    site.remove(issue)
    site.tell(Event("jira:issue_deleted", issue, by, now, "issue_deleted"))
    for comment in issue.comments:
        event = Event("comment_deleted", issue, by, now, comment=comment, secondary=True)
        site.tell(event)
    for attachment in issue.attachments:
        event = Event("attachment_deleted", issue, by, now, attachment=attachment, secondary=True)
        site.tell(event)


def add_comment(
    site: Site,
    by: User,
    issue: Issue,
    body: Document,
    *,
    public: bool = True,
    visibility: Mapping[str, str] | None = None,
    properties: Mapping[str, Any] | None = None,
) -> Comment:
    """A new comment. Webhooks tell it twice: as a comment and as a change of the issue."""
    now = site.moment_after(issue)
    comment = Comment(
        site.next_id("comment"),
        by.account,
        body,
        now,
        now,
        by.account,
        public,
        visibility,
        properties or {},
    )
    issue = site.put(replace(issue, comments=(*issue.comments, comment)))
    site.tell(Event("comment_created", issue, by, now, comment=comment))
    name = "issue_commented"
    site.tell(Event("jira:issue_updated", issue, by, now, name, comment=comment))
    return comment


def edit_comment(site: Site, by: User, issue: Issue, comment: Comment, **parts: Any) -> Comment:
    """Replace a comment's `body`, `visibility`, `public` or `properties`."""
    now = site.moment_after(issue)
    changed = replace(comment, **parts, updated=now, update_author=by.account)
    put_comment(site, issue, changed, bump="comment_edit_keeps_updated" not in site.faults.on)
    issue = site.issues[issue.id]
    site.tell(Event("comment_updated", issue, by, now, comment=changed))
    name = "issue_comment_edited"
    site.tell(Event("jira:issue_updated", issue, by, now, name, comment=changed))
    return changed


def put_comment(site: Site, issue: Issue, comment: Comment, *, bump: bool) -> None:
    """Keep a comment in the place of the one with its id."""
    comments = tuple(comment if each.id == comment.id else each for each in issue.comments)
    after = site.drop_orphans(issue, replace(issue, comments=comments))
    site.put(after, bump=bump)


def delete_comment(site: Site, by: User, issue: Issue, comment: Comment) -> None:
    now = site.moment_after(issue)
    kept = tuple(each for each in issue.comments if each.id != comment.id)
    after = site.drop_orphans(issue, replace(issue, comments=kept))
    issue = site.put(after, bump="comment_edit_keeps_updated" not in site.faults.on)
    site.tell(Event("comment_deleted", issue, by, now, comment=comment))
    site.tell(Event("jira:issue_updated", issue, by, now, "issue_comment_deleted"))


def attach(
    site: Site, by: User, issue: Issue, name: str, content: bytes, media_type: str
) -> Attachment:
    """A new file. The same name may be there already."""
    now = site.moment_after(issue)
    attachment = Attachment(
        site.next_id("attachment"),
        by.account,
        name,
        media_type,
        content,
        now,
        site.next_uuid(),
    )
    changed = replace(issue, attachments=(*issue.attachments, attachment))
    item = _file_item(to=attachment.id, toString=name)
    issue = _record(site, by, changed, [item], "issue_updated")
    site.tell(Event("attachment_created", issue, by, now, attachment=attachment))
    return attachment


def detach(site: Site, by: User, issue: Issue, attachment: Attachment) -> None:
    kept = tuple(each for each in issue.attachments if each.id != attachment.id)
    item = _file_item(**{"from": attachment.id, "fromString": attachment.name})
    issue = _record(site, by, replace(issue, attachments=kept), [item], "issue_updated")
    site.tell(Event("attachment_deleted", issue, by, issue.updated, attachment=attachment))


def _record(
    site: Site,
    by: User,
    issue: Issue,
    items: list[Item],
    name: str,
    history: Mapping[str, Any] | None = None,
) -> Issue:
    """Keep a changed issue with its entry in the changelog, and tell of it."""
    now = site.moment_after(issue)
    change = Change(site.next_id("change"), by.account, now, tuple(items), history)
    issue = site.put(replace(issue, changes=(*issue.changes, change)))
    site.tell(Event("jira:issue_updated", issue, by, now, name, change))
    return issue


def _file_item(**ends: str) -> Item:
    item = {"field": "Attachment", "fieldtype": "jira", "fieldId": "attachment"}
    return {**item, "from": None, "fromString": None, "to": None, "toString": None, **ends}


def _item(site: Site, field: Field, old: Any, new: Any) -> Item:
    """How the changelog tells a field's change: raw values and what people read."""
    old_raw, old_text = _told(site, field, old)
    new_raw, new_text = _told(site, field, new)
    return {
        "field": field.name if field.custom else field.id,
        "fieldtype": "custom" if field.custom else "jira",
        "fieldId": field.id,
        "from": old_raw,
        "fromString": old_text,
        "to": new_raw,
        "toString": new_text,
    }


def _told(site: Site, field: Field, value: Any) -> tuple[str | None, str | None]:
    if value is None:
        return None, None
    content = site.content
    if field.shape == "user":
        return value, site.user(value).name
    if isinstance(value, dict):
        return None, as_wiki(value)
    choices = {
        "priority": content.priorities,
        "resolution": content.resolutions,
        "issuetype": content.issue_types,
    }.get(field.shape, field.options)
    names: dict[str, str] = {choice.id: choice.name for choice in choices}
    if isinstance(value, tuple):
        raw = "[" + ", ".join(value) + "]" if names else None
        return raw, (", " if names else " ").join(str(names.get(each, each)) for each in value)
    if value in names:
        return value, names[value]
    return None, str(value)
