"""What a repository and its organisation say of fields today, for `tieline doctor`.

GitHub REST, Organizations: List issue fields, List issue types; Issues: Create an issue. The API
takes an issue with a title alone: what a form insists on (GitHub Docs, Syntax for GitHub's form
schema) it insists on in browsers. No field is said to be writable or not: what an account may not
set is dropped without a word. Any state may follow any other.
"""

from __future__ import annotations

from collections.abc import Iterable

from tieline.connectors.base import FieldNow, Survey
from tieline.connectors.github.fields import Fields
from tieline.connectors.github.wire import GROUP, OWN, STANDARD, Field
from tieline.domain.errors import Configuration


def surveyed(fields: Fields, names: Iterable[str]) -> Survey:
    """Fields by the names asked for. An organisation's own keeps its id under another name."""
    return Survey(
        {
            name: FieldNow(
                field.key if field.form in OWN else field.spec.name,
                field.spec.name,
                options=field.spec.options,
            )
            for name, field in _named(fields, list(names)).items()
        }
    )


def _named(fields: Fields, names: list[str]) -> dict[str, Field]:
    """Without the organisation's own if its fields may not be read: old ids may ask for them."""
    try:
        return fields.named(names)
    except Configuration:
        return fields.named(n for n in names if n in STANDARD or n.startswith(GROUP))
