"""A simulated GitHub's things as its API shows them."""

from __future__ import annotations

import html
import re
from datetime import datetime
from typing import Any

from tieline_ops.sandbox.github.content import Milestone, User
from tieline_ops.sandbox.github.state import Comment, Issue, Repository

API = "https://api.github.com"
SITE = "https://github.com"
SIGNED = "https://private-user-images.githubusercontent.com"
STORE = "https://objects.githubusercontent.com"
SHOWN_FOR = 300
"""Seconds that a signed address lives."""
_PICTURE = re.compile(
    r"(?:!\[(?P<alt>[^\]]*)\]\(|&lt;img[^&]*? src=\")?"
    r"https://github\.com/(?P<path>user-attachments/assets/[0-9a-f-]{36})(?:\)|\"[^&]*&gt;)?"
)
_REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


class View:
    """Renders for one request. `host` is where the API was reached, `site` where the pages are.

    A sandbox that is served on this machine is its own site and its own store of files.
    """

    def __init__(self, repository: Repository, host: str, *, full: bool) -> None:
        self.repo = repository
        self.host = host.rstrip("/")
        local = self.host.startswith("http://")
        self.local = self.host.removesuffix("/api/v3") if local else ""
        self.site = self.local or SITE
        self._full = full

    @property
    def url(self) -> str:
        return f"{self.host}/repos/{self.repo.name}"

    def text(self, body: str | None) -> str | None:
        """A text as it was sent, with this sandbox's own address for GitHub's."""
        if body is None or not self.local:
            return body
        return body.replace(f"{SITE}/", f"{self.local}/")

    def user(self, user: User) -> dict[str, Any]:
        url = f"{self.host}/users/{user.login}"
        kinds = ("followers", "subscriptions", "organizations", "repos", "received_events")
        return {
            "login": user.login,
            "id": user.id,
            "node_id": f"U_{user.id}",
            "avatar_url": f"{self.site}/avatars/{user.id}",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.site}/{user.login}",
            "following_url": f"{url}/following{{/other_user}}",
            "gists_url": f"{url}/gists{{/gist_id}}",
            "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
            "events_url": f"{url}/events{{/privacy}}",
            **{f"{kind}_url": f"{url}/{kind}" for kind in kinds},
            "type": user.type,
            "site_admin": False,
        }

    def profile(self, user: User, *, own: bool = False) -> dict[str, Any]:
        """GitHub REST, Users: Get a user. The address is there if its owner shows it."""
        about = dict.fromkeys(("bio", "blog", "company", "location"))
        counts = ("followers", "following", "public_gists", "public_repos")
        private = {
            **dict.fromkeys(("collaborators", "disk_usage", "owned_private_repos"), 0),
            **dict.fromkeys(("private_gists", "total_private_repos"), 0),
            "two_factor_authentication": True,
        }
        return {
            **self.user(user),
            **about,
            **dict.fromkeys(counts, 0),
            "name": user.name,
            "email": user.email if user.public and user.email else None,
            "hireable": None,
            "user_view_type": "private" if own else "public",
            "created_at": "2020-01-01T00:00:00Z",
            "updated_at": "2020-01-01T00:00:00Z",
            **(private if own else {}),
        }

    def label(self, name: str) -> dict[str, Any]:
        return {
            "id": 1 + sum(map(ord, name)),
            "node_id": f"LA_{name}",
            "url": f"{self.url}/labels/{name}",
            "name": name,
            "description": None,
            "color": "ededed",
            "default": name in {"bug", "enhancement"},
        }

    def milestone(self, milestone: Milestone) -> dict[str, Any]:
        url = f"{self.url}/milestones/{milestone.number}"
        return {
            "url": url,
            "html_url": f"{self.site}/{self.repo.name}/milestone/{milestone.number}",
            "labels_url": f"{url}/labels",
            "id": 600 + milestone.number,
            "node_id": f"MI_{milestone.number}",
            "number": milestone.number,
            "title": milestone.title,
            "description": None,
            "creator": self.user(self.repo.content.users[0]),
            "open_issues": 0,
            "closed_issues": 0,
            "state": milestone.state,
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
            "due_on": None,
            "closed_at": None,
        }

    def type(self, name: str) -> dict[str, Any]:
        id = 1 + self.repo.content.types.index(name)
        return {"id": id, "node_id": f"IT_{id}", "name": name, "description": None}

    def value(self, id: int, value: Any) -> dict[str, Any]:
        """GitHub REST, Issue field values."""
        field = next(each for each in self.repo.content.fields if each.id == id)
        shown: dict[str, Any] = {
            "issue_field_id": id,
            "issue_field_name": field.name,
            "node_id": f"IF_{id}",
            "data_type": field.data_type,
            "value": ",".join(value) if isinstance(value, list) else value,
        }

        def option(name: str) -> dict[str, Any]:
            return {"id": 1 + field.options.index(name), "name": name, "color": "gray"}

        if field.data_type == "single_select":
            shown["single_select_option"] = option(value)
        if field.data_type == "multi_select":
            shown["multi_select_options"] = [option(each) for each in value]
        return shown

    def issue(self, issue: Issue) -> dict[str, Any]:
        url = f"{self.url}/issues/{issue.number}"
        kind = "pull" if issue.pull else "issues"
        page = f"{self.site}/{self.repo.name}/{kind}/{issue.number}"
        users = [self.user(self.repo.user(login)) for login in issue.assignees]
        by_app = self.repo.user(issue.user).type == "Bot"
        shown: dict[str, Any] = {
            "url": url,
            "repository_url": self.url,
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "html_url": page,
            "id": issue.id,
            "node_id": f"I_{issue.id}",
            "number": issue.number,
            "title": issue.title,
            "user": self.user(self.repo.user(issue.user)),
            "labels": [self.label(name) for name in issue.labels],
            "state": issue.state,
            "state_reason": issue.reason,
            "locked": issue.locked,
            "active_lock_reason": None,
            "assignee": users[0] if users else None,
            "assignees": users,
            "milestone": self._milestone_of(issue),
            "comments": len(self.repo.of(issue.number)),
            "created_at": stamp(issue.created),
            "updated_at": stamp(issue.updated),
            "closed_at": stamp(issue.closed) if issue.closed else None,
            "author_association": "MEMBER",
            "body": self.text(issue.body),
            "closed_by": self.user(self.repo.user(issue.closed_by)) if issue.closed_by else None,
            "timeline_url": f"{url}/timeline",
            "performed_via_github_app": self.app() if by_app else None,
            "type": self.type(issue.type) if issue.type else None,
            "reactions": self._reactions(f"{url}/reactions"),
            "sub_issues_summary": {"total": 0, "completed": 0, "percent_completed": 0},
            "issue_field_values": [self.value(id, v) for id, v in issue.values.items()],
        }
        if issue.pull:
            pull = f"{self.url}/pulls/{issue.number}"
            links = {"html_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch"}
            shown["pull_request"] = {"url": pull, **links, "merged_at": None}
        return shown | self._html(issue.body)

    def comment(self, comment: Comment) -> dict[str, Any]:
        issue = self.repo.issues.get(comment.number)
        kind = "pull" if issue and issue.pull else "issues"
        url = f"{self.url}/issues/comments/{comment.id}"
        page = f"{self.site}/{self.repo.name}/{kind}/{comment.number}#issuecomment-{comment.id}"
        by_app = self.repo.user(comment.user).type == "Bot"
        return {
            "url": url,
            "html_url": page,
            "issue_url": f"{self.url}/issues/{comment.number}",
            "id": comment.id,
            "node_id": f"IC_{comment.id}",
            "user": self.user(self.repo.user(comment.user)),
            "created_at": stamp(comment.created),
            "updated_at": stamp(comment.updated),
            "author_association": "MEMBER",
            "body": self.text(comment.body),
            "performed_via_github_app": self.app() if by_app else None,
            "reactions": self._reactions(f"{url}/reactions"),
            **self._html(comment.body),
        }

    def app(self) -> dict[str, Any]:
        content = self.repo.content
        return {
            "id": content.app_id,
            "slug": content.app_slug,
            "node_id": "A_1",
            "owner": self.user(content.users[0]),
            "name": "Tieline",
            "description": None,
            "external_url": "https://tieline.example",
            "html_url": f"{self.site}/apps/{content.app_slug}",
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
            "permissions": {"issues": "write", "metadata": "read", "contents": "write"},
            "events": ["issues", "issue_comment"],
        }

    def repository(self, caller: User | None = None) -> dict[str, Any]:
        """GitHub REST, Repositories: Get a repository."""
        owner, _, name = self.repo.name.partition("/")
        templates = [
            "archive",
            "assignees",
            "blobs",
            "branches",
            "collaborators",
            "comments",
            "commits",
            "compare",
            "contents",
            "contributors",
            "deployments",
            "downloads",
            "events",
            "forks",
            "git_commits",
            "git_refs",
            "git_tags",
            "hooks",
            "issue_comment",
            "issue_events",
            "issues",
            "keys",
            "labels",
            "languages",
            "merges",
            "milestones",
            "notifications",
            "pulls",
            "releases",
            "stargazers",
            "statuses",
            "subscribers",
            "subscription",
            "tags",
            "teams",
            "trees",
        ]
        zero = [
            "forks",
            "forks_count",
            "stargazers_count",
            "watchers",
            "watchers_count",
            "size",
            "open_issues",
            "open_issues_count",
            "network_count",
            "subscribers_count",
        ]
        page = f"{self.site}/{self.repo.name}"
        shown = {
            "id": self.repo.content.repository_id,
            "node_id": "R_1",
            "name": name,
            "full_name": self.repo.name,
            "private": self.repo.private,
            "owner": self._owner(owner),
            "html_url": page,
            "description": None,
            "fork": False,
            "url": self.url,
            **{f"{each}_url": f"{self.url}/{each}" for each in templates},
            **{f"{each}_url": f"{page}.git" for each in ("git", "ssh", "clone", "svn")},
            "mirror_url": None,
            "homepage": None,
            "language": None,
            **dict.fromkeys(zero, 0),
            "default_branch": "main",
            **dict.fromkeys(("has_projects", "has_wiki", "has_pages", "has_discussions"), False),
            "has_issues": self.repo.has_issues,
            "has_downloads": True,
            "archived": self.repo.archived,
            "disabled": False,
            "license": None,
            **dict.fromkeys(("pushed_at", "created_at", "updated_at"), "2026-01-01T00:00:00Z"),
        }
        if caller is not None and caller.type == "User":
            roles = {"admin": "admin", "maintain": "admin", "push": "write"}
            roles |= {"triage": "triage", "pull": "read"}
            shown["permissions"] = {name: caller.may(role) for name, role in roles.items()}
        return shown

    def signed(self, path: str, seconds: int) -> str:
        """The address that shows a picture for a while to whoever has it."""
        made = self.repo.uploads.get(path)
        name = made.name if made else ""
        ending = f".{name.rpartition('.')[2]}" if "." in name else ""
        until = int(self.repo.clock.now().timestamp()) + seconds
        id = path.rpartition("/")[2]
        return f"{self.local or SIGNED}/101/4242-{id}{ending}?jwt=until-{until}"

    def _owner(self, login: str) -> dict[str, Any]:
        return self.user(User(login, 50, "", login, type="Organization"))

    def _milestone_of(self, issue: Issue) -> dict[str, Any] | None:
        found = [m for m in self.repo.content.milestones if m.number == issue.milestone]
        return self.milestone(found[0]) if found else None

    def _html(self, body: str | None) -> dict[str, str]:
        """Body as HTML, where pictures have signed addresses; comments of HTML are not shown."""
        if not self._full:
            return {}
        visible = re.sub(r"<!--.*?-->", "", body or "", flags=re.DOTALL)

        def picture(found: re.Match[str]) -> str:
            alt, path = found["alt"] or "", found["path"]
            known = path in self.repo.uploads
            source = self.signed(path, SHOWN_FOR) if known else f"{self.site}/{path}"
            return f'<img src="{source}" alt="{html.escape(alt)}">'

        shown = _PICTURE.sub(picture, html.escape(visible, quote=False))
        return {"body_html": f"<p>{shown}</p>", "body_text": visible}

    def _reactions(self, url: str) -> dict[str, Any]:
        return {"url": url, "total_count": 0, **dict.fromkeys(_REACTIONS, 0)}
