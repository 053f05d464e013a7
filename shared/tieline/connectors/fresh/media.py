"""Files from the address that an answer names: signed, over after minutes, on another host."""

from __future__ import annotations

import tempfile
from typing import BinaryIO, cast
from urllib.parse import urlsplit

import requests

from tieline.connectors.http import CALL_SECONDS, CONNECT_SECONDS, IN_MEMORY, READ_SECONDS
from tieline.connectors.reach import new_session, origin, within
from tieline.domain.errors import Gone, Refused, Transient


def download(session: requests.Session, url: str, home: str, limit: int, system: str) -> BinaryIO:
    """The content, from its start. Our credentials stay here: a signed address refuses others.

    It must be https and public, or of the account itself. Raises Gone, Refused, Transient.
    """
    what = f"{system} GET (a file's address)"
    try:
        target = urlsplit(url)
        there = origin(target)
    except ValueError:
        raise Refused(f"{what}: it is no address") from None
    if there[0] != "https" and there != origin(urlsplit(home)):
        raise Refused(f"{what}: it is not https")
    if target.username or target.password:
        raise Refused(f"{what}: it holds a user name")
    plain = new_session()
    plain.adapters = session.adapters
    waits = (CONNECT_SECONDS, READ_SECONDS)
    try:
        with within(CALL_SECONDS):
            response = plain.get(url, timeout=waits, allow_redirects=False, stream=True)
            return _taken(response, limit, what)
    except requests.exceptions.RequestException as error:
        raise Transient(f"{what} gave no whole answer ({type(error).__name__})") from error


def _taken(response: requests.Response, limit: int, what: str) -> BinaryIO:
    status = response.status_code
    with response:
        if status in {404, 410}:
            raise Gone(f"{what} answered {status}")
        if status != 200:
            # 403: the address is over; the next try gets another one.
            raise Transient(f"{what} answered {status}")
        kept = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the caller closes it
        for chunk in response.iter_content(1 << 16):
            kept.write(chunk)
            if kept.tell() > limit:
                kept.close()
                raise Refused(f"{what} answered more than {limit} bytes")
    kept.seek(0)
    return cast("BinaryIO", kept)
