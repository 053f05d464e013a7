"""A field's value on its way in: from what a caller sends to what the site keeps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any

from tieline_ops.sandbox.jira import adf as jira_adf
from tieline_ops.sandbox.jira.content import Field, Named, Project
from tieline_ops.sandbox.jira.errors import NOT_ADF, TOO_LONG, refused
from tieline_ops.sandbox.jira.state import Site

SHORT = 255
"""Characters of a summary, a single-line text or a label."""


class Wrong(ValueError):
    """A field's value is refused with these words."""


def parse(site: Site, field: Field, raw: Any) -> Any:
    """The value to keep. Raises Wrong; JiraError INVALID_INPUT for a document against the schema.

    Jira Cloud REST v3, Issues: Create issue.
    """
    return _PARSERS[field.shape](site, field, raw)


def document(site: Site, raw: Any, not_adf: str = NOT_ADF) -> jira_adf.Document | None:
    """A document to keep; None for one that is empty. Raises as `parse` does."""
    if not isinstance(raw, dict):
        raise Wrong(not_adf)
    if not jira_adf.is_valid(raw):
        raise refused("INVALID_INPUT")
    if jira_adf.too_long(raw):
        raise Wrong(TOO_LONG.format(limit=jira_adf.LIMIT))
    return jira_adf.as_kept(raw, site.next_uuid)


def label(raw: Any) -> str:
    if not isinstance(raw, str) or not raw:
        raise Wrong("Operation value must be a string")
    if re.search(r"\s", raw):
        raise Wrong(f"The label '{raw}' contains spaces which is invalid.")
    if len(raw) > SHORT:
        raise Wrong(f"The label '{raw}' exceeds the maximum length allowed for labels ({SHORT}).")
    return raw


def moment(raw: Any) -> datetime:
    """A date-time as Jira writes it, with an offset."""
    if isinstance(raw, str):
        for form in ("%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z"):
            try:
                return datetime.strptime(raw, form).astimezone(UTC)
            except ValueError:
                continue
    raise Wrong(f"Error parsing time: {raw}")


def _summary(_: Site, __: Field, raw: Any) -> str:
    if raw is None or raw == "":
        raise Wrong("You must specify a summary of the issue.")
    if not isinstance(raw, str):
        raise Wrong("Operation value must be a string")
    if "\n" in raw or "\r" in raw:
        raise Wrong("The summary is invalid because it contains newline characters.")
    if len(raw) > SHORT:
        raise Wrong(f"Summary must be less than {SHORT} characters.")
    return raw


def _text(_: Site, __: Field, raw: Any) -> str | None:
    if raw is None or raw == "":
        return None
    if not isinstance(raw, str):
        raise Wrong("Operation value must be a string")
    if len(raw) > SHORT:
        raise Wrong(TOO_LONG.format(limit=SHORT))
    return raw


def _textarea(site: Site, _: Field, raw: Any) -> jira_adf.Document | None:
    return None if raw is None else document(site, raw)


def _number(_: Site, __: Field, raw: Any) -> float | None:
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise Wrong("Operation value must be a number")
    return float(raw)


def _date(_: Site, __: Field, raw: Any) -> str | None:
    if raw is None:
        return None
    try:
        return date.fromisoformat(raw).isoformat()
    except (TypeError, ValueError):
        raise Wrong(f"Error parsing date string: {raw}") from None


def _datetime(_: Site, __: Field, raw: Any) -> datetime | None:
    return None if raw is None else moment(raw)


def _one(choices: Iterable[Named | Project], raw: Any, words: tuple[str, ...]) -> str:
    """The id of the choice that one of the `words` names."""
    if not isinstance(raw, dict):
        raise Wrong("data was not an object")
    unknown = raw.keys() - set(words) - {"self"}
    if unknown or not raw:
        raise Wrong(f"Could not find valid '{words[0]}' or '{words[1]}' in the object.")
    for choice in choices:
        names = {"id": choice.id, "name": choice.name, "value": choice.name}
        if isinstance(choice, Project):
            names["key"] = choice.key
        if all(raw[word] == names[word] for word in words if word in raw):
            return choice.id
    shown = next(iter(raw.values()))
    raise Wrong(f"Option '{shown}' is not valid")


def _option(_: Site, field: Field, raw: Any) -> str | None:
    return None if raw is None else _one(field.options, raw, ("id", "value"))


def _options(_: Site, field: Field, raw: Any) -> tuple[str, ...] | None:
    if raw is None:
        return None
    if not isinstance(raw, list):
        raise Wrong("data was not an array")
    chosen = {_one(field.options, each, ("id", "value")) for each in raw}
    return tuple(option.id for option in field.options if option.id in chosen) or None


def _labels(_: Site, __: Field, raw: Any) -> tuple[str, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list):
        raise Wrong("data was not an array")
    return tuple(sorted({label(each) for each in raw}))


def _user(site: Site, field: Field, raw: Any) -> str | None:
    if raw is None:
        return None
    if not isinstance(raw, dict) or not raw.keys() & {"id", "accountId"}:
        raise Wrong("Specify a valid 'id' or 'accountId' for the user")
    if raw.keys() - {"id", "accountId", "self", "displayName", "active", "accountType"}:
        raise Wrong("Specify a valid 'id' or 'accountId' for the user")
    account = raw.get("accountId") or raw.get("id")
    if field.id == "assignee" and account == "-1":
        return None
    known = [user for user in site.content.users if user.account == account]
    if not known:
        raise Wrong(f"Specify a valid value for {field.id}")
    if field.id == "assignee" and not known[0].assignable:
        raise Wrong(f"User '{account}' cannot be assigned issues.")
    return known[0].account


def _priority(site: Site, _: Field, raw: Any) -> str:
    if raw is None:
        raise Wrong("The priority selected is invalid.")
    return _one(site.content.priorities, raw, ("id", "name"))


def _resolution(site: Site, _: Field, raw: Any) -> str | None:
    return None if raw is None else _one(site.content.resolutions, raw, ("id", "name"))


def _issue_type(site: Site, _: Field, raw: Any) -> str:
    return _one(site.content.issue_types, raw, ("id", "name"))


def _project(site: Site, _: Field, raw: Any) -> str:
    id = _one(site.content.projects, raw, ("id", "key"))
    return next(project.key for project in site.content.projects if project.id == id)


def _never(_: Site, field: Field, __: Any) -> None:
    raise AssertionError(f"{field.id} is set by no caller")  # its screens are empty


_PARSERS: dict[str, Callable[[Site, Field, Any], Any]] = {
    "string": _summary,
    "text": _text,
    "textarea": _textarea,
    "number": _number,
    "date": _date,
    "datetime": _datetime,
    "option": _option,
    "options": _options,
    "labels": _labels,
    "user": _user,
    "priority": _priority,
    "resolution": _resolution,
    "issuetype": _issue_type,
    "project": _project,
    "status": _never,
    "read-only": _never,
}
