"""Who calls: API tokens, OAuth access tokens and the rotating refresh tokens behind them."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from flask import Request

from tieline_ops.sandbox.jira.content import User
from tieline_ops.sandbox.jira.errors import JiraError
from tieline_ops.sandbox.jira.state import Site

LIFETIME = timedelta(hours=1)
GATEWAY = "tieline.jira.gateway"
"""In the WSGI environment: the call came through api.atlassian.com's path."""
GATEWAY_URL, LOGIN_URL = "https://api.atlassian.com", "https://auth.atlassian.com"
"""Where Atlassian's gateway and its token service are."""


class Logins:
    """The tokens of one site. Classic API tokens work at the site's own URL, others do not."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._access: dict[str, tuple[str, datetime]] = {}
        self._refresh: dict[str, str] = {}
        self.clients = {"client": "client-secret"}

    def grant(self, account_or_email: str) -> str:
        """A refresh token, as a person's consent gives one."""
        token = secrets.token_urlsafe(24)
        self._refresh[token] = self._site.user(account_or_email).account
        return token

    def end_tokens(self) -> None:
        """Every access token is over."""
        self._access.clear()

    def refresh(self, client: object, secret: object, token: object) -> dict[str, object]:
        """New tokens for an old refresh token, which is worth nothing afterwards.

        Raises JiraError 401 for a wrong client and 403 for a wrong token.
        """
        if not isinstance(client, str) or self.clients.get(client) != secret:
            raise JiraError(401, ("access_denied", "Unauthorized"))
        account = self._refresh.pop(token, None) if isinstance(token, str) else None
        if account is None:
            raise JiraError(403, ("invalid_grant", "Unknown or invalid refresh token."))
        access = secrets.token_urlsafe(24)
        self._access[access] = (account, self._site.clock.now() + LIFETIME)
        return {
            "access_token": access,
            "refresh_token": self.grant(account),
            "expires_in": int(LIFETIME.total_seconds()),
            "scope": "read:jira-work write:jira-work read:jira-user offline_access",
            "token_type": "Bearer",
        }

    def caller(self, request: Request) -> User | None:
        """The account that a request's credentials prove, or None."""
        gateway = bool(request.environ.get(GATEWAY))
        given = request.authorization
        if given is None:
            return None
        if given.type == "basic":
            return self._by_api_token(given.username, given.password, gateway)
        account, until = self._access.get(given.token or "", ("", self._site.clock.now()))
        if given.type != "bearer" or not gateway or until <= self._site.clock.now():
            return None
        return self._site.user(account)

    def _by_api_token(self, email: str | None, token: str | None, gateway: bool) -> User | None:
        for user in self._site.content.users:
            right = user.email == email and user.token and user.token == token
            if right and user.active and user.scoped == gateway:
                return user
        return None
