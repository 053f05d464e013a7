"""Who calls: API tokens in basic authentication, and OAuth tokens that end."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Request

from tieline_ops.sandbox.zendesk.content import User
from tieline_ops.sandbox.zendesk.errors import ZendeskError, not_signed_in
from tieline_ops.sandbox.zendesk.state import Site

LIFETIME = timedelta(hours=2)
_ASKED = {
    "grant_type", "client_id", "client_secret", "scope", "code", "redirect_uri", "code_verifier",
    "refresh_token", "expires_in", "refresh_token_expires_in",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grant:
    """An access token. `until` None: it does not end by itself."""

    user: User
    until: datetime | None
    refresh: str


class Logins:
    """The sign-in of one account."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._access: dict[str, Grant] = {}
        self._refresh: dict[str, User] = {}

    def caller(self, asked: Request) -> User:
        """Raises ZendeskError 401."""
        given = asked.authorization
        user = None
        if given is not None and given.type == "basic":
            user = self._by_token(given.username or "", given.password or "")
        if given is not None and given.type == "bearer":
            grant = self._access.get(given.token or "")
            live = grant is not None and (grant.until is None or grant.until > self._site.now())
            user = grant.user if grant is not None and live else None
        if user is None or not user.active or user.suspended:
            raise not_signed_in()
        return user

    def _by_token(self, name: str, token: str) -> User | None:
        email, slash, word = name.rpartition("/")
        right = slash and word == "token" and self._site.content.tokens.get(email) == token
        return self._site.user(email) if right and token else None

    def end_tokens(self) -> None:
        """Every access token is over; refresh tokens stay."""
        self._access.clear()

    def end_all(self) -> None:
        """Nothing that was granted is worth anything any more."""
        self._access.clear()
        self._refresh.clear()

    def grant(self, email: str) -> str:
        """A refresh token, as a person's consent gives one."""
        token = secrets.token_hex(20)
        self._refresh[token] = self._site.user(email)
        return token

    def access(self, email: str, until: datetime | None = None) -> str:
        """An access token."""
        token = secrets.token_hex(32)
        self._access[token] = Grant(self._site.user(email), until, "")
        return token

    def exchange(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """What `/oauth/tokens` answers. Raises ZendeskError 400, 401."""
        unknown = form.keys() - _ASKED
        if unknown:
            self._site.ignored |= unknown
        content = self._site.content
        secret = content.clients.get(str(form.get("client_id")))
        if secret is None or secret != form.get("client_secret"):
            words = "Client authentication failed due to unknown client"
            raise ZendeskError(401, {"error": "invalid_client", "error_description": words})
        user = None
        if form.get("grant_type") == "client_credentials":
            user = self._site.user(content.client_user)
        elif form.get("grant_type") == "refresh_token":
            old = str(form.get("refresh_token"))
            user = self._refresh.pop(old, None)
            # A renewal ends the pair that it came from.
            self._access = {k: g for k, g in self._access.items() if g.refresh != old}
        if user is None:
            words = "The provided authorization grant is invalid, expired or revoked"
            raise ZendeskError(400, {"error": "invalid_grant", "error_description": words})
        endless = self._site.on("endless_tokens")
        seconds = int(form.get("expires_in") or LIFETIME.total_seconds())
        until = None if endless else self._site.now() + timedelta(seconds=seconds)
        refresh = self.grant(user.email) if form.get("grant_type") == "refresh_token" else ""
        access = secrets.token_hex(32)
        self._access[access] = Grant(user, until, refresh)
        return {
            "access_token": access,
            "token_type": "bearer",
            "scope": form.get("scope", "read write"),
            "expires_in": None if endless else seconds,
            "refresh_token": refresh or None,
            "refresh_token_expires_in": 2_592_000 if refresh else None,
        }
