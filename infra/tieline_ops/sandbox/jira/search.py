"""What a JQL query finds: the issues that the search index holds, as one caller sees them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from operator import ge, gt, le, lt
from typing import Any
from zoneinfo import ZoneInfo

from tieline_ops.sandbox.jira import jql
from tieline_ops.sandbox.jira.adf import as_wiki
from tieline_ops.sandbox.jira.content import Named, Status, User
from tieline_ops.sandbox.jira.errors import refused
from tieline_ops.sandbox.jira.state import Issue, Site

UNBOUNDED = (
    "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
)
_ORDERS: dict[str, Callable[[datetime, datetime], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_MOMENTS = {"created", "updated"}
_PEOPLE = {"reporter", "creator", "assignee"}


Place = list[Any]
"""Where in an order an issue stands; survives JSON."""


def search(
    site: Site,
    user: User | None,
    text: str,
    reconcile: frozenset[str] = frozenset(),
    after: Place | None = None,
) -> Iterator[tuple[Issue, Place]]:
    """The issues in order, each with its place; only those behind `after`.

    So an issue that changes during a walk moves to its new place and pushes no other out of it.
    Those in `reconcile` (ids) are held against the query as they are now. An issue is held against
    the query when its turn comes, so that a page of a long list costs no more than its own.
    Raises JiraError 400.
    """
    query = jql.read(text)
    if not any(clause.field in jql.BOUNDING for clause in jql.clauses(query.where)):
        raise refused(UNBOUNDED)
    match = matcher(site, user, query.where)
    issues = [issue for issue in site.indexed() if issue.id not in reconcile]
    issues += [site.issues[id] for id in sorted(reconcile) if id in site.issues]
    order = [*query.order, ("id", False)]
    places = [(issue, [_sort_key(issue, name) for name, _ in order]) for issue in issues]
    if after is not None:
        places = [each for each in places if _behind(each[1], after, order)]
    for number, (_, ascending) in reversed([*enumerate(order)]):
        places.sort(key=lambda each, n=number: each[1][n], reverse=not ascending)  # type: ignore[misc]
    return (each for each in places if site.may_see(user, each[0]) and match(each[0]))


def _behind(one: Place, other: Place, order: Sequence[tuple[str, bool]]) -> bool:
    """Whether a place comes after another one."""
    for left, right, (_, ascending) in zip(one, other, order, strict=True):
        if left != right:
            return bool(left > right) == ascending
    return False


def matcher(
    site: Site, user: User | None, condition: jql.Condition | None
) -> Callable[[Issue], bool]:
    """Says of an issue whether a condition holds. Raises JiraError 400 for wrong values."""
    for clause in jql.clauses(condition):
        _check(site, user, clause)
    return lambda issue: jql.holds(condition, lambda clause: _holds(site, user, issue, clause))


def _check(site: Site, user: User | None, clause: jql.Clause) -> None:
    """Refuse what Jira refuses: values that do not exist, operators that a field does not know."""
    ordered = clause.operator in _ORDERS
    if ordered and clause.field not in _MOMENTS | {"key", "issuekey", "id", "priority"}:
        raise refused(
            f"The operator '{clause.operator}' is not supported by the '{clause.field}' field."
        )
    if clause.operator in {"~", "!~"} and clause.field != "summary":
        raise refused(
            f"The operator '{clause.operator}' is not supported by the '{clause.field}' field."
        )
    known = _known(site, clause.field)
    for value in clause.values:
        if clause.field in _MOMENTS:
            _moment(site, value, user)
        elif known and value.text.casefold() not in known:
            raise refused(
                f"The value '{value.text}' does not exist for the field '{clause.field}'."
            )


def _known(site: Site, field: str) -> frozenset[str]:
    """What may be said of a field, in lower case; nothing where anything may be said."""
    content = site.content
    if field == "project":
        words = [word for each in content.projects for word in (each.id, each.key, each.name)]
        return frozenset(word.casefold() for word in words)
    every: dict[str, Sequence[Named | Status]] = {
        "status": content.statuses,
        "priority": content.priorities,
        "issuetype": content.issue_types,
        "type": content.issue_types,
    }
    named = every.get(field, ())
    return frozenset(word.casefold() for each in named for word in (each.id, each.name))


def _holds(site: Site, user: User | None, issue: Issue, clause: jql.Clause) -> bool:
    if clause.field in _MOMENTS:
        return _moment_holds(site, issue, user, clause)
    words = _words(site, issue, clause.field)
    if clause.operator in {"is", "is not"}:
        return (not words) == (clause.operator == "is")
    asked = {_person(user, each) if each.function else each.text for each in clause.values}
    asked = {each.casefold() for each in asked}
    if clause.operator == "~":
        return all(part in " ".join(words).casefold() for part in next(iter(asked)).split())
    if clause.operator in _ORDERS:
        return _number_holds(clause, issue)
    meets = bool(asked & {word.casefold() for word in words})
    if clause.operator in {"!=", "not in", "!~"}:
        # As in Jira, an empty field is not unequal: it is in no comparison.
        return not meets and bool(words)
    return meets


def _number_holds(clause: jql.Clause, issue: Issue) -> bool:
    number = re.search(r"\d+$", clause.values[0].text)
    own = {"priority": issue.values["priority"], "id": issue.id}.get(
        clause.field, issue.key.rpartition("-")[2]
    )
    epoch = datetime.fromtimestamp(0, UTC)
    left, right = int(own), int(number[0]) if number else 0
    return _ORDERS[clause.operator](
        epoch + timedelta(seconds=left), epoch + timedelta(seconds=right)
    )


def _words(site: Site, issue: Issue, field: str) -> list[str]:
    """What a field may be called in a query: ids, names, keys. Empty if it is empty."""
    content, values = site.content, issue.values
    if field in _PEOPLE:
        account = issue.creator if field == "creator" else values.get(field)
        if account is None:
            return []
        user = site.user(account)
        return [user.account, user.email, user.name] if user.email_visible else [account]
    if field in {"key", "issuekey", "issue", "id"}:
        return [issue.key, issue.id]
    if field == "labels":
        return list(values.get("labels") or ())
    if field == "summary":
        return [str(values.get("summary") or ""), as_wiki(values.get("description"))]
    status = next(each for each in content.statuses if each.id == issue.status)
    if field == "statuscategory":
        names = {"new": "To Do", "indeterminate": "In Progress", "done": "Done"}
        return [status.category, names[status.category]]
    if field == "status":
        return [status.id, status.name]
    if field == "project":
        project = next(each for each in content.projects if each.key == issue.project)
        return [project.id, project.key, project.name]
    choices = {"priority": content.priorities, "resolution": content.resolutions}
    held = values.get("issuetype" if field == "type" else field)
    named = choices.get(field, content.issue_types)
    return [word for each in named if each.id == held for word in (each.id, each.name)]


def _person(user: User | None, value: jql.Literal) -> str:
    if user is None:
        raise refused(f"Function '{value.text}' cannot be used anonymously.")
    return user.account


def _moment_holds(site: Site, issue: Issue, user: User | None, clause: jql.Clause) -> bool:
    """Quoted moments are minutes of the caller's zone; bare numbers are epoch milliseconds."""
    own = issue.created if clause.field == "created" else issue.updated
    if clause.operator not in _ORDERS:
        raise refused(f"The operator '{clause.operator}' is not supported here.")
    asked, fine = _moment(site, clause.values[0], user)
    if not fine:
        own = own.replace(second=0, microsecond=0)
    return _ORDERS[clause.operator](own, asked)


