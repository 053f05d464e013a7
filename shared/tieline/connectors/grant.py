"""An OAuth grant: its access token, and the renewal that loses no refresh token.

RFC 6749, sections 4.4 (client credentials), 5.1 (answers) and 6 (refreshing). A refresh token that
rotates is worth one renewal, and the answer to it alone holds the next one. So a renewal asks
once, what it gave is stored before it is used, and what could not be stored is kept until it is.
Of two workers that renew at once one is refused, by the vendor or by the store: it reads the secret
again, where the other's tokens stand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import requests
from pydantic import SecretStr
from requests.auth import AuthBase

from tieline.connectors.base import Clock
from tieline.connectors.http import Http
from tieline.domain.errors import Credentials, Gone, Refused, Stale

T = TypeVar("T")
_NONE = SecretStr("")

Renewed = Callable[[Mapping[str, Any], Mapping[str, Any]], None]
"""Stores what became new of a side's secret, before the access token is used for the first time.

The second is what must still stand there: else another grant was stored meanwhile, and stays.
Raises Credentials then.
"""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a grant holds. `until` None: the access token is good until it is refused."""

    access: SecretStr = _NONE
    refresh: SecretStr = _NONE
    until: datetime | None = None


_EMPTY = Tokens()
Store = Callable[[Tokens, Tokens], None]
"""Stores tokens in the place of those that they came from."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """How a vendor gives tokens.

    `asked` goes as JSON, or as a form, with the refresh token if `grant_type` says so. A token is
    over `early` before its end; one of which the answer says no end lives for `life`. `hint` is
    what to look at when the vendor refuses.
    """

    path: str
    asked: Mapping[str, str] = field(repr=False)
    early: timedelta
    life: timedelta | None = None
    form: bool = False
    parts: Mapping[str, str] | None = None
    hint: str = ""

    @property
    def refreshes(self) -> bool:
        """Whether it is asked for by a refresh token."""
        return self.asked["grant_type"] == "refresh_token"


class Grant(AuthBase):
    """Puts an access token on each request; asks for one when there is none or it is over.

    A grant with a `store` has a refresh token that rotates. `refused` says that the vendor gave no
    token when it was asked last.
    """

    def __init__(
        self,
        exchange: Exchange,
        http: Http,
        clock: Clock,
        tokens: Tokens = _EMPTY,
        store: Store | None = None,
    ) -> None:
        self._exchange = exchange
        self._http = http
        self._clock = clock
        self._held = tokens
        self._store = store
        self._unstored: Tokens | None = None
        self.refused = False

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.refused or self._unstored is not None or self._is_over():
            self.renew()
        request.headers["Authorization"] = f"Bearer {self._held.access.get_secret_value()}"
        return request

    def renew(self) -> None:
        """Ask for tokens, have them stored if they rotate, then use them.

        What could not be stored is stored by the next attempt: the refresh token that it came from
        is worth nothing any more. Raises Credentials, Transient, and what the store raises.
        """
        if self._unstored is None:
            self._unstored = self._exchanged()
        if self._store is not None:
            self._store(self._unstored, self._held)
        self._held, self._unstored = self._unstored, None

    def _is_over(self) -> bool:
        until = self._held.until
        if not self._held.access.get_secret_value():
            return True
        return until is not None and self._clock() >= until - self._exchange.early

    def _exchanged(self) -> Tokens:
        how, asked = self._exchange, dict(self._exchange.asked)
        if how.refreshes:
            asked["refresh_token"] = self._held.refresh.get_secret_value()
        body: dict[str, Any] = {"data" if how.form else "json": asked}
        # A refresh token that rotates is worth one answer; all else may be asked for twice.
        safe = self._store is None
        self.refused = False
        try:
            answer = self._http.call("POST", how.path, parts=how.parts, safe=safe, **body).json()
        except (Refused, Gone, Stale, Credentials) as refused:
            self.refused = True
            hint = f" ({how.hint})" if how.hint else ""
            what = f"{refused.what}: no token for grant {asked['grant_type']}{hint}"
            raise Credentials(what) from None
        access = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(access, str) or not access:
            self.refused = True
            raise Credentials(f"{self._http.system} POST {how.path} did not answer a token")
        following = answer.get("refresh_token") if how.refreshes else None
        if not isinstance(following, str) or not following:
            following = self._held.refresh.get_secret_value()
        until = _until(answer.get("expires_in"), self._clock(), how.life)
        return Tokens(SecretStr(access), SecretStr(following), until)


def stored_by(renewed: Callable[[], Renewed | None]) -> Store:
    """Stores tokens as `access_token`, `refresh_token` and `expires_at` of a side's part."""

    def store(tokens: Tokens, before: Tokens) -> None:
        keep = renewed()
        if keep is None:
            return
        new = {
            "access_token": tokens.access.get_secret_value(),
            "refresh_token": tokens.refresh.get_secret_value(),
            "expires_at": tokens.until.isoformat() if tokens.until else None,
        }
        keep(new, {"refresh_token": before.refresh.get_secret_value()})

    return store


def renewing(proof: AuthBase, call: Callable[[], T]) -> T:
    """What a call gives; an access token that ended early is renewed, once.

    A grant that the vendor just refused is not asked for a second time.
    """
    try:
        return call()
    except Credentials:
        if not isinstance(proof, Grant) or proof.refused:
            raise
    proof.renew()
    return call()


def _until(seconds: Any, now: datetime, life: timedelta | None) -> datetime | None:
    """The end of an access token. What says no clear number must not cost the refresh token."""
    try:
        until = now + timedelta(seconds=float(seconds))
    except (TypeError, ValueError, OverflowError):
        until = now
    if until > now:
        return until
    return now + life if life is not None else None
