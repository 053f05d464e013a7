"""The refusals of GitHub, in its own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DOCS = "https://docs.github.com/rest"
SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)
NO_PUSH = "Must have admin rights to Repository."


class GitHubError(Exception):
    """An answer other than 2xx."""

    def __init__(
        self,
        status: int,
        message: str,
        errors: list[dict[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body: dict[str, Any] = {"message": message, "documentation_url": DOCS}
        if errors is not None:
            self.body["errors"] = errors
        self.body["status"] = str(status)


def not_found() -> GitHubError:
    """404: it is not there, or may not be seen."""
    return GitHubError(404, "Not Found")


def invalid(resource: str, field: str, code: str, message: str = "") -> GitHubError:
    """422 with one error."""
    error = {"resource": resource, "field": field, "code": code}
    if message:
        error["message"] = message
    return GitHubError(422, "Validation Failed", [error])


def not_permitted(names: set[str]) -> GitHubError:
    """422 for what a call does not know."""
    said = ", ".join(f'"{name}"' for name in sorted(names))
    return GitHubError(422, f"Invalid request.\n\n{said} is not a permitted key.", [])
