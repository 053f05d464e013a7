"""Failures in the words of Freshworks' API v2."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

Fault = dict[str, str]
"""One line of a validation error: `field`, `message`, `code`."""


class FreshError(Exception):
    """A failure; `body` None is an empty one."""

    def __init__(
        self, status: int, body: Any = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(json.dumps(body))
        self.status = status
        self.body = body
        self.headers = headers or {}


def fault(field: str, message: str, code: str = "invalid_value") -> Fault:
    return {"field": field, "message": message, "code": code}


def unknown(field: str) -> Fault:
    return fault(field, "Unexpected/invalid field in request", "invalid_field")


def invalid(*faults: Fault) -> FreshError:
    return FreshError(400, {"description": "Validation failed", "errors": list(faults)})


def not_signed_in() -> FreshError:
    words = "You have to be logged in to perform this action."
    return FreshError(401, {"code": "invalid_credentials", "message": words})


def denied() -> FreshError:
    words = "You are not authorized to perform this action."
    return FreshError(403, {"code": "access_denied", "message": words})


def feature_off(name: str) -> FreshError:
    words = f"The {name} feature(s) is/are not supported in your plan. Please upgrade your account."
    return FreshError(403, {"code": "require_feature", "message": words})


def not_found() -> FreshError:
    return FreshError(404)


def not_allowed(method: str) -> FreshError:
    return FreshError(405, {"message": f"{method} method is not allowed"}, {"Allow": "GET, PUT"})


def limited(after: timedelta) -> FreshError:
    words = "You have exceeded the limit of requests per minute"
    wait = str(max(1, round(after.total_seconds())))
    return FreshError(429, {"message": words}, {"Retry-After": wait})


def fault_body(status: int) -> bytes:
    """The body that a fault of the sandbox answers."""
    known = {401: not_signed_in, 403: denied}
    body = known[status]().body if status in known else {"message": "Something went wrong"}
    return json.dumps(body).encode()
