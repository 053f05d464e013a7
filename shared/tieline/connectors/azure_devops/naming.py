"""Names that work items carry: ids, our mark among the tags, the scope. Pure, and light.

What takes webhooks imports this, so it needs neither HTTP nor models.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tieline.domain.twin import as_key

ID = re.compile(r"[1-9][0-9]{0,9}")
"""Work item ids are whole numbers of 32 bits, counted over the whole organisation."""
TAG = "tieline:"
"""Before a correlation in a tag. Tags know no case, may hold 400 characters, no `,` and no `;`."""
PROJECT, TYPE, AREA = "System.TeamProject", "System.WorkItemType", "System.AreaPath"
TAGS = "System.Tags"
_NAMED = re.compile(r"(.*)<([^<>]+)>\s*")


def tags_of(text: object) -> tuple[str, ...]:
    """The tags of `System.Tags`, which is one text: `a; b`."""
    parts = text.split(";") if isinstance(text, str) else ()
    return tuple(tag for part in parts if (tag := part.strip()))


def mark_of(correlation: str) -> str:
    """The tag that carries a correlation."""
    return TAG + correlation


def correlation_of(text: object) -> str:
    """Our correlation in a text: that of a tag or of a field of its own; "" if there is none."""
    if not isinstance(text, str) or text[: len(TAG)].casefold() != TAG:
        return ""
    return as_key(text[len(TAG) :])


def marks_in(tags: Iterable[str]) -> tuple[str, ...]:
    """Those of the tags that are ours."""
    return tuple(tag for tag in tags if correlation_of(tag))


def correlation_in(fields: Mapping[str, Any], own: str = "") -> str:
    """The correlation that a work item carries, in the field `own` or in its tags."""
    held = (fields.get(own), *tags_of(fields.get(TAGS)))
    return next((found for text in held if (found := correlation_of(text))), "")


def named(identity: str) -> tuple[str, str]:
    """Display name and unique name of `Jane Doe <jane@acme.example>`.

    Service hooks, and revisions without `includeIdentityRef`, have people in this form.
    """
    found = _NAMED.fullmatch(identity)
    return (found[1].strip(), found[2].strip()) if found else (identity.strip(), identity.strip())


def in_scope(fields: Mapping[str, Any], scope: Mapping[str, str]) -> bool:
    """Whether these fields are of the scope's project, type and area; what is not known passes."""
    for field, key in ((PROJECT, "project"), (TYPE, "type")):
        value = fields.get(field)
        if value is not None and str(value).casefold() != scope[key].casefold():
            return False
    area, at = scope.get("area", "").casefold(), fields.get(AREA)
    if not area or at is None:
        return True
    return str(at).casefold() == area or str(at).casefold().startswith(area + "\\")
