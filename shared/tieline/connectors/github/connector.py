"""GitHub: the issues of one repository.

Sources: GitHub REST API 2022-11-28 (Issues, Issue comments, Labels, Assignees, Milestones, Apps).
`docs/connectors/github.md` says what the account and the repository need.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO, ClassVar

import requests
from pydantic import BaseModel

from tieline.connectors.base import Finding, Hint, Page, Site, Survey, Want
from tieline.connectors.github import files as github_files
from tieline.connectors.github import webhook
from tieline.connectors.github.api import FULL, ISSUE, PAGE, Api, Json, unreadable
from tieline.connectors.github.auth import GitHubSecret
from tieline.connectors.github.changes import ISSUES, LAG, Changes
from tieline.connectors.github.check import findings
from tieline.connectors.github.comments import Comments, no_internal
from tieline.connectors.github.fields import Fields
from tieline.connectors.github.marker import mark_of, stamped
from tieline.connectors.github.people import People, table_of
from tieline.connectors.github.showing import Showing
from tieline.connectors.github.stamps import GRAIN, moment_of, stamp_of
from tieline.connectors.github.wire import STANDARD, Field, label_names
from tieline.connectors.github.write import Draft, Writer
from tieline.connectors.http import Watch
from tieline.connectors.webhook_body import unfolded
from tieline.domain.errors import Configuration, Gone, Refused, Transient
from tieline.domain.ticket import Attachment, Comment, FieldSpec, Person, Ticket, Value

if TYPE_CHECKING:
    from tieline.connectors.subscribing import Subscriptions

_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_NAMED = re.compile(r"(?:^|#|/issues/)([1-9][0-9]{0,17})(?:[?#].*)?$")
_SKEW = timedelta(minutes=5)


class GitHub:
    """Issues of one repository. See `tieline.connectors.base.Connector` for every method."""

    system: ClassVar[str] = "github"
    title: ClassVar[str] = "GitHub Issues"
    secret_model: ClassVar[type[BaseModel]] = GitHubSecret
    scope_keys: ClassVar[Mapping[str, bool]] = {
        "repository": True,
        "label": False,
        "people": False,
        "files_branch": False,
    }
    standard_fields: ClassVar[Mapping[str, FieldSpec]] = {n: f.spec for n, f in STANDARD.items()}
    edits_comments: ClassVar[bool] = True
    version_grain: ClassVar[timedelta | None] = GRAIN
    find_lag: ClassVar[timedelta] = LAG

    def __init__(
        self,
        site: Site,
        secret: GitHubSecret,
        *,
        session: requests.Session | None = None,
        watch: Watch | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        scope = site.scope
        self._site = site
        self._secret = secret.root
        self._clock = clock
        self._label = scope.get("label", "")
        if "," in self._label:
            raise Configuration("github: a label with a comma cannot be listed by")
        self._api = Api(
            secret, site.url, scope["repository"],
            session=session, watch=watch, sleep=sleep, clock=clock,
        )  # fmt: skip
        self._people = People(self._api, table_of(scope.get("people", "")))
        self._fields = Fields(self._api)
        self._writer = Writer(self._api, self._fields, self._people, self._label)
        self._comments = Comments(self._api, self._people)
        self._branch = github_files.Branch(self._api, site.url, github_files.branch_of(scope))
        store = github_files.Store(site.url, self._api.session, self._api.options)
        self._showing = Showing(
            self._api, self._comments, self._people, store, self._branch, site.url
        )

    # What is known without the issue

    def fields(self, names: Iterable[str]) -> Mapping[str, FieldSpec]:
        """Standard fields, `label:<beginning>`, and the organisation's issue fields by name or id.

        Asks GitHub, once, for what is not standard, and for milestones and types.
        """
        return {name: field.spec for name, field in self._fields.named(names).items()}

    def holds(self, known: str, version: str) -> bool:
        """Versions are `updated_at`, to the second."""
        try:
            return moment_of(known) >= moment_of(version)
        except ValueError:
            return known == version != ""

    def moment(self, version: str) -> datetime | None:
        """The moment that a version names."""
        try:
            return moment_of(version)
        except ValueError:
            return None

    def read_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Hint, ...]:
        """`issues` and `issue_comment`; see `tieline.connectors.github.webhook`."""
        return webhook.read_webhook(unfolded(self._secret), self._site.scope, headers, body, now)

    def whoami(self) -> Person:
        """The token's user, or the user that stands for the App."""
        return self._people.who().person

    def find_person(self, email: str) -> Person | None:
        """As the scope's `people` says, else the one user who shows this address."""
        return self._people.find(email)

    def inspect(self) -> Iterator[Finding]:
        """Account, repository, rights, the token's life, label, and branch for files."""
        return findings(self._api, self._fields, self._people, self._site.scope, self._clock)

    def survey(self, names: Iterable[str], ids: Iterable[str]) -> Survey:  # noqa: ARG002
        """Fields with the ids by which the organisation's keep their place; see `survey`."""
        from tieline.connectors.github.survey import surveyed  # noqa: PLC0415

        return surveyed(Fields(self._api), names)

    def subscriptions(self) -> Subscriptions:
        """The repository's webhooks, for operators."""
        from tieline.connectors.github.subscriptions import Hooks  # noqa: PLC0415

        return Hooks(self._api)

    # Finding and reading

    def changes(self, cursor: str | None, now: datetime) -> Iterator[Page]:
        """By `updated_at`; issues that are deleted or transferred are in no list."""
        listed = Changes(self._api, self._label, self._carries)
        try:
            yield from listed.since(cursor, now)
        except Gone as gone:
            raise self._api.missing(gone.what) from None
        except Refused as refused:
            raise unreadable(refused, "its issues") from None

    def find(self, correlation: str, since: datetime) -> tuple[str, ...]:
        """By the marks in the bodies of what was made since, newest first in the list.

        The search would be behind by minutes; the list may be by `find_lag`.
        """
        from_then = since - _SKEW
        params = {"state": "all", "sort": "created", "direction": "desc"}
        params["since"] = stamp_of(from_then)
        found: list[tuple[datetime, int]] = []
        for page in self._api.pages(ISSUES, params=params):
            mine = (each for each in page if mark_of(each.get("body")) == correlation)
            found += [
                (moment_of(each["created_at"]), int(each["number"]))
                for each in mine
                if not each.get("pull_request")
            ]
            if len(page) < PAGE or moment_of(page[-1]["created_at"]) < from_then:
                break
        return tuple(str(number) for _, number in sorted(set(found)))

    def read(self, id: str, want: Want) -> Ticket:
        """One call; one more where there are comments, and what new files need."""
        fields = self._fields.known(want.fields)
        return self._ticket(self._issue(id), fields, want)

    def locate(self, name: str) -> str | None:
        """By number (12, #12, owner/name#12) or address."""
        found = _NAMED.search(name.strip())
        if found is None:
            return None
        place = name.strip()[: found.start()].strip("/").casefold()
        host, mine = self._site.url.casefold(), self._api.place.casefold()
        if place not in {"", mine, f"{host}/{mine}"}:
            return None
        try:
            return self.read(found[1], Want()).id
        except Gone:
            return None

    # Writing an issue

    def create(self, correlation: str, values: Mapping[str, Value], want: Want) -> Ticket:
        """One POST whose body carries the mark; a state other than open in a PATCH behind it.

        GitHub REST, Issues: Create an issue. Raises Transient when it was made without some of
        the values: the next try finds it, and its update says what GitHub drops.
        """
        fields = self._fields.known({*want.fields, *values})
        draft = self._writer.draft(values, fields, {}, _no_address)
        body = {
            **{name: value for name, value in draft.body.items() if value not in (None, [], "")},
            "title": draft.body.get("title") or "(no title)",
            "body": stamped(draft.body.get("body", ""), correlation),
        }
        labels = [*draft.add, *([self._label] if self._label else [])]
        if labels:
            body["labels"] = list(dict.fromkeys(labels))
        issue = self._made(body, values)
        late = Draft(state=draft.state)
        try:
            issue = self._writer.update(str(issue["number"]), late, issue) or issue
        except Refused as refused:
            raise Transient(f"{refused.what}, after the creation", uncertain=True) from refused
        dropped = self._writer.dropped(values, fields, draft, issue)
        if dropped:
            what = f"github made an issue without {', '.join(dropped)}"
            raise Transient(what, uncertain=True)
        return self._ticket(issue, fields, replace(want, attachments=False))

    def _made(self, body: Json, values: Mapping[str, Value]) -> Json:
        try:
            with _Blame(values):
                issue: Json = self._api.json(
                    "POST", ISSUES, json=body, headers={"Accept": FULL}, safe=False
                )
        except Gone as gone:
            raise self._api.missing(gone.what) from None
        return issue

    def update(self, before: Ticket, values: Mapping[str, Value], want: Want) -> Ticket:
        """One PATCH, and a call for labels that come, one for each that goes.

        GitHub has no precondition for writes.
        """
        fields = self._fields.known({*want.fields, *values})
        raw = before.native if isinstance(before.native, Mapping) else self._issue(before.id)
        with _Blame(values):
            draft = self._writer.draft(values, fields, raw, self._showing.address_of(raw))
            if "body" in draft.body:
                key = mark_of(raw.get("body")) or before.correlation
                draft.body["body"] = stamped(draft.body["body"], key) if key else draft.body["body"]
            try:
                issue = self._writer.update(before.id, draft, raw) or self._issue(before.id)
            except Gone as gone:
                raise self._api.missing(gone.what) from None
        dropped = self._writer.dropped(values, fields, draft, issue)
        if dropped:
            words = (
                f"GitHub dropped {', '.join(dropped)}: the account needs the role Triage or Write"
            )
            raise Refused(f"github PATCH {ISSUE}: fields were dropped", words, dropped)
        return self._ticket(issue, fields, replace(want, comments=False, attachments=False))

    # Comments

    def add_comment(self, id: str, body: str, public: bool, correlation: str) -> Comment:
        """A public comment that carries the mark of its correlation. Raises Refused for others."""
        if not public:
            raise no_internal()
        return self._comments.add(id, body, correlation, self._showing.address_for(id, body))

    def edit_comment(self, id: str, comment_id: str, body: str) -> Comment:
        """The mark in it stays."""
        _checked(comment_id, "comment")
        address = self._showing.address_for(id, body)
        return self._comments.edit(comment_id, body, address, lambda: self._showing.names(id))

    def delete_comment(self, id: str, comment_id: str) -> None:  # noqa: ARG002
        """One that is gone already is no error."""
        _checked(comment_id, "comment")
        self._comments.delete(comment_id)

    # Files

    def add_attachment(self, id: str, name: str, media_type: str, content: BinaryIO) -> Attachment:
        """A commit to the scope's `files_branch`, and a comment that shows it. Raises Refused."""
        _checked(id, "issue")
        made = self._comments.post(id, self._branch.add(id, name, media_type, content))
        return github_files.attachment_of(made, github_files.file_comment(made))

    def open_attachment(self, id: str, attachment: Attachment) -> BinaryIO:
        """A file of ours from its branch; people's from where GitHub keeps them."""
        comment = _of_ours(attachment.id)
        if comment:
            about = github_files.file_comment(self._comments.one(comment))
            if not about:
                raise Gone("github: a comment stands for a file no more")
            return self._branch.open(about, attachment.size)
        return self._showing.open(self._issue(id), attachment)

    def delete_attachment(self, id: str, attachment_id: str) -> None:  # noqa: ARG002
        """A file of ours goes with its comment. What stands in people's texts stays: Refused."""
        comment = _of_ours(attachment_id)
        if not comment:
            words = "a file in somebody's text goes away with the text alone"
            raise Refused("github: a file of somebody else's cannot be deleted", words)
        try:
            about = github_files.file_comment(self._comments.one(comment))
        except Gone:
            return
        if about:
            self._branch.remove(about)
        self._comments.delete(comment)

    # Within

    def _issue(self, id: str) -> Json:
        """One issue, its body also as HTML. Raises Gone; a pull request is no issue."""
        what = f"github GET {ISSUE}"
        if not _NUMBER.fullmatch(id):
            raise Gone(f"{what}: not the number of an issue")
        try:
            issue: Json = self._api.json(
                "GET", ISSUE, parts={"number": id}, headers={"Accept": FULL}
            )
        except Gone as gone:
            if "transferred" in gone.what:
                raise
            raise self._api.missing(gone.what) from None
        except Refused as refused:
            raise unreadable(refused, "its issues") from None
        if issue.get("pull_request"):
            raise Gone(f"{what}: a pull request is no issue")
        return issue

    def _carries(self, id: str) -> bool:
        """Whether an issue has the scope's label."""
        try:
            held = label_names(self._issue(id))
        except Gone:
            return False
        return self._label.casefold() in {each.casefold() for each in held}

    def _ticket(self, issue: Json, fields: Mapping[str, Field], want: Want) -> Ticket:
        shown = self._showing.of(issue, want, fields, self._label)
        return Ticket(
            id=str(issue["number"]),
            key=f"#{issue['number']}",
            url=f"{self._site.url}/{self._api.place}/issues/{issue['number']}",
            version=str(issue["updated_at"]),
            updated=moment_of(issue["updated_at"]),
            fields=shown.fields,
            comments=shown.comments,
            comments_mark=shown.comments_mark,
            attachments=shown.attachments,
            attachments_mark=shown.attachments_mark,
            correlation=mark_of(issue.get("body")),
            made_by_us=self._people.is_me(issue.get("user")),
            # An edit within the second of the creation shows no trace.
            edited=True,
            native=issue,
        )


class _Blame:
    """Says in a refusal which of the link's fields are blamed, where GitHub names its own."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._names = {"assignees": "assignee", "name": "labels", **{name: name for name in values}}

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Refused):
            error.fields = tuple(self._names.get(each, each) for each in error.fields)


def _no_address(_name: str) -> None:
    """A new issue has no files."""


def _checked(id: str, what: str) -> None:
    if not _NUMBER.fullmatch(id):
        raise Gone(f"github: not the number of a {what}")


def _of_ours(attachment_id: str) -> str:
    """The number of the comment that stands for a file of ours, "" for other files."""
    number = attachment_id.removeprefix(github_files.OURS)
    ours = attachment_id.startswith(github_files.OURS) and _NUMBER.fullmatch(number)
    return number if ours else ""
