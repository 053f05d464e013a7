"""Salesforce's failures: an array of one error."""

from __future__ import annotations

from typing import Any


class SalesforceError(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, code: str, message: str, *fields: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields

    @property
    def body(self) -> list[dict[str, Any]]:
        """Errors of a record name the fields that they blame, if only none."""
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.status == 400 and self.code not in {"MALFORMED_QUERY", "INVALID_FIELD"}:
            error["fields"] = list(self.fields)
        return [error]


def not_found() -> SalesforceError:
    return SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")


def deleted() -> SalesforceError:
    return SalesforceError(404, "ENTITY_IS_DELETED", "entity is deleted")


def no_session() -> SalesforceError:
    return SalesforceError(401, "INVALID_SESSION_ID", "Session expired or invalid")


def over_limit() -> SalesforceError:
    return SalesforceError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


def no_column(name: str, table: str) -> SalesforceError:
    words = f"No such column '{name}' on sobject of type {table}"
    return SalesforceError(400, "INVALID_FIELD", words, name)


def malformed(words: str) -> SalesforceError:
    return SalesforceError(400, "MALFORMED_QUERY", words)
