"""Writes to the fields of one issue of Jira, in one call, without harm to what is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tieline.connectors.jira.files import media_of
from tieline.connectors.jira.wire import Field, Form, labels, media_in, write_value
from tieline.domain.richtext.adf import keep_media
from tieline.domain.richtext.adf_writer import FindMedia
from tieline.domain.ticket import Value

ISSUE = "/rest/api/3/issue/{id}"
_EMPTY: Mapping[str, Any] = {"type": "doc", "version": 1, "content": []}

Call = Callable[..., Any]
"""`Http.call`, or what does the same."""


def put_values(
    call: Call, id: str, raw: Mapping[str, Any], values: Mapping[Field, Value]
) -> dict[str, Any]:
    """Set fields, given the `raw` values that are there now; gives the issue if Jira shows it.

    Jira Cloud REST v3, Issues: Edit issue.
    """
    fields: dict[str, Any] = {}
    edits: dict[str, Any] = {}
    for field, value in values.items():
        old = raw.get(field.id)
        made = write_value(field, value, media_finder(call, id, old))
        if field.form is Form.LABELS:
            # Element by element: what others add meanwhile stays, and so does our own label.
            held = labels(old or ())
            steps = [{"add": each} for each in made if each not in held]
            steps += [{"remove": each} for each in sorted(held - set(made))]
            if steps:
                edits[field.id] = steps
        elif field.form is Form.ADF:
            fields[field.id] = _with_media(made, old)
        else:
            fields[field.id] = made
    if not fields and not edits:
        return {}
    body = {"fields": fields} | ({"update": edits} if edits else {})
    params = {"returnIssue": "true"}
    answer = call("PUT", ISSUE, parts={"id": id}, params=params, json=body)
    issue: dict[str, Any] = answer.json() if answer.content else {}
    return issue


def _with_media(made: Mapping[str, Any] | None, old: Any) -> dict[str, Any] | None:
    """A document with the pictures of the one before, without which Jira would delete the files."""
    kept = keep_media(made or _EMPTY, old if isinstance(old, Mapping) else None)
    return kept if made or kept["content"] else None


def media_finder(call: Call, id: str, old: Any) -> FindMedia:
    """Media nodes for the pictures of a text: as the text before shows them, else by file."""
    shown = media_in(old)

    def find(name: str) -> dict[str, Any] | None:
        if name not in shown:
            params = {"fields": "attachment"}
            raw = call("GET", ISSUE, parts={"id": id}, params=params).json()["fields"]
            same = [a for a in raw.get("attachment") or () if a["filename"] == name]
            found = media_of(call, same[-1]) if same else None
            if found is not None:
                shown[name] = found
        return shown.get(name)

    return find
