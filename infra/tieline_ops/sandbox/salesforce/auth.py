"""Who calls: tokens by client credentials and by signed assertions; they slide, then end."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from flask import Request

from tieline_ops.sandbox.salesforce.content import User
from tieline_ops.sandbox.salesforce.errors import no_session
from tieline_ops.sandbox.salesforce.state import Site, id18

IDLE = timedelta(hours=2)
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")


class TokenRefused(Exception):
    """400 of the token's address."""

    def __init__(self, error: str, words: str) -> None:
        super().__init__(error)
        self.body = {"error": error, "error_description": words}


@dataclass
class Session:
    """A token's user, and until when it lives unless it is used."""

    user: User
    until: datetime


class Logins:
    """The sign-in of one org."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._sessions: dict[str, Session] = {}

    def caller(self, asked: Request) -> User:
        """Raises SalesforceError 401."""
        given = asked.authorization
        token = given.token if given is not None and given.type == "bearer" else ""
        session = self._sessions.get(token or "")
        now = self._site.clock.now()
        if session is None or session.until <= now or not session.user.active:
            raise no_session()
        session.until = now + IDLE
        return session.user

    def end_all(self) -> None:
        """Every session is over."""
        self._sessions.clear()

    def exchange(self, form: Mapping[str, str], host: str) -> dict[str, Any]:
        """What `/services/oauth2/token` answers: no `expires_in`. Raises TokenRefused."""
        if form.get("grant_type") == "client_credentials":
            user = self._client(form)
        elif form.get("grant_type") == BEARER:
            user = self._assertion(str(form.get("assertion")), host)
        else:
            raise TokenRefused("unsupported_grant_type", "grant type not supported")
        token = f"{self._site.content.organisation}!AQ{secrets.token_hex(40)}"
        self._sessions[token] = Session(user, self._site.clock.now() + IDLE)
        org = id18(self._site.content.organisation)
        return {
            "access_token": token,
            "signature": base64.b64encode(secrets.token_bytes(32)).decode(),
            "scope": "api",
            "instance_url": host,
            "id": f"https://login.salesforce.com/id/{org}/{id18(user.id)}",
            "token_type": "Bearer",
            "issued_at": str(int(self._site.clock.now().timestamp() * 1000)),
        }

    def _client(self, form: Mapping[str, str]) -> User:
        content = self._site.content
        secret = content.clients.get(str(form.get("client_id")))
        if secret is None:
            raise TokenRefused("invalid_client_id", "client identifier invalid")
        if form.get("client_secret") != secret:
            raise TokenRefused("invalid_client", "invalid client credentials")
        if not content.client_user:
            raise TokenRefused("invalid_grant", "no client credentials user enabled")
        return self._site.user(content.client_user)

    def _assertion(self, text: str, host: str) -> User:
        try:
            head, body, proof = (_bytes(part) for part in text.split("."))
            claims = json.loads(body)
            pem = self._site.content.keys[claims["iss"]]
            key = serialization.load_pem_public_key(pem.encode())
            signed = text.rpartition(".")[0].encode()
            right = json.loads(head)["alg"] == "RS256" and isinstance(key, rsa.RSAPublicKey)
            if isinstance(key, rsa.RSAPublicKey):
                key.verify(proof, signed, padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, KeyError, TypeError, InvalidSignature, binascii.Error):
            raise TokenRefused("invalid_grant", "invalid assertion") from None
        if not right:
            raise TokenRefused("invalid_grant", "invalid assertion")
        now = self._site.clock.now().timestamp()
        if not now - 180 < claims["exp"] <= now + 300:
            raise TokenRefused("invalid_grant", "assertion has expired")
        if claims["aud"] not in (*_AUDIENCES, host):
            raise TokenRefused("invalid_grant", "audience is invalid")
        try:
            return self._site.user(claims["sub"])
        except KeyError:
            words = "user hasn't approved this consumer"
            raise TokenRefused("invalid_grant", words) from None


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
