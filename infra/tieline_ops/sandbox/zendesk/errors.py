"""Zendesk's failures, each in its own body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ZendeskError(Exception):
    """An answer that is no success: status, JSON and headers."""

    def __init__(
        self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(str(body.get("error", status)))
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def not_found() -> ZendeskError:
    return ZendeskError(404, {"error": "RecordNotFound", "description": "Not found"})


def no_endpoint() -> ZendeskError:
    return ZendeskError(404, {"error": "InvalidEndpoint", "description": "Not found"})


def not_signed_in() -> ZendeskError:
    return ZendeskError(401, {"error": "Couldn't authenticate you"})


def forbidden() -> ZendeskError:
    words = "You do not have access to this page. Please contact the account owner."
    return ZendeskError(403, {"error": "Forbidden", "description": words})


def invalid(**details: str) -> ZendeskError:
    """422 RecordInvalid; `details` are words by the name of what they blame."""
    named = {name: [{"description": words}] for name, words in details.items()}
    body = {"error": "RecordInvalid", "description": "Record validation errors", "details": named}
    return ZendeskError(422, body)


def needed_to_solve(*fields: tuple[int, str, str]) -> ZendeskError:
    """422 for fields (id, type, title) that are required to solve, and empty; all at once."""
    told = [
        {
            "description": f"{title}: is required when solving a ticket",
            "error": None,
            "ticket_field_id": id,
            "ticket_field_type": f"Field{type.capitalize()}",
        }
        for id, type, title in fields
    ]
    body = {"error": "RecordInvalid", "description": "Record validation errors"}
    return ZendeskError(422, {**body, "details": {"base": told}})


def conflict() -> ZendeskError:
    words = "Safe Update prevented this update because the ticket was updated by somebody else"
    return ZendeskError(409, {"error": "UpdateConflict", "description": words})


def too_many(after: int | None, headers: Mapping[str, str] | None = None) -> ZendeskError:
    """429; `after` in seconds, None: without Retry-After."""
    wait = {} if after is None else {"Retry-After": str(after)}
    body = {"error": "APIRateLimitExceeded", "description": "Number of allowed API requests"}
    return ZendeskError(429, body, {**wait, **(headers or {})})
