"""Who calls: personal access tokens, and tokens that Microsoft Entra gave."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Request, Response

from tieline_ops.sandbox.azure_devops.content import User
from tieline_ops.sandbox.azure_devops.state import Organisation

LIFETIME = timedelta(seconds=3599)
AUDIENCE = "499b84ac-1321-427f-aa17-267ca6975798/.default"
_PAGE = b"<!DOCTYPE html><html><head><title>Azure DevOps Services | Sign In</title></head></html>"


class NotSignedInError(Exception):
    """The caller is nobody, and gets what `refusal` gives."""


class Logins:
    """`tokens` are the personal access tokens that are good, each a user's sign-in name."""

    def __init__(self, organisation: Organisation, token: str) -> None:
        self._of = organisation
        self.tokens = {token: organisation.content.account}
        self.client_secret = organisation.content.client[1]
        self._access: dict[str, datetime] = {}

    def caller(self, asked: Request) -> User:
        """Raises NotSignedInError."""
        given, now = asked.authorization, self._of.clock.now()
        if given is not None and given.type == "bearer":
            until = self._access.get(given.token or "")
            if until is not None and until > now:
                return self._of.content.user(self._of.content.account)
        # The user's name is not looked at.
        if given is not None and given.type == "basic" and given.password in self.tokens:
            return self._of.content.user(self.tokens[given.password])
        raise NotSignedInError

    def refusal(self, asked: Request) -> Response:
        """401 to those who ask not to be led to a page, and to a PATCH; else the page itself."""
        words = "TF400813: The user '' is not authorized to access this resource."
        if asked.headers.get("X-TFS-FedAuthRedirect") == "Suppress" or asked.method == "PATCH":
            challenge = 'Bearer, Basic realm="https://dev.azure.com/", TFS-Federated'
            answer = Response(
                f'{{"$id":"1","message":"{words}","typeKey":"UnauthorizedRequestException"}}',
                401,
                content_type="application/json; charset=utf-8",
            )
            answer.headers["WWW-Authenticate"] = challenge
            answer.headers["X-TFS-ServiceError"] = words
            return answer
        if "sign_in_redirect" in self._of.faults.on:
            answer = Response(b"", 302)
            answer.headers["Location"] = "https://spsprodeus.vssps.visualstudio.com/_signin"
            return answer
        return Response(_PAGE, 203, content_type="text/html; charset=utf-8")

    def token(self, tenant: str, form: Mapping[str, str]) -> tuple[dict[str, Any], int]:
        """What Microsoft Entra answers to a form, and the status."""
        if tenant != self._of.content.tenant:
            return _no("invalid_request", f"AADSTS90002: Tenant '{tenant}' not found."), 400
        if form.get("grant_type") != "client_credentials":
            return _no("unsupported_grant_type", "AADSTS70003: The app requested it."), 400
        if form.get("client_id") != self._of.content.client[0]:
            return _no("unauthorized_client", "AADSTS700016: Application was not found."), 400
        if form.get("client_secret") != self.client_secret:
            return _no("invalid_client", "AADSTS7000215: Invalid client secret provided."), 401
        if form.get("scope") != AUDIENCE:
            return _no("invalid_scope", "AADSTS70011: The provided scope is not valid."), 400
        made = secrets.token_urlsafe(24)
        self._access[made] = self._of.clock.now() + LIFETIME
        seconds = int(LIFETIME.total_seconds())
        return {"token_type": "Bearer", "expires_in": seconds, "access_token": made}, 200

    def end_tokens(self) -> None:
        """Every access token is over."""
        self._access.clear()


def _no(error: str, words: str) -> dict[str, Any]:
    return {"error": error, "error_description": words, "error_codes": []}
