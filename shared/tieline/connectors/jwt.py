"""Signs JSON Web Tokens for systems that know us by a private key."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from tieline.domain.errors import Configuration, Credentials


def signed_jwt(claims: Mapping[str, Any], key: str, system: str) -> str:
    """A JSON Web Token, RS256 (RFC 7519, RFC 7518 section 3.3); `key` is PEM without a password.

    Raises Credentials for what is no such key, Configuration where the library is not there.
    """
    try:
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - seldom
        from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415
    except ImportError:
        raise Configuration(
            f"{system}: signing needs `cryptography`; give the link `Signing: !Ref SigningLayer`"
        ) from None
    try:
        private = serialization.load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, rsa.RSAPrivateKey):
        raise Credentials(f"{system}: `private_key` is no RSA key in PEM without a password")
    head = {"alg": "RS256", "typ": "JWT"}
    signed = b".".join(_base64(json.dumps(each).encode()) for each in (head, claims))
    proof = private.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return (signed + b"." + _base64(proof)).decode()


def _base64(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
