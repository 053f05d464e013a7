"""The organisation's own host, where access tokens are asked for (Freshworks OAuth 2.0)."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.fresh.content import User
from tieline_ops.sandbox.fresh.state import Site

LOGIN = "https://acme.myfreshworks.com"
PATH = "/org/oauth/v2/token"
CLIENT = ("client", "client-secret")
LIFETIME = timedelta(minutes=30)


class Logins:
    """Access tokens, and the refresh tokens that they are renewed with, each of which ends."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._access: dict[str, tuple[User, datetime]] = {}
        self._refresh: dict[str, User] = {}

    def grant(self, email: str) -> str:
        """A refresh token, as an administrator's consent gives one."""
        token = secrets.token_urlsafe(24)
        self._refresh[token] = self._site.user(email)
        return token

    def end(self) -> None:
        """Every token is over."""
        self._access.clear()
        self._refresh.clear()

    def user(self, token: str) -> User | None:
        user, until = self._access.get(token, (None, self._site.clock.now()))
        return user if until > self._site.clock.now() else None

    def routes(self, app: Flask) -> None:
        @app.post(PATH)
        def token() -> ResponseReturnValue:
            given = request.authorization
            known = given is not None and (given.username, given.password) == CLIENT
            form = request.form
            user = self._refresh.pop(form.get("refresh_token", ""), None)
            if not known or user is None or form.get("grant_type") != "refresh_token":
                return jsonify(error="invalid_grant", error_description="The grant is over"), 400
            access = secrets.token_urlsafe(24)
            self._access[access] = (user, self._site.clock.now() + LIFETIME)
            return jsonify(
                access_token=access,
                token_type="Bearer",  # noqa: S106 - the kind of a token
                expires_in=int(LIFETIME.total_seconds()),
                refresh_token=self.grant(user.email),
            )
