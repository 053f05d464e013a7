"""The refusals of Jira, in its own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NOT_FOUND = "Issue does not exist or you do not have permission to see it."
NO_COMMENT = "Can not find a comment for the id: {id}."
NO_ATTACHMENT = "The attachment with id '{id}' does not exist"
NOT_ADF = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
TOO_LONG = "The entered text is too long. It exceeds the allowed limit of {limit:,} characters."
NOT_ON_SCREEN = "Field '{id}' cannot be set. It is not on the appropriate screen, or unknown."
PAYLOAD = "Invalid request payload. Refer to the REST API documentation and try again."


@dataclass(eq=False)
class JiraError(Exception):
    """An answer other than 2xx. `messages` concern the whole request, `errors` one field each."""

    status: int
    messages: tuple[str, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        return {"errorMessages": list(self.messages), "errors": dict(self.errors)}


def refused(*messages: str, **errors: str) -> JiraError:
    """400, with what is wrong."""
    return JiraError(400, messages, errors)


def not_found(message: str = NOT_FOUND) -> JiraError:
    """404: it is not there, or may not be seen."""
    return JiraError(404, (message,))
