"""Who calls a simulated GitHub: personal access tokens, and a GitHub App's own."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from flask import Request

from tieline_ops.sandbox.github.content import User
from tieline_ops.sandbox.github.errors import GitHubError
from tieline_ops.sandbox.github.state import Repository

LIFETIME = timedelta(hours=1)
_MOST = timedelta(minutes=10)
_SKEW = timedelta(seconds=60)


@cache
def app_key() -> Any:
    """The App's RSA key; making one takes a moment, so it is made when first used."""
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - only Apps need it

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def app_pem() -> str:
    """The key as GitHub gives it to the App's owner."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - likewise

    made: bytes = app_key().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return made.decode()


@dataclass
class Access:
    """What a token opens. `permissions` None is all that its user may do."""

    login: str
    permissions: Mapping[str, str] | None = None
    until: datetime | None = None
    expires: str = ""
    installation: bool = False


@dataclass
class Logins:
    """The tokens of one site."""

    repository: Repository
    tokens: dict[str, Access] = field(default_factory=dict)
    suspended: bool = False

    def caller(self, request: Request) -> tuple[User | None, Access | None]:
        """The account behind a request; nobody without credentials. Raises GitHubError 401."""
        given = request.headers.get("Authorization", "")
        if not given:
            return None, None
        scheme, _, token = given.partition(" ")
        access = self.tokens.get(token)
        over = access is not None and access.until is not None
        if over and access is not None and access.until is not None:
            over = access.until <= self.repository.clock.now()
        if scheme.lower() not in {"bearer", "token"} or access is None or over:
            raise GitHubError(401, "Bad credentials")
        return self.repository.user(access.login), access

    def app(self, request: Request) -> None:
        """Check that a request is signed by the App. Raises GitHubError 401."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only Apps need it
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415

        token = request.headers.get("Authorization", "").partition(" ")[2]
        undecoded = GitHubError(401, "A JSON web token could not be decoded")
        try:
            signed, _, proof = token.rpartition(".")
            head, claims = (json.loads(_decoded(each)) for each in signed.split("."))
            key = app_key().public_key()
            key.verify(_decoded(proof), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, InvalidSignature):
            raise undecoded from None
        if head.get("alg") != "RS256" or str(claims.get("iss")) not in self._names():
            raise undecoded
        now = self.repository.now()
        issued, until = (
            datetime.fromtimestamp(claims[name], now.tzinfo) for name in ("iat", "exp")
        )
        if issued > now + _SKEW:
            raise GitHubError(401, "'Issued at' claim ('iat') must be an Integer in the past")
        if until <= now:
            raise GitHubError(401, "'Expiration time' claim ('exp') must be in the future")
        if until > now + _MOST:
            raise GitHubError(401, "'Expiration time' claim ('exp') is too far in the future")

    def install(self) -> tuple[str, datetime]:
        """A token for the installation: its length differs, and is no one's business."""
        until = self.repository.clock.now() + LIFETIME
        content = self.repository.content
        token = f"ghs_{content.app_id}_{secrets.token_urlsafe(60 + secrets.randbelow(400))}"
        self.tokens[token] = Access(f"{content.app_slug}[bot]", None, until, installation=True)
        return token, until

    def _names(self) -> set[str]:
        return {str(self.repository.content.app_id), "Iv23liTieline"}


def _decoded(piece: str) -> bytes:
    return base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4))
