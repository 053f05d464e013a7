"""A person at work in a simulated GitHub, by the words that all systems share."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tieline_ops.sandbox.desk import Said, Seen
from tieline_ops.sandbox.github.state import Comment, Issue, Repository

STATES = {
    "Open": ("open", None),
    "Closed as completed": ("closed", "completed"),
    "Closed as not planned": ("closed", "not_planned"),
    "Closed as duplicate": ("closed", "duplicate"),
}
_WORDS = {"open": "Open", "closed": "Closed as completed"} | {
    "not_planned": "Closed as not planned",
    "duplicate": "Closed as duplicate",
}
_MARK = re.compile(r"\s*<!--\s*tieline(?:-file)?:[^>]*-->")
_FILE = re.compile(r"<!--\s*tieline-file:([^\s>]*)\s*-->")
_UPLOADED = re.compile(r"https://github\.com/(user-attachments/[^\s()<>\"\]]+)")
_BLOB = re.compile(r"https://[^\s()]+?/blob/(?P<branch>[^/\s]+)/(?P<path>issues/[^\s()?]+)")
_NAMED = re.compile(r"\]\(attachment:([^\s()]+)\)")


class GitHubDesk:
    """Raises KeyError for what does not exist, ValueError for what the screen would not take."""

    def __init__(self, repository: Repository) -> None:
        self._repo = repository

    def make(self, who: str, **fields: Any) -> str:
        """A new issue; a closed one is closed at once."""
        with self._repo.lock:
            by = self._repo.user(who)
            wanted = self._changes(fields)
            title = wanted.pop("title", None) or "Untitled"
            body = wanted.pop("body", None)
            state = {k: wanted.pop(k) for k in ("state", "reason") if k in wanted}
            made = self._repo.open(by, title, body, **wanted)
            if state.get("state") == "closed":
                self._repo.change(by, made.number, **state)
            return str(made.number)

    def edit(self, who: str, id: str, **fields: Any) -> None:
        """Set fields. Another reason for what is closed takes opening it first."""
        with self._repo.lock:
            by, issue = self._repo.user(who), self._issue(id)
            if fields.get("body"):
                fields["body"] = self._typed(str(fields["body"]), issue.number)
            changes = self._changes(fields, issue)
            if "title" in changes and not changes["title"]:
                raise ValueError("title")
            again = changes.get("state") == issue.state == "closed"
            if again and changes.get("reason") != issue.reason:
                self._repo.change(by, issue.number, state="open")
            self._repo.change(by, issue.number, **changes)

    def comment(self, who: str, id: str, text: str, *, public: bool = True) -> str:
        """All comments are public. Raises ValueError for others."""
        if not public:
            raise ValueError("GitHub has no internal comments")
        with self._repo.lock:
            number = self._issue(id).number
            return str(self._repo.say(self._repo.user(who), number, self._typed(text, number)).id)

    def edit_comment(self, who: str, id: str, comment_id: str, text: str) -> None:
        with self._repo.lock:
            self._issue(id)
            comment = self._repo.comments[int(comment_id)]
            # Who edits a text in a browser leaves alone what is not shown there.
            marks = "".join(_MARK.findall(comment.body))
            typed = self._typed(text, comment.number)
            self._repo.say_otherwise(self._repo.user(who), comment.id, typed + marks)

    def delete_comment(self, who: str, id: str, comment_id: str) -> None:
        with self._repo.lock:
            self._issue(id)
            self._repo.unsay(self._repo.user(who), self._repo.comments[int(comment_id)].id)

    def attach(
        self, who: str, id: str, name: str, content: bytes, media_type: str = "text/plain"
    ) -> str:
        """Drop a file into the box for a comment, and send that: GitHub has no other way."""
        with self._repo.lock:
            by, issue = self._repo.user(who), self._issue(id)
            made = self._repo.upload(name, content, media_type)
            picture = "!" if "/assets/" in made.path else ""
            text = f"{picture}[{name}](https://github.com/{made.path})"
            return str(self._repo.say(by, issue.number, text).id)

    def delete_attachment(self, who: str, id: str, attachment_id: str) -> None:
        """Take away the comment that shows a file."""
        self.delete_comment(who, id, attachment_id)

    def delete(self, who: str, id: str) -> None:
        with self._repo.lock:
            self._repo.drop(self._repo.user(who), self._issue(id).number)

    def ids(self) -> list[str]:
        """The issues, oldest first; pull requests are none."""
        with self._repo.lock:
            found = [each.number for each in self._repo.issues.values() if not each.pull]
            return [str(number) for number in sorted(found)]

    def see(self, id: str) -> Seen:
        with self._repo.lock:
            issue = self._issue(id)
            comments = self._repo.of(issue.number)
            said = tuple(self._said(each) for each in comments if not _FILE.search(each.body))
            return Seen(id, f"#{id}", self._fields(issue), said, self._files(issue))

    def _issue(self, id: str) -> Issue:
        if not id.isdecimal():
            raise KeyError(id)
        return self._repo.issues[int(id)]

    def _said(self, comment: Comment) -> Said:
        user = self._repo.user(comment.user)
        return Said(
            str(comment.id),
            user.email or user.name,
            self._shown(comment.body, comment.number),
            True,
        )

    def _fields(self, issue: Issue) -> Mapping[str, Any]:
        """Fields by the names that links use."""
        state = _WORDS[
            issue.reason if issue.state == "closed" and issue.reason in _WORDS else issue.state
        ]
        titles = {each.number: each.title for each in self._repo.content.milestones}
        own = {each.name: issue.values.get(each.id) for each in self._repo.content.fields}
        return {
            "title": issue.title,
            "body": self._shown(issue.body or "", issue.number) or None,
            "state": state,
            "assignee": self._email(issue.assignees[0]) if issue.assignees else None,
            "author": self._email(issue.user),
            "labels": list(issue.labels),
            "milestone": titles.get(issue.milestone or 0),
            "type": issue.type,
            "locked": issue.locked,
            "number": issue.number,
            **own,
        }

    def _email(self, login: str) -> str:
        user = self._repo.user(login)
        return user.email or user.name

    def _addresses(self, number: int) -> dict[str, str]:
        """Addresses of an issue's files, by name."""
        issue = self._repo.issues[number]
        texts = [issue.body or "", *(each.body for each in self._repo.of(number))]
        found: dict[str, str] = {}
        for text in texts:
            for hit in _UPLOADED.finditer(text):
                made = self._repo.uploads.get(hit[1])
                if made is not None:
                    found[made.name] = hit[0]
            committed, blob = _FILE.search(text), _BLOB.search(text)
            if committed and blob:
                found[parse_qs(committed[1])["name"][0]] = f"{blob[0]}?raw=true"
        return found

    def _files(self, issue: Issue) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for name, address in self._addresses(issue.number).items():
            blob = _BLOB.match(address)
            if blob is None:
                found[name] = self._repo.uploads[urlsplit(address).path.strip("/")].content
            elif (blob["branch"], unquote(blob["path"])) in self._repo.files:
                found[name] = self._repo.files[blob["branch"], unquote(blob["path"])]
        return found

    def _typed(self, text: str, number: int) -> str:
        """A text as it is sent: names of the issue's files become their addresses."""
        known = self._addresses(number)

        def address(found: re.Match[str]) -> str:
            return f"]({known.get(unquote(found[1]), found[1])})"

        return _NAMED.sub(address, text)

    def _shown(self, text: str, number: int) -> str:
        """A text as people see it: comments of HTML are not shown, and pictures are files."""
        for name, address in self._addresses(number).items():
            picture = rf"\]\({re.escape(address)}(?: +\"[^\"\n]*\")?\)"
            shown = f"](attachment:{quote(name, safe='-._')})"
            text = re.sub(rf"(!\[[^\]\n]*){picture}", lambda hit, s=shown: hit[1] + s, text)  # type: ignore[misc]
        return re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL).replace("\u200b", "").strip()

    def _changes(self, fields: Mapping[str, Any], issue: Issue | None = None) -> dict[str, Any]:
        set_one: dict[str, Callable[[Any], dict[str, Any]]] = {
            "title": lambda value: {"title": " ".join(str(value or "").split())},
            "body": lambda value: {"body": _kept(value, issue)},
            "state": self._state,
            "assignee": lambda value: {"assignees": (self._login(value),) if value else ()},
            "labels": lambda value: {"labels": tuple(map(self._repo.label, value or ()))},
            "milestone": self._milestone,
            "type": self._type,
        }
        changes: dict[str, Any] = {}
        for name, value in fields.items():
            if name in set_one:
                changes |= set_one[name](value)
            else:
                held = changes.setdefault("values", dict(issue.values) if issue else {})
                self._own(held, name, value)
        return changes

    def _login(self, who: str) -> str:
        user = self._repo.user(who)
        if not user.may("triage"):
            raise ValueError(f"{who} cannot be assigned")
        return user.login

    def _state(self, value: Any) -> dict[str, Any]:
        word = _WORDS.get(str(value), str(value))
        if word not in STATES:
            raise ValueError(f"state has no option {value}")
        state, reason = STATES[word]
        return {"state": state, "reason": reason}

    def _milestone(self, value: Any) -> dict[str, Any]:
        if value is None:
            return {"milestone": None}
        for each in self._repo.content.milestones:
            if value in {each.title, str(each.number)}:
                return {"milestone": each.number}
        raise ValueError(f"milestone has no option {value}")

    def _type(self, value: Any) -> dict[str, Any]:
        if value is not None and value not in self._repo.content.types:
            raise ValueError(f"type has no option {value}")
        return {"type": value}

    def _own(self, held: dict[int, Any], name: str, value: Any) -> None:
        field = next((each for each in self._repo.content.fields if each.name == name), None)
        if field is None:
            raise KeyError(name)
        chosen = [value] if isinstance(value, str) else value
        if value in (None, "", []):
            held.pop(field.id, None)
            return
        if field.options and not set(chosen) <= set(field.options):
            raise ValueError(f"{name} has no option {value}")
        held[field.id] = list(value) if isinstance(value, list | tuple | set) else value


def _kept(value: Any, issue: Issue | None) -> str | None:
    """A body that somebody edits keeps what is not shown of it."""
    marks = "".join(_MARK.findall(issue.body or "")) if issue else ""
    return f"{value or ''}{marks}" or None