def _moment(site: Site, value: jql.Literal, user: User | None) -> tuple[datetime, bool]:
    """The moment, and whether it is as fine as a millisecond."""
    text = value.text
    if not value.quoted and text.isdecimal():
        moment = datetime.fromtimestamp(int(text) / 1000, UTC)
        if "jql_minute_grain" in site.faults.on:
            return moment.replace(second=0, microsecond=0), False
        return moment, True
    zone = ZoneInfo(user.zone if user else "UTC")
    for form in ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone).astimezone(UTC), False
        except ValueError:
            continue
    if span := re.fullmatch(r"([+-]?\d+)([wdhm])", text):
        unit = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}[span[2]]
        return site.now() + timedelta(**{unit: int(span[1])}), True
    raise refused(
        f"Date value '{text}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
        "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
    )


def _sort_key(issue: Issue, field: str) -> Any:
    if field in {"key", "issuekey", "issue"}:
        project, _, number = issue.key.rpartition("-")
        return [project, int(number)]
    plain = {
        "created": round(issue.created.timestamp() * 1000),
        "updated": round(issue.updated.timestamp() * 1000),
        "id": int(issue.id),
        "status": issue.status,
        "creator": issue.creator,
        "project": issue.project,
    }
    if field in plain:
        return plain[field]
    held = issue.values.get("issuetype" if field == "type" else field)
    return str(held or "")
