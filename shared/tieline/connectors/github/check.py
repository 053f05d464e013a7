"""What `tieline check --live` asks of a repository."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tieline.connectors.base import Finding
from tieline.connectors.github.api import REPO, Api
from tieline.connectors.github.fields import Fields
from tieline.connectors.github.people import People
from tieline.domain.errors import TielineError

_SOON = timedelta(days=14)
_PAGE = "see docs/connectors/github.md, The account"

Json = Mapping[str, Any]


def findings(
    api: Api, fields: Fields, people: People, scope: Mapping[str, str], now: Callable[[], datetime]
) -> Iterator[Finding]:
    """One line for each thing that a link needs; stops where nothing further can work."""
    try:
        me = people.who()
        yield Finding(True, f"signed in as {me.person.id}")
        about = api.about()
    except TielineError as error:
        yield Finding(False, str(error), _PAGE)
        return
    yield from _repository(api, about, scope)
    yield from _life(api.login.expires, now())
    label = scope.get("label", "")
    if label:
        there = label.casefold() in {each.casefold() for each in fields.labels()}
        yield Finding(there, f"label {label}", "" if there else "make the label in the repository")
    yield _files(api, scope.get("files_branch", ""))
    if not scope.get("people"):
        yield Finding(
            True,
            "people are found by public e-mail address alone",
            "say in `people` which address is which login",
        )


def _repository(api: Api, about: Json, scope: Mapping[str, str]) -> Iterator[Finding]:
    name = str(about.get("full_name", api.place))
    if name.casefold() != scope["repository"].casefold():
        remedy = f"say `repository: {name}`; webhooks are not taken under the old name"
        yield Finding(False, f"the repository is now called {name}", remedy)
    for key, bad, what, remedy in (
        ("archived", True, "the repository is archived: nothing can be written", "unarchive it"),
        ("has_issues", False, "issues are switched off", "switch them on in its settings"),
    ):
        if about.get(key) is bad:
            yield Finding(False, what, remedy)
    # An installation's token shows no permissions of its own here.
    may = about.get("permissions") or {}
    if may.get("push") or may.get("triage") or api.login.renewable:
        yield Finding(True, f"{name} is read and written")
    else:
        yield Finding(
            False,
            f"{name} is read, but labels, assignees and milestones would be dropped",
            "give the account the role Triage or Write",
        )


def _life(expires: str, now: datetime) -> Iterator[Finding]:
    until = moment_of_expiry(expires)
    if until is not None:
        left = until - now
        remedy = "" if left > _SOON else "make a new token and store it in the link's secret"
        over = left <= timedelta(0)
        what = f"the token ends on {until:%Y-%m-%d}"
        yield Finding(left > _SOON, what, remedy, grave=over)


def moment_of_expiry(text: str) -> datetime | None:
    """`2027-10-12 09:00:00 UTC`, or with an offset, or ISO 8601; None for none of these."""
    try:
        moment = datetime.fromisoformat(text.strip().replace(" UTC", "+00:00").replace(" +", "+"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _files(api: Api, branch: str) -> Finding:
    if not branch:
        return Finding(
            True,
            "files are not added here: GitHub has no API for it",
            "name a branch for them in `files_branch`, or let files flow from here alone",
        )
    try:
        api.json("GET", REPO + "/branches/{branch}", parts={"branch": branch})
    except TielineError as error:
        remedy = "make the branch, and let the account write contents"
        return Finding(False, f"the branch for files is not there: {error}", remedy)
    return Finding(True, f"files are committed to {branch}")
