"""What can go wrong, named by what happens next.

    TielineError
    ├── Transient       try again after a while; nothing is lost
    ├── Refused         park this ticket with the system's own words
    ├── Gone            the ticket is not there (or may not be seen)
    ├── Credentials     read the secret again once, then pause this side
    ├── Configuration   link.yaml and the system do not fit; park with the place in the file
    ├── Stale           somebody else moved first: read again and decide again
    ├── Unauthenticated a webhook whose proof does not hold
    └── Malformed       a webhook that is authentic and cannot be read

Messages (`what`) name the system, the method, the path's template and the status: never headers,
never field contents, never a secret. A system's own words may quote a field's content, so they
stand apart in `Refused.words`: kept with the parked ticket, never logged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


class TielineError(Exception):
    """Any failure that Tieline expects and knows how to answer."""


@dataclass(eq=False)
class Transient(TielineError):
    """A timeout, a 5xx or a 429. `after` is what the system asked for, if it did.

    `uncertain` is True when the request may have taken effect although no answer came, `throttled`
    when the system is well and only wants fewer calls.
    """

    what: str
    after: timedelta | None = None
    uncertain: bool = False
    throttled: bool = False

    def __str__(self) -> str:
        return self.what


@dataclass(eq=False)
class Refused(TielineError):
    """A system does not take a write. `words` are the system's own; `fields` the native names."""

    what: str
    words: str = ""
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.what


@dataclass(eq=False)
class Gone(TielineError):
    """A read of one ticket, comment or attachment answered 404 or 410."""

    what: str

    def __str__(self) -> str:
        return self.what


@dataclass(eq=False)
class Credentials(TielineError):
    """The system does not know us, or refuses us everything (401, 403 on all)."""

    what: str

    def __str__(self) -> str:
        return self.what


@dataclass(eq=False)
class Configuration(TielineError):
    """link.yaml names something that the system does not have. `place` is `link.yaml:12:5`."""

    what: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.what}" if self.place else self.what


@dataclass(eq=False)
class Stale(TielineError):
    """A condition did not hold: the record or the ticket changed since it was read."""

    what: str

    def __str__(self) -> str:
        return self.what


@dataclass(eq=False)
class Unauthenticated(TielineError):
    """A webhook's signature is missing, wrong or too old."""

    what: str

    def __str__(self) -> str:
        return self.what


@dataclass(eq=False)
class Malformed(TielineError):
    """An authentic webhook whose body is not what its system sends."""

    what: str

    def __str__(self) -> str:
        return self.what
